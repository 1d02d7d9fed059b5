"""Processing jobs: the user's command in a process of its own, with inputs and outputs in S3.

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

from local.sagemaker import execution_role, quotas, resources, storage
from local.sagemaker.containers import environments, images, sandbox
from local.sagemaker.errors import JobFailedError, invalid
from local.sagemaker.jobs import background, layout, process
from local.sagemaker.logs import Log
from local.sagemaker.resources import Lifecycle, Record

NOUN = "ProcessingJob"
GROUP = "/aws/sagemaker/ProcessingJobs"
#: Every path of an input or output begins with this.
BASE = "/opt/ml/processing/"
DEFAULT_MAX_SECONDS = 86_400
#: Bytes of the message file that `ExitMessage` has.
MESSAGE_BYTES = 1024
#: Time between two uploads of an output in mode `Continuous` (seconds).
CONTINUOUS_SECONDS = 1.0


def _on_create(record: Record) -> None:
    items = [("ProcessingInputs", "S3Input", item) for item in record.get("ProcessingInputs", [])]
    items += [("ProcessingOutputConfig", "S3Output", item) for item in _outputs(record)]
    for member, kind, item in items:
        if kind not in item:
            raise invalid(f"{member}: of {item.get('InputName') or item.get('OutputName')} no other source or target than {kind} is served locally")
        path = item[kind].get("LocalPath", "")
        if not path.startswith(BASE) or ".." in path.split("/"):
            raise invalid(f"{member}: LocalPath {path} must begin with {BASE}")
    for names in ([item["InputName"] for item in record.get("ProcessingInputs", [])], [item["OutputName"] for item in _outputs(record)]):
        if len(set(names)) < len(names):
            raise invalid(f"Names within a processing job must be unique: {', '.join(names)}")
    if not record["AppSpecification"].get("ContainerEntrypoint"):
        raise invalid("AppSpecification: an image's own entry point is not known locally; name a ContainerEntrypoint")
    quotas.check(NOUN, record, lambda job: job["ProcessingResources"]["ClusterConfig"]["InstanceCount"])
    background.start(NOUN, record, _work)


LIFECYCLE = Lifecycle(on_create=_on_create, on_delete=partial(background.refuse_running, NOUN))
OPERATIONS = {"StopProcessingJob": partial(background.stop, NOUN)}


def _outputs(record: Record) -> list[Record]:
    outputs: list[Record] = record.get("ProcessingOutputConfig", {}).get("Outputs", [])
    return outputs


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
    uploads = [threading.Thread(target=_upload_continuously, args=(record, output, folder, done)) for output in _outputs(record) if _continuous(output)]
    for thread in uploads:
        thread.start()
    record["ProcessingStartTime"] = time.time()
    try:
        code = _run(record, folder, python, log, stop)
    finally:
        record["ProcessingEndTime"] = time.time()
        done.set()
        for thread in uploads:
            thread.join()
    if code:
        raise JobFailedError(process.failure_reason("\n".join(log.tail[-process.REASON_LINES :]), code))
    for output in _outputs(record):
        if not _continuous(output):
            _upload(record, output, folder, {})


def _lay_out(record: Record, folder: Path) -> None:
    """Fill the container's /opt/ml: configuration, inputs, and a folder for each output.

    Raises:
        JobFailedError: an input cannot be read, or has an unsupported data type or mode.
    """
    for path in (folder / "config", folder / "output", folder / "processing"):
        path.mkdir()
    description = {key: record[key] for key in resources.as_output("DescribeProcessingJob", record) if not key.endswith("Time")}
    (folder / "config" / "processingjobconfig.json").write_text(json.dumps(description, default=str))
    (folder / "config" / "resourceconfig.json").write_text(json.dumps({"current_host": layout.HOST, "hosts": [layout.HOST]}))
    for item in record.get("ProcessingInputs", []):
        source = item["S3Input"]
        if source.get("S3DataType", "S3Prefix") != "S3Prefix" or source.get("S3InputMode", "File") != "File":
            raise JobFailedError(f"ClientError: Data download failed:the input {item['InputName']} is no S3Prefix in mode File: no other is served locally")
        storage.download(record["RoleArn"], source["S3Uri"], _local_path(folder, source["LocalPath"]))
    for output in _outputs(record):
        _local_path(folder, output["S3Output"]["LocalPath"]).mkdir(parents=True, exist_ok=True)


def _local_path(folder: Path, path: str) -> Path:
    """The path on this machine of a path in the container."""
    return folder / path.removeprefix("/opt/ml/")


def _run(record: Record, folder: Path, python: Path, log: Log, stop: threading.Event) -> int:
    """Run the container; its exit code.

    Raises:
        JobStoppedError: the job was stopped or ran out of time.
    """
    base = str(sandbox.base_dir(folder))
    specification = record["AppSpecification"]
    words = [*specification.get("ContainerEntrypoint", []), *specification.get("ContainerArguments", [])]
    packages = f"{base}/installed"  # jobs of an image share its environment, so a job installs into a folder of its own
    environment = {
        **execution_role.environment(record["RoleArn"]),
        "PATH": f"{python.parent}:/usr/local/bin:/usr/bin:/bin",
        "PIP_TARGET": packages,
        "PYTHONPATH": packages,
        "PROCESSING_JOB_ARN": record["ProcessingJobArn"],
        "PROCESSING_JOB_NAME": record["ProcessingJobName"],
        **record.get("Environment", {}),
    }
    limit = record.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", DEFAULT_MAX_SECONDS)
    return process.run([word.replace("/opt/ml/", f"{base}/") for word in words], folder, environment, log, stop, limit)


def _continuous(output: Record) -> bool:
    return bool(output["S3Output"].get("S3UploadMode") == "Continuous")


def _upload_continuously(record: Record, output: Record, folder: Path, done: threading.Event) -> None:
    """Upload new and changed files until the job is done, and once more."""
    times: dict[Path, float] = {}
    while not done.wait(CONTINUOUS_SECONDS):
        _upload(record, output, folder, times)
    _upload(record, output, folder, times)


def _upload(record: Record, output: Record, folder: Path, times: dict[Path, float]) -> None:
    """Upload the files of an output under its prefix; links are not followed.

    Args:
        times: modification times of the files that are uploaded already, which this brings up to date.
    """
    source = _local_path(folder, output["S3Output"]["LocalPath"])
    for path in sorted(path for path in source.rglob("*") if path.is_file() and not path.is_symlink()):
        modified = path.stat().st_mtime
        if times.get(path) != modified:
            storage.write(record["RoleArn"], f"{output['S3Output']['S3Uri'].rstrip('/')}/{path.relative_to(source)}", path.read_bytes())
            times[path] = modified
