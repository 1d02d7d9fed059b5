"""Processing jobs under the container's contract: inputs and outputs at their paths, arguments, the message, stopping."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.waiting import until
from tests.local.sagemaker.conftest import ENDED, IMAGE, fresh, log_lines

DOUBLE = """
import os, pathlib, sys
out = pathlib.Path("/opt/ml/processing/output/rows")
for path in sorted(pathlib.Path("/opt/ml/processing/input/rows").glob("*.csv")):
    (out / path.name).write_text("".join(f"{float(line) * float(sys.argv[1])}\\n" for line in path.read_text().split()))
(out / "deep").mkdir()
(out / "deep" / "more.txt").write_text(os.environ["WHO"])
(out / "link").symlink_to("/etc/hostname")
print("doubled")
"""


class Processing:
    """Jobs of one script each, between `<name>/in/` and `<name>/out/`."""

    def __init__(self, sagemaker, bucket, role):
        self.sagemaker, self.bucket, self.role, self.name = sagemaker, bucket, role, fresh()
        self.out = f"s3://{bucket.name}/{self.name}/out"

    def start(self, script, arguments=(), mode="EndOfJob", path="/opt/ml/processing/output/rows", **request):
        code = self.bucket.put(script, f"{self.name}/code/script.py")
        defaults = {
            "ProcessingJobName": self.name,
            "RoleArn": self.role,
            "AppSpecification": {
                "ImageUri": IMAGE,
                "ContainerEntrypoint": ["python3", "/opt/ml/processing/input/code/script.py"],
                **({"ContainerArguments": list(arguments)} if arguments else {}),
            },
            "Environment": {"WHO": "the caller"},
            "ProcessingInputs": [self.input("code", code), self.input("rows", f"s3://{self.bucket.name}/{self.name}/in/")],
            "ProcessingOutputConfig": {"Outputs": [{"OutputName": "rows", "S3Output": {"S3Uri": self.out, "LocalPath": path, "S3UploadMode": mode}}]},
            "ProcessingResources": {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}},
        }
        self.bucket.put("1\n2\n", f"{self.name}/in/a.csv")
        self.sagemaker.create_processing_job(**defaults | request)

    @staticmethod
    def input(name, uri):
        source = {"S3Uri": uri, "LocalPath": f"/opt/ml/processing/input/{name}", "S3DataType": "S3Prefix", "S3InputMode": "File"}
        return {"InputName": name, "S3Input": source}

    def described(self):
        return self.sagemaker.describe_processing_job(ProcessingJobName=self.name)

    def run(self, *words, **members):
        self.start(*words, **members)
        return until(lambda: job if (job := self.described())["ProcessingJobStatus"] in ENDED else None, 60)


@pytest.fixture
def processing(sagemaker, bucket, role):
    return Processing(sagemaker, bucket, role)


def test_a_script_reads_its_inputs_and_leaves_its_outputs(processing, bucket, client, listen):
    listener = listen("SageMaker Processing Job State Change", {"ProcessingJobName": [processing.name]})
    ended = processing.run(DOUBLE, ["2"])
    assert ended["ProcessingJobStatus"] == "Completed", ended.get("FailureReason")
    assert bucket.get(f"{processing.out}/a.csv") == b"2.0\n4.0\n"
    assert bucket.get(f"{processing.out}/deep/more.txt") == b"the caller"
    assert not bucket.keys(f"{processing.name}/out/link")
    assert "doubled" in log_lines(client("logs"), "/aws/sagemaker/ProcessingJobs", f"{processing.name}/")
    assert ended["ProcessingStartTime"] <= ended["ProcessingEndTime"]
    states = until(lambda: statuses if (statuses := [event["ProcessingJobStatus"] for event in listener.details()])[-1:] == ["Completed"] else None, 20)
    assert states == ["InProgress", "Completed"]


def test_the_container_is_told_of_its_job(processing, bucket):
    script = """
import pathlib, shutil
for path in pathlib.Path("/opt/ml/config").glob("*.json"):
    shutil.copy(path, "/opt/ml/processing/output/rows")
"""
    assert processing.run(script)["ProcessingJobStatus"] == "Completed"
    config = json.loads(bucket.get(f"{processing.out}/processingjobconfig.json"))
    assert (config["ProcessingJobName"], config["RoleArn"]) == (processing.name, processing.role)
    assert config["ProcessingInputs"][1]["S3Input"]["LocalPath"] == "/opt/ml/processing/input/rows"
    assert json.loads(bucket.get(f"{processing.out}/resourceconfig.json"))["hosts"] == ["algo-1"]


def test_a_failure_carries_the_message_the_exit_code_and_no_output(processing, bucket):
    script = """
import pathlib, sys
pathlib.Path("/opt/ml/output/message").write_text("the third row has no price")
pathlib.Path("/opt/ml/processing/output/rows/half.csv").write_text("1")
sys.exit("gone wrong")
"""
    ended = processing.run(script)
    assert ended["ProcessingJobStatus"] == "Failed"
    assert ended["ExitMessage"] == "the third row has no price"
    assert ended["FailureReason"].startswith("AlgorithmError: ")
    assert "gone wrong" in ended["FailureReason"]
    assert ended["FailureReason"].endswith("exit code: 1")
    assert not bucket.keys(f"{processing.name}/out/")


def test_an_output_can_be_uploaded_while_the_job_runs(processing, bucket):
    script = """
import pathlib, time
pathlib.Path("/opt/ml/processing/output/rows/early.txt").write_text("here")
time.sleep(60)
"""
    processing.start(script, mode="Continuous")
    until(lambda: bucket.keys(f"{processing.name}/out/early.txt"), 40)
    processing.sagemaker.stop_processing_job(ProcessingJobName=processing.name)
    until(lambda: processing.described()["ProcessingJobStatus"] == "Stopped", 30)


def test_a_job_out_of_time_is_stopped(processing):
    ended = processing.run("import time; time.sleep(60)", StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert ended["ProcessingJobStatus"] == "Stopped"


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"path": "/tmp/elsewhere"}, "must begin with /opt/ml/processing/"),
        ({"path": "/opt/ml/processing/../../etc"}, "must begin with /opt/ml/processing/"),
        ({"AppSpecification": {"ImageUri": IMAGE}}, "name a ContainerEntrypoint"),
    ],
)
def test_what_cannot_run_is_refused_at_once(processing, request_, message):
    with pytest.raises(ClientError, match="ValidationException") as refused:
        processing.start(DOUBLE, **request_)
    assert message in refused.value.response["Error"]["Message"]


def test_a_role_that_may_not_write_the_output_fails_the_job(processing, make_role, bucket):
    processing.role = make_role({"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"})
    ended = processing.run(DOUBLE, ["2"])
    assert ended["ProcessingJobStatus"] == "Failed"
    assert "not authorized to perform: s3:PutObject" in ended["FailureReason"]
