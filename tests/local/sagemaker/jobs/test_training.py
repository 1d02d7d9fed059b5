"""Training jobs: the container's contract, statuses, logs, metrics, failures and stopping."""

import json
import subprocess
import time

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.waiting import until
from tests.local.sagemaker.conftest import IMAGE, channel, fresh, secondaries, unpacked

FINDS = """
import json, os, sys
def read(name):
    return json.load(open(f"/opt/ml/input/config/{name}.json"))
report = {
    "argv": sys.argv, "cwd": os.getcwd(), "env": dict(os.environ),
    "config": {name: read(name) for name in ("hyperparameters", "inputdataconfig", "resourceconfig")},
    "files": sorted(os.path.join(base, name) for base, _, names in os.walk("/opt/ml/input/data") for name in names),
    "row": open(os.environ["SM_CHANNEL_TRAIN"] + "/part/rows.csv").read(),
}
json.dump(report, open(os.environ["SM_OUTPUT_DATA_DIR"] + "/report.json", "w"))
open(os.environ["SM_MODEL_DIR"] + "/model.txt", "w").write("fitted")
print("loss=0.5;")
print("loss=0.25;")
print("last line")
"""
#: Catches SIGTERM and leaves a model; has a child that would outlive it.
PATIENT = """
import os, signal, subprocess, sys, time
child = subprocess.Popen(["sleep", "{sleeps}"])
def leave(*_):
    open("/opt/ml/model/saved.txt", "w").write("in time")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def finder(jobs, bucket):
    """A completed job whose script wrote a report of its container."""
    data = fresh()
    bucket.put("a,1\n", f"{data}/part/rows.csv")
    bucket.put("b,2\n", f"{data}-other/rows.csv")
    return jobs.run(
        FINDS,
        hyperparameters={"C": "0.5", "max-iter": "100", "words": "two words"},
        InputDataConfig=[channel("train", f"s3://{bucket.name}/{data}/", ContentType="text/csv"), channel("other", f"s3://{bucket.name}/{data}-other")],
        AlgorithmSpecification={
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "loss", "Regex": "loss=([0-9.]+);"}, {"Name": "never", "Regex": "absent=(.*)"}],
        },
        Environment={"MINE": "yes"},
    )


@pytest.fixture(scope="module")
def report(finder, bucket):
    assert finder["TrainingJobStatus"] == "Completed", finder["FailureReason"]
    return json.loads(unpacked(bucket.get(f"s3://{bucket.name}/out/{finder['TrainingJobName']}/output/output.tar.gz"))["report.json"])


def test_the_script_finds_its_configuration_under_opt_ml(report, jobs):
    assert report["config"]["hyperparameters"]["max-iter"] == "100"
    assert report["config"]["inputdataconfig"] == {
        "train": {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None", "ContentType": "text/csv"},
        "other": {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None"},
    }
    resources = report["config"]["resourceconfig"]
    assert (resources["current_host"], resources["hosts"], resources["current_instance_type"]) == ("algo-1", ["algo-1"], "ml.m5.large")


def test_the_script_gets_its_hyperparameters_as_arguments_in_the_code_folder(report):
    assert report["argv"] == ["train.py", "-C", "0.5", "--max-iter", "100", "--words", "two words"]
    assert report["cwd"] == "/opt/ml/code"


def test_the_script_gets_the_environment_of_script_mode(report, finder):
    variables = report["env"]
    assert variables["SM_MODEL_DIR"] == "/opt/ml/model"
    assert variables["SM_CHANNELS"] == '["other","train"]'
    assert variables["SM_CHANNEL_OTHER"] == "/opt/ml/input/data/other"
    assert variables["SM_HP_MAX-ITER"] == "100"
    assert variables["MINE"] == "yes"
    assert variables["TRAINING_JOB_NAME"] == finder["TrainingJobName"]
    assert variables["TRAINING_JOB_ARN"] == finder["TrainingJobArn"]
    assert variables["AWS_REGION"] == "us-east-1"
    assert "NORIA_WORK" not in variables


def test_channels_are_folders_of_the_objects_below_their_prefix(report):
    assert report["files"] == ["/opt/ml/input/data/other/rows.csv", "/opt/ml/input/data/train/part/rows.csv"]
    assert report["row"] == "a,1\n"


def test_the_model_is_a_tarball_in_the_bucket(finder, report, bucket):
    uri = finder["ModelArtifacts"]["S3ModelArtifacts"]
    assert uri == f"s3://{bucket.name}/out/{finder['TrainingJobName']}/output/model.tar.gz"
    assert unpacked(bucket.get(uri)) == {"model.txt": b"fitted"}


def test_what_the_script_says_is_in_the_log(finder, jobs):
    lines = jobs.lines(finder["TrainingJobName"])
    assert lines[-3:] == ["loss=0.5;", "loss=0.25;", "last line"]
    assert any(line.endswith("train.py -C 0.5 --max-iter 100 --words two words") for line in lines)


def test_metrics_are_read_out_of_the_log(finder, client):
    (metric,) = finder["FinalMetricDataList"]
    assert (metric["MetricName"], metric["Value"]) == ("loss", 0.25)
    dimensions = [{"Name": "TrainingJobName", "Value": finder["TrainingJobName"]}]
    statistics = client("cloudwatch").get_metric_statistics(
        Namespace="/aws/sagemaker/TrainingJobs",
        MetricName="loss",
        Dimensions=dimensions,
        StartTime=time.time() - 600,
        EndTime=time.time() + 60,
        Period=3600,
        Statistics=["Maximum"],
    )
    assert max(point["Maximum"] for point in statistics["Datapoints"]) == 0.5


@pytest.mark.parametrize("regex", ["loss=[0-9.]+", "loss=([0-9"])
def test_a_metric_without_a_group_or_of_no_regular_expression_is_refused(jobs, regex):
    specification = {"TrainingImage": IMAGE, "TrainingInputMode": "File", "MetricDefinitions": [{"Name": "loss", "Regex": regex}]}
    with pytest.raises(ClientError, match="Invalid regular expression in the metric definition loss"):
        jobs.start(AlgorithmSpecification=specification)


def test_a_completed_job_went_through_its_statuses_in_order(finder):
    assert finder["SecondaryStatus"] == "Completed"
    assert secondaries(finder) == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert finder["CreationTime"] <= finder["TrainingStartTime"] <= finder["TrainingEndTime"] <= finder["LastModifiedTime"]
    assert finder["BillableTimeInSeconds"] >= 1


def test_a_job_out_of_time_is_stopped_and_keeps_its_model(jobs, bucket):
    ended = jobs.run(PATIENT.format(sleeps=61.25), StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert (ended["TrainingJobStatus"], ended["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert unpacked(bucket.get(ended["ModelArtifacts"]["S3ModelArtifacts"])) == {"saved.txt": b"in time"}
    assert "FailureReason" not in ended


def test_a_stopped_script_gets_sigterm_saves_its_model_and_leaves_no_process(jobs, bucket):
    sleeps = "62.75"
    job = jobs.start(PATIENT.format(sleeps=sleeps))
    until(lambda: "ready" in jobs.lines(job) if jobs.described(job)["SecondaryStatus"] == "Training" else None)
    assert processes(sleeps)
    jobs.sagemaker.stop_training_job(TrainingJobName=job)
    ended = jobs.ended(job)
    assert (ended["TrainingJobStatus"], ended["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert secondaries(ended) == ["Starting", "Downloading", "Training", "Stopping", "Stopped"]
    assert unpacked(bucket.get(ended["ModelArtifacts"]["S3ModelArtifacts"])) == {"saved.txt": b"in time"}
    assert not processes(sleeps)
    with pytest.raises(ClientError, match="is in status Stopped"):
        jobs.sagemaker.stop_training_job(TrainingJobName=job)


def processes(sleeps):
    listing = subprocess.run(["ps", "-e", "-o", "args="], capture_output=True, text=True, check=True).stdout
    return [line for line in listing.splitlines() if line.strip() == f"sleep {sleeps}"]


def test_a_running_job_is_not_deleted(jobs):
    job = jobs.start("import time\ntime.sleep(60)")
    with pytest.raises(ClientError, match="still running"):
        jobs.sagemaker.delete_training_job(TrainingJobName=job)
    jobs.sagemaker.stop_training_job(TrainingJobName=job)
    jobs.ended(job)
    jobs.sagemaker.delete_training_job(TrainingJobName=job)
    with pytest.raises(ClientError, match="not found"):
        jobs.described(job)


def test_a_substituted_version_is_the_logs_first_line_and_a_tag(jobs):
    image = IMAGE.replace("1.9-0", "1.4-2")
    ended = jobs.run(
        "import sklearn\nprint(sklearn.__version__)",
        AlgorithmSpecification={"TrainingImage": image, "TrainingInputMode": "File"},
        Tags=[{"Key": "a", "Value": "1"}],
    )
    assert ended["TrainingJobStatus"] == "Completed", ended["FailureReason"]
    lines = jobs.lines(ended["TrainingJobName"])
    assert lines[0] == f"{image} declares scikit-learn==1.4.2, which has no wheel for this Python; scikit-learn==1.5.2 stands for it"
    assert lines[-1] == "1.5.2"
    tags = {tag["Key"]: tag["Value"] for tag in jobs.sagemaker.list_tags(ResourceArn=ended["TrainingJobArn"])["Tags"]}
    assert tags == {"a": "1", "noria:substitution": lines[0]}


def test_a_container_entrypoint_stands_for_the_images_own(jobs, bucket):
    command = (
        'echo "$0 $1"; cat /opt/ml/input/data/train/x; echo done > /opt/ml/model/m; python3 -c "import sklearn, sys; print(sys.prefix != sys.base_prefix)"'
    )
    ended = jobs.run(
        InputDataConfig=[channel("train", bucket.put("data\n", f"{fresh()}/x").removesuffix("x"))],
        AlgorithmSpecification={
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["/bin/bash"],
            "ContainerArguments": ["-c", command, "zero", "one"],
        },
    )
    assert ended["TrainingJobStatus"] == "Completed", ended["FailureReason"]
    assert jobs.lines(ended["TrainingJobName"]) == ["zero one", "data", "True"]
    assert unpacked(bucket.get(ended["ModelArtifacts"]["S3ModelArtifacts"])) == {"m": b"done\n"}


def test_every_status_of_a_training_job_is_told_on_the_default_bus(jobs, listen):
    job_events = listen("SageMaker Training Job State Change", {"TrainingJobStatus": ["InProgress", "Completed"]})
    ended = jobs.run("", Tags=[{"Key": "team", "Value": "bikes"}])
    mine = until(lambda: details if len(details := [d for d in job_events.details() if d["TrainingJobName"] == ended["TrainingJobName"]]) == 2 else None)
    assert {detail["TrainingJobStatus"] for detail in mine} == {"InProgress", "Completed"}
    (last,) = [detail for detail in mine if detail["TrainingJobStatus"] == "Completed"]
    assert last["ModelArtifacts"] == ended["ModelArtifacts"]
    assert last["Tags"] == {"team": "bikes"}
    assert last["CreationTime"] == int(ended["CreationTime"].timestamp() * 1000)
    assert job_events.heard[0]["resources"] == [ended["TrainingJobArn"]]
