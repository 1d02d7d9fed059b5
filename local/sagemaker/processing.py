"""Processing jobs: the user's command in a process of its own, between inputs and outputs in S3.

Source: "How Amazon SageMaker Processing Runs Your Processing Container Image" and "Configures Input and Output For Your
Processing Container", SageMaker developer guide.
"""

import json
import os
import shutil
import tempfile
import threading
import time
from functools import partial
from pathlib import Path

from ministack.core.responses import get_region

from local.aws import roles
from local.sagemaker import environments, families, images, jobs, layout, processes, quotas, sandbox, storage
from local.sagemaker.errors import JobFailedError, invalid
from local.sagemaker.families import Behaviour, Record
from local.sagemaker.logs import Log

NOUN = "ProcessingJob"
GROUP = "/aws/sagemaker/ProcessingJobs"
#: Every path of an input or output begins with this.
BASE = "/opt/ml/processing/"
DEFAULT_MAX_SECONDS = 86_400
#: `ExitMessage` carries so much of the message file.
MESSAGE_BYTES = 1024
#: How often an output that is uploaded continuously is looked at (seconds).
CONTINUOUS_SECONDS = 1.0


def _created(record: Record) -> None:
    places = [("ProcessingInputs", "S3Input", item) for item in record.get("ProcessingInputs", [])]
    places += [("ProcessingOutputConfig", "S3Output", item) for item in _outputs(record)]
    for where, kind, item in places:
        if kind not in item:
            raise invalid(f"{where}: of {item.get('InputName') or item.get('OutputName')} no other source or target than {kind} is served locally")
        path = item[kind].get("LocalPath", "")
        if not path.startswith(BASE) or ".." in path.split("/"):
            raise invalid(f"{where}: LocalPath {path} must begin with {BASE}")
    for names in ([item["InputName"] for item in record.get("ProcessingInputs", [])], [item["OutputName"] for item in _outputs(record)]):
        if len(set(names)) < len(names):
            raise invalid(f"Names within a processing job must be unique: {', '.join(names)}")
    if not record["AppSpecification"].get("ContainerEntrypoint"):
        raise invalid("AppSpecification: an image's own entry point is not known locally; name a ContainerEntrypoint")
    quotas.check(NOUN, record, lambda job: job["ProcessingResources"]["ClusterConfig"]["InstanceCount"])
    jobs.begin(NOUN, record, _work)


BEHAVIOUR = Behaviour(created=_created, deleted=partial(jobs.refuse_running, NOUN))
OPERATIONS = {"StopProcessingJob": partial(jobs.stop, NOUN)}


def _outputs(record: Record) -> list[Record]:
    found: list[Record] = record.get("ProcessingOutputConfig", {}).get("Outputs", [])
    return found


def _work(record: Record, stop: threading.Event) -> None:
    folder = Path(tempfile.mkdtemp(prefix="job-", dir=os.environ["NORIA_WORK"]))
    try:
        _process(record, folder, stop)
    finally:
        message = folder / "output" / "message"
        if message.exists():
            record["ExitMessage"] = message.read_bytes()[:MESSAGE_BYTES].decode(errors="ignore")
        shutil.rmtree(folder, ignore_errors=True)


def _process(record: Record, folder: Path, stop: threading.Event) -> None:
    log = Log(record["RoleArn"], GROUP, f"{record['ProcessingJobName']}/{layout.HOST}-{int(time.time())}")
    image = images.resolve(record["AppSpecification"]["ImageUri"])
    for sentence in image.substitutions if sandbox.available() else (*image.substitutions, sandbox.NO_SANDBOX):
        log.write(sentence)
    _lay_out(record, folder)
    python = environments.python_for(image)
    done = threading.Event()
    uploading = [threading.Thread(target=_upload_continuously, args=(record, output, folder, done)) for output in _outputs(record) if _continuous(output)]
    for thread in uploading:
        thread.start()
    record["ProcessingStartTime"] = time.time()
    try:
        code = _run(record, folder, python, log, stop)
    finally:
        record["ProcessingEndTime"] = time.time()
        done.set()
        for thread in uploading:
            thread.join()
    if code:
        raise JobFailedError(processes.reason("\n".join(log.tail[-8:]), code))
    for output in _outputs(record):
        if not _continuous(output):
            _upload(record, output, folder, {})


