"""Training jobs: the user's script in a process of its own, under SageMaker's container contract.

Source: "How Amazon SageMaker Runs Your Training Image", SageMaker developer guide.
"""

import os
import re
import shutil
import tempfile
import threading
import time
from functools import partial
from pathlib import Path

from botocore.exceptions import ClientError

from local.sagemaker import execution_role, quotas, resources, storage
from local.sagemaker.containers import TOOLKIT, environments, images, sandbox
from local.sagemaker.errors import JobFailedError, invalid
from local.sagemaker.jobs import background, layout, process
from local.sagemaker.logs import TRAINING_GROUP, Log
from local.sagemaker.resources import Lifecycle, Record

NOUN = "TrainingJob"
DEFAULT_MAX_SECONDS = 86_400
#: AWS's message of each secondary status.
MESSAGES = {
    "Starting": "Preparing the instances for training",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Stopping": "Stopping the training job",
    "Uploading": "Uploading generated training model",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
}


def _on_create(record: Record) -> None:
    for definition in record["AlgorithmSpecification"].get("MetricDefinitions", []):
        try:
            groups = re.compile(definition["Regex"]).groups
        except re.error as error:
            raise invalid(f"Invalid regular expression in the metric definition {definition['Name']}: {error}") from error
        if groups != 1:
            raise invalid(f"Invalid regular expression in the metric definition {definition['Name']}: it needs one group, and has {groups}")
    quotas.check(NOUN, record, lambda job: job["ResourceConfig"].get("InstanceCount", 1))
    record.update(TrainingJobStatus="InProgress", SecondaryStatusTransitions=[], EnableManagedSpotTraining=record.get("EnableManagedSpotTraining", False))
    _set_secondary_status(record, "Starting")
    background.start(NOUN, record, _work)


def _stop(parameters: Record) -> Record:
    record = resources.get(NOUN, parameters)
    if record["TrainingJobStatus"] == "InProgress":
        _set_secondary_status(record, "Stopping")
    return background.stop(NOUN, parameters)


LIFECYCLE = Lifecycle(on_create=_on_create, on_delete=partial(background.refuse_running, NOUN))
OPERATIONS = {"StopTrainingJob": _stop}


def _set_secondary_status(record: Record, secondary: str) -> None:
    now = time.time()
    transitions = record["SecondaryStatusTransitions"]
    if transitions:
        transitions[-1].setdefault("EndTime", now)
    transitions.append({"Status": secondary, "StartTime": now, "StatusMessage": MESSAGES[secondary]})
    record["SecondaryStatus"], record["LastModifiedTime"] = secondary, now


def _work(record: Record, stop: threading.Event) -> None:
    folder = Path(tempfile.mkdtemp(prefix="job-", dir=os.environ["NORIA_WORK"]))
    try:
        _train(record, folder, stop)
        _set_secondary_status(record, "Completed")
    except background.JobStoppedError as error:
        _upload(record, folder)
        _set_secondary_status(record, error.secondary)
        raise
    except (ClientError, JobFailedError, OSError, ValueError):
        _set_secondary_status(record, "Failed")
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _train(record: Record, folder: Path, stop: threading.Event) -> None:
    role = record["RoleArn"]
    log = Log(
        role,
        TRAINING_GROUP,
        f"{record['TrainingJobName']}/{layout.HOST}-{int(time.time())}",
        record["AlgorithmSpecification"].get("MetricDefinitions", ()),
        record["TrainingJobName"],
    )
    image = images.resolve(record["AlgorithmSpecification"].get("TrainingImage", ""))
    for sentence in image.substitutions if sandbox.available() else (*image.substitutions, sandbox.NO_SANDBOX):
        log.write(sentence)
    if image.substitutions:
        record["Tags"] = [*record.get("Tags", []), {"Key": "noria:substitution", "Value": image.substitutions[0][:256]}]
    _set_secondary_status(record, "Downloading")
    layout.lay_out(record, folder)
    python = environments.python_for(image, layout.requirements(folder))
    _set_secondary_status(record, "Training")
    record["TrainingStartTime"] = time.time()
    code = _run(record, folder, python, log, stop)
    record["TrainingEndTime"] = time.time()
    record["TrainingTimeInSeconds"] = record["BillableTimeInSeconds"] = max(1, round(record["TrainingEndTime"] - record["TrainingStartTime"]))
    record["FinalMetricDataList"] = list(log.metrics.values())
    if code:
        raise JobFailedError(_failure_reason(folder, code, log.tail))
    _set_secondary_status(record, "Uploading")
    _upload(record, folder)


def _run(record: Record, folder: Path, python: Path, log: Log, stop: threading.Event) -> int:
    """Run the container; its exit code.

    Raises:
        JobStoppedError: the job was stopped or ran out of time.
    """
    specification = record["AlgorithmSpecification"]
    entry = specification.get("ContainerEntrypoint")
    command = [*entry, *specification.get("ContainerArguments", [])] if entry else [str(python), str(TOOLKIT / "train.py")]
    environment = {
        **execution_role.environment(record["RoleArn"]),
        "PATH": f"{python.parent}:/usr/local/bin:/usr/bin:/bin",
        "SAGEMAKER_BASE_DIR": str(sandbox.base_dir(folder)),
        "SAGEMAKER_JOB_NAME": record["TrainingJobName"],
        "TRAINING_JOB_ARN": record["TrainingJobArn"],
        "TRAINING_JOB_NAME": record["TrainingJobName"],
        **record.get("Environment", {}),
    }
    limit = record.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", DEFAULT_MAX_SECONDS)
    return process.run(command, folder, environment, log, stop, limit)


def _failure_reason(folder: Path, code: int, tail: list[str]) -> str:
    """From the failure file, else from the log's last lines."""
    failure = folder / "output" / "failure"
    message = failure.read_text(errors="replace").strip() if failure.exists() else "\n".join(tail[-process.REASON_LINES :])
    return process.failure_reason(message, code)


def _upload(record: Record, folder: Path) -> None:
    """Upload `model.tar.gz`, also an empty one as AWS does, and `output.tar.gz` where the script wrote output."""
    base = f"{record['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{record['TrainingJobName']}/output"
    storage.write(record["RoleArn"], f"{base}/model.tar.gz", storage.pack(folder / "model"))
    record["ModelArtifacts"] = {"S3ModelArtifacts": f"{base}/model.tar.gz"}
    if any((folder / "output" / "data").iterdir()):
        storage.write(record["RoleArn"], f"{base}/output.tar.gz", storage.pack(folder / "output" / "data"))
