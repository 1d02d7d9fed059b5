"""Training jobs: the user's real script in a process of its own, under the container contract.

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
from ministack.core.responses import get_region

from local.aws import roles
from local.sagemaker import environments, families, images, jobs, layout, processes, quotas, sandbox, storage
from local.sagemaker.errors import JobFailedError, invalid
from local.sagemaker.families import Behaviour, Record
from local.sagemaker.logs import NAMESPACE, Log

NOUN = "TrainingJob"
TOOLKIT = Path(__file__).with_name("toolkit")
DEFAULT_MAX_SECONDS = 86_400
#: What each secondary status says of itself.
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


def _created(record: Record) -> None:
    for definition in record["AlgorithmSpecification"].get("MetricDefinitions", []):
        try:
            groups = re.compile(definition["Regex"]).groups
        except re.error as error:
            raise invalid(f"Invalid regular expression in the metric definition {definition['Name']}: {error}") from error
        if groups != 1:
            raise invalid(f"Invalid regular expression in the metric definition {definition['Name']}: it needs one group, and has {groups}")
    quotas.check(NOUN, record, lambda job: job["ResourceConfig"].get("InstanceCount", 1))
    record.update(TrainingJobStatus="InProgress", SecondaryStatusTransitions=[], EnableManagedSpotTraining=record.get("EnableManagedSpotTraining", False))
    _enter(record, "Starting")
    jobs.begin(NOUN, record, _work)


def _stop(parameters: Record) -> Record:
    record = families.found(NOUN, parameters)
    if record["TrainingJobStatus"] == "InProgress":
        _enter(record, "Stopping")
    return jobs.stop(NOUN, parameters)


BEHAVIOUR = Behaviour(created=_created, deleted=partial(jobs.refuse_running, NOUN))
OPERATIONS = {"StopTrainingJob": _stop}


def _enter(record: Record, secondary: str) -> None:
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
        _enter(record, "Completed")
    except jobs.StoppedError as error:
        _upload(record, folder)
        _enter(record, error.secondary)
        raise
    except (ClientError, JobFailedError, OSError, ValueError):
        _enter(record, "Failed")
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _train(record: Record, folder: Path, stop: threading.Event) -> None:
    role = record["RoleArn"]
    log = Log(
        role,
        NAMESPACE,
        f"{record['TrainingJobName']}/{layout.HOST}-{int(time.time())}",
        record["AlgorithmSpecification"].get("MetricDefinitions", ()),
        record["TrainingJobName"],
    )
    image = images.resolve(record["AlgorithmSpecification"].get("TrainingImage", ""))
    for sentence in image.substitutions if sandbox.available() else (*image.substitutions, sandbox.NO_SANDBOX):
        log.write(sentence)
    if image.substitutions:
        record["Tags"] = [*record.get("Tags", []), {"Key": "noria:substitution", "Value": image.substitutions[0][:256]}]
    _enter(record, "Downloading")
    layout.lay_out(record, folder)
    python = environments.python_for(image, layout.requirements(folder))
    _enter(record, "Training")
    record["TrainingStartTime"] = time.time()
    code = _run(record, folder, python, log, stop)
    record["TrainingEndTime"] = time.time()
    record["TrainingTimeInSeconds"] = record["BillableTimeInSeconds"] = max(1, round(record["TrainingEndTime"] - record["TrainingStartTime"]))
    record["FinalMetricDataList"] = list(log.found.values())
    if code:
        raise JobFailedError(_reason(folder, code, log.tail))
    _enter(record, "Uploading")
    _upload(record, folder)


def _run(record: Record, folder: Path, python: Path, log: Log, stop: threading.Event) -> int:
    """The container's exit code.

    Raises:
        StoppedError: asked to, or out of time; it got SIGTERM and its grace.
    """
    specification = record["AlgorithmSpecification"]
    entry = specification.get("ContainerEntrypoint")
    command = [*entry, *specification.get("ContainerArguments", [])] if entry else [str(python), str(TOOLKIT / "train.py")]
    session = roles.assume(record["RoleArn"], storage.SAGEMAKER)
    environment = {
        **jobs.region_environment(session, get_region(), roles.gateway_url()),
        "PATH": f"{python.parent}:/usr/local/bin:/usr/bin:/bin",
        "SAGEMAKER_BASE_DIR": str(sandbox.base_dir(folder)),
        "SAGEMAKER_JOB_NAME": record["TrainingJobName"],
        "TRAINING_JOB_ARN": record["TrainingJobArn"],
        "TRAINING_JOB_NAME": record["TrainingJobName"],
        **record.get("Environment", {}),
    }
    limit = record.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", DEFAULT_MAX_SECONDS)
    return processes.run(command, folder, environment, log, stop, limit)


def _reason(folder: Path, code: int, tail: list[str]) -> str:
    """From the failure file, else from the log's last words."""
    failure = folder / "output" / "failure"
    told = failure.read_text(errors="replace").strip() if failure.exists() else "\n".join(tail[-8:])
    return processes.reason(told, code)


def _upload(record: Record, folder: Path) -> None:
    """`model.tar.gz`, and `output.tar.gz` when the script wrote any; empty ones are made as AWS makes them."""
    base = f"{record['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{record['TrainingJobName']}/output"
    storage.write(record["RoleArn"], f"{base}/model.tar.gz", storage.pack(folder / "model"))
    record["ModelArtifacts"] = {"S3ModelArtifacts": f"{base}/model.tar.gz"}
    if any((folder / "output" / "data").iterdir()):
        storage.write(record["RoleArn"], f"{base}/output.tar.gz", storage.pack(folder / "output" / "data"))