def _lay_out(record: Record, folder: Path) -> None:
    """The container's /opt/ml: its configuration, its inputs, and a folder for each output.

    Raises:
        JobFailedError: an input cannot be read, or is of a kind that is not served here.
    """
    for path in (folder / "config", folder / "output", folder / "processing"):
        path.mkdir()
    described = {key: record[key] for key in families.shaped("DescribeProcessingJob", record) if not key.endswith("Time")}
    (folder / "config" / "processingjobconfig.json").write_text(json.dumps(described, default=str))
    (folder / "config" / "resourceconfig.json").write_text(json.dumps({"current_host": layout.HOST, "hosts": [layout.HOST]}))
    for item in record.get("ProcessingInputs", []):
        source = item["S3Input"]
        if source.get("S3DataType", "S3Prefix") != "S3Prefix" or source.get("S3InputMode", "File") != "File":
            raise JobFailedError(f"ClientError: Data download failed:the input {item['InputName']} is no S3Prefix in mode File: no other is served locally")
        storage.download(record["RoleArn"], source["S3Uri"], _here(folder, source["LocalPath"]))
    for output in _outputs(record):
        _here(folder, output["S3Output"]["LocalPath"]).mkdir(parents=True, exist_ok=True)


def _here(folder: Path, path: str) -> Path:
    """Where a path of the container lies on this machine."""
    return folder / path.removeprefix("/opt/ml/")


def _run(record: Record, folder: Path, python: Path, log: Log, stop: threading.Event) -> int:
    """The container's exit code.

    Raises:
        StoppedError: asked to, or out of time; it got SIGTERM and its grace.
    """
    base = str(sandbox.base_dir(folder))
    specification = record["AppSpecification"]
    words = [*specification.get("ContainerEntrypoint", []), *specification.get("ContainerArguments", [])]
    session = roles.assume(record["RoleArn"], storage.SAGEMAKER)
    installed = f"{base}/installed"  # an environment is shared by all jobs of its image: what a job installs is its own
    environment = {
        **jobs.region_environment(session, get_region(), roles.gateway_url()),
        "PATH": f"{python.parent}:/usr/local/bin:/usr/bin:/bin",
        "PIP_TARGET": installed,
        "PYTHONPATH": installed,
        "PROCESSING_JOB_ARN": record["ProcessingJobArn"],
        "PROCESSING_JOB_NAME": record["ProcessingJobName"],
        **record.get("Environment", {}),
    }
    limit = record.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", DEFAULT_MAX_SECONDS)
    return processes.run([word.replace("/opt/ml/", f"{base}/") for word in words], folder, environment, log, stop, limit)


def _continuous(output: Record) -> bool:
    return bool(output["S3Output"].get("S3UploadMode") == "Continuous")


def _upload_continuously(record: Record, output: Record, folder: Path, done: threading.Event) -> None:
    """Upload what is new or has changed until the job is done, and once more."""
    uploaded: dict[Path, float] = {}
    while not done.wait(CONTINUOUS_SECONDS):
        _upload(record, output, folder, uploaded)
    _upload(record, output, folder, uploaded)


def _upload(record: Record, output: Record, folder: Path, uploaded: dict[Path, float]) -> None:
    """Each file of an output under its prefix; links are not followed."""
    source = _here(folder, output["S3Output"]["LocalPath"])
    for path in sorted(path for path in source.rglob("*") if path.is_file() and not path.is_symlink()):
        changed = path.stat().st_mtime
        if uploaded.get(path) != changed:
            storage.write(record["RoleArn"], f"{output['S3Output']['S3Uri'].rstrip('/')}/{path.relative_to(source)}", path.read_bytes())
            uploaded[path] = changed
