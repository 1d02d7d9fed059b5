"""Batch transform jobs: each object of the input through a model server; the response is an object with the suffix `.out`.

Source: "Use batch transform to run inference with Amazon SageMaker AI", SageMaker developer guide.
"""

import threading
import time
from collections.abc import Iterator
from functools import partial

from local.sagemaker import quotas, resources, storage
from local.sagemaker.containers.model_server import ModelServer
from local.sagemaker.errors import JobFailedError, invalid
from local.sagemaker.jobs import background
from local.sagemaker.resources import Lifecycle, Record

NOUN = "TransformJob"
GROUP = "/aws/sagemaker/TransformJobs"
#: AWS's default for `MaxPayloadInMB`.
DEFAULT_PAYLOAD_MB = 6
MEGABYTE = 1024 * 1024


def _on_create(record: Record) -> None:
    if resources.STORE.find("Model", record["ModelName"]) is None:
        raise invalid(f'Could not find model "{resources.arn("Model", record["ModelName"])}".')
    quotas.check(NOUN, record, lambda job: job["TransformResources"]["InstanceCount"])
    background.start(NOUN, record, _work)


LIFECYCLE = Lifecycle(on_create=_on_create, on_delete=partial(background.refuse_running, NOUN))
OPERATIONS = {"StopTransformJob": partial(background.stop, NOUN)}


def _work(record: Record, stop: threading.Event) -> None:
    model = resources.get("Model", record)
    variables = {
        "SAGEMAKER_BATCH": "true",
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": str(record.get("MaxPayloadInMB", DEFAULT_PAYLOAD_MB)),
        "SAGEMAKER_BATCH_STRATEGY": record.get("BatchStrategy", "MultiRecord").upper(),
    }
    server = ModelServer(model, GROUP, f"{record['TransformJobName']}/i-local-{int(time.time())}", variables)
    record["TransformStartTime"] = time.time()
    try:
        role, uri = model["ExecutionRoleArn"], record["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
        bucket, prefix = storage.split(uri)
        for key in storage.keys(role, uri):
            responses = [_invoke(server, record, batch, stop) for batch in _batches(record, storage.read(role, f"s3://{bucket}/{key}"))]
            name = key.removeprefix(prefix.rpartition("/")[0]).lstrip("/")
            storage.write(role, f"{record['TransformOutput']['S3OutputPath'].rstrip('/')}/{name}.out", _assemble(record, responses))
    finally:
        threading.Thread(target=server.stop, daemon=True).start()
        record["TransformEndTime"] = time.time()


def _batches(record: Record, body: bytes) -> Iterator[bytes]:
    """The whole object, or mini-batches of whole lines up to the payload limit."""
    if record["TransformInput"].get("SplitType", "None") != "Line":
        yield body
        return
    limit = record.get("MaxPayloadInMB", DEFAULT_PAYLOAD_MB) * MEGABYTE
    single = record.get("BatchStrategy", "MultiRecord") == "SingleRecord"
    batch: list[bytes] = []
    size = 0
    for line in body.splitlines(keepends=True):
        if batch and (single or size + len(line) > limit):
            yield b"".join(batch)
            batch, size = [], 0
        batch.append(line)
        size += len(line)
    if batch:
        yield b"".join(batch)


def _invoke(server: ModelServer, record: Record, batch: bytes, stop: threading.Event) -> bytes:
    if stop.is_set():
        raise background.JobStoppedError("Stopped")
    content_type = record["TransformInput"].get("ContentType", "application/octet-stream")
    try:
        reply = server.invoke(batch, content_type, record["TransformOutput"].get("Accept", content_type))
    except OSError as error:
        raise JobFailedError(f"AlgorithmError: the model server did not answer: {error}") from error
    if reply.status != 200:
        raise JobFailedError(f"AlgorithmError: Algorithm failed on input: HTTP {reply.status}: {reply.body.decode(errors='replace')[-700:]}")
    return reply.body


def _assemble(record: Record, responses: list[bytes]) -> bytes:
    if record["TransformOutput"].get("AssembleWith", "None") == "Line":
        return b"".join(response if response.endswith(b"\n") else response + b"\n" for response in responses)
    return b"".join(responses)
