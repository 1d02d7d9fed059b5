"""Batch transform: each object of the input through a real model server, the answers beside their names with `.out`.

Source: "Use batch transform to run inference with Amazon SageMaker AI", SageMaker developer guide.
"""

import threading
import time
from collections.abc import Iterator
from functools import partial

from local.sagemaker import families, jobs, quotas, storage
from local.sagemaker.errors import JobFailedError, invalid
from local.sagemaker.families import Behaviour, Record
from local.sagemaker.servers import ModelServer

NOUN = "TransformJob"
GROUP = "/aws/sagemaker/TransformJobs"
#: AWS's default for `MaxPayloadInMB`.
DEFAULT_PAYLOAD_MB = 6
MEGABYTE = 1024 * 1024


def _created(record: Record) -> None:
    if families.STORE.find("Model", record["ModelName"]) is None:
        raise invalid(f'Could not find model "{families.arn("Model", record["ModelName"])}".')
    quotas.check(NOUN, record, lambda job: job["TransformResources"]["InstanceCount"])
    jobs.begin(NOUN, record, _work)


BEHAVIOUR = Behaviour(created=_created, deleted=partial(jobs.refuse_running, NOUN))
OPERATIONS = {"StopTransformJob": partial(jobs.stop, NOUN)}


def _work(record: Record, stop: threading.Event) -> None:
    model = families.found("Model", record)
    told = {
        "SAGEMAKER_BATCH": "true",
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": str(record.get("MaxPayloadInMB", DEFAULT_PAYLOAD_MB)),
        "SAGEMAKER_BATCH_STRATEGY": record.get("BatchStrategy", "MultiRecord").upper(),
    }
    server = ModelServer(model, GROUP, f"{record['TransformJobName']}/i-local-{int(time.time())}", told)
    record["TransformStartTime"] = time.time()
    try:
        role, uri = model["ExecutionRoleArn"], record["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
        bucket, prefix = storage.split(uri)
        for key in storage.keys(role, uri):
            answers = [_ask(server, record, batch, stop) for batch in _batches(record, storage.read(role, f"s3://{bucket}/{key}"))]
            name = key.removeprefix(prefix.rpartition("/")[0]).lstrip("/")
            storage.write(role, f"{record['TransformOutput']['S3OutputPath'].rstrip('/')}/{name}.out", _assembled(record, answers))
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


def _ask(server: ModelServer, record: Record, batch: bytes, stop: threading.Event) -> bytes:
    if stop.is_set():
        raise jobs.StoppedError("Stopped")
    content_type = record["TransformInput"].get("ContentType", "application/octet-stream")
    try:
        reply = server.invoke(batch, content_type, record["TransformOutput"].get("Accept", content_type))
    except OSError as error:
        raise JobFailedError(f"AlgorithmError: the model server did not answer: {error}") from error
    if reply.status != 200:
        raise JobFailedError(f"AlgorithmError: Algorithm failed on input: HTTP {reply.status}: {reply.body.decode(errors='replace')[-700:]}")
    return reply.body


def _assembled(record: Record, answers: list[bytes]) -> bytes:
    if record["TransformOutput"].get("AssembleWith", "None") == "Line":
        return b"".join(answer if answer.endswith(b"\n") else answer + b"\n" for answer in answers)
    return b"".join(answers)
