"""SageMaker's endpoint behind the gateway: the table of operations, validation, and errors on the wire."""

import json
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from ministack.core.concurrency import run_reentrant

from local.aws import gateway
from local.sagemaker import permissions, registry, resources, tags, validation
from local.sagemaker.endpoints import capacity, deployments, endpoints, models, runtime
from local.sagemaker.errors import ApiError
from local.sagemaker.jobs import processing, training, transform
from local.sagemaker.permissions import INVOCATIONS, SERVICE
from local.sagemaker.resources import MODEL, Lifecycle, Record

Answer = tuple[int, dict[str, str], bytes]
Operation = Callable[[Record], Record]
JSON = {"Content-Type": "application/x-amz-json-1.1"}

#: Resources that do more than be stored.
LIFECYCLES: dict[str, Lifecycle] = {
    "TrainingJob": training.LIFECYCLE,
    "TransformJob": transform.LIFECYCLE,
    "ProcessingJob": processing.LIFECYCLE,
    "Model": models.MODEL_LIFECYCLE,
    "EndpointConfig": models.CONFIG_LIFECYCLE,
    "Endpoint": endpoints.LIFECYCLE,
    "ModelPackageGroup": registry.GROUP_LIFECYCLE,
}


def install() -> None:
    """Register the service with the gateway: routes, IAM actions and resources."""
    patterns = {"target_prefixes": ["SageMaker."], "host_patterns": [r"sagemaker\."]}
    gateway.register(SERVICE, handle_request, deployments.reset, patterns, "sagemaker-runtime")
    permissions.install()


def operations() -> dict[str, Operation]:
    """Every operation by name: those of each resource from the model, and over them those with code of their own."""
    table: dict[str, Operation] = {}
    names = set(MODEL.operation_names)
    for noun in sorted(name.removeprefix("Create") for name in names if name.startswith("Create")):
        if f"Describe{noun}" not in names:
            continue
        lifecycle = LIFECYCLES.get(noun, Lifecycle())
        table[f"Create{noun}"] = partial(resources.create, noun, lifecycle=lifecycle)
        table[f"Describe{noun}"] = partial(resources.describe, noun)
        table[f"Update{noun}"] = partial(resources.update, noun, lifecycle=lifecycle)
        table[f"Delete{noun}"] = partial(resources.delete, noun, lifecycle=lifecycle)
        table[f"List{noun}s"] = partial(resources.list_page, noun, f"List{noun}s")
    for module in (tags, training, transform, processing, capacity, registry):
        table |= module.OPERATIONS
    return {name: operation for name, operation in table.items() if name in names}


_operations: dict[str, Operation] = operations()


async def handle_request(method: str, path: str, headers: dict[str, str], body: bytes | str, query: Any) -> Answer:
    """One request, always off the event loop: most of them call S3 through the gateway."""
    raw = body.encode() if isinstance(body, str) else body or b""
    if match := INVOCATIONS.fullmatch(path):
        return await run_reentrant(runtime.invoke_endpoint, match[1], headers, raw, thread_name="invoke-endpoint")
    return await run_reentrant(_answer, headers, raw, thread_name=SERVICE)


def _answer(headers: dict[str, str], body: bytes) -> Answer:
    name = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    try:
        if name not in _operations:
            raise ApiError("UnknownOperationException", f"The local SageMaker does not serve {name or 'this request'}")
        parameters = json.loads(body or b"{}")
        validation.check(MODEL.operation_model(name), parameters)
        permissions.check_pass_role(headers, parameters)
        return 200, {**JSON, "x-amzn-requestid": str(uuid.uuid4())}, json.dumps(_operations[name](parameters), default=str).encode()
    except ApiError as error:
        return _error_answer(error)


def _error_answer(error: ApiError) -> Answer:
    payload = {"__type": error.code, "message": error.message, "Message": error.message, **error.fields}
    return error.status, {**JSON, "x-amzn-errortype": error.code, "x-amzn-requestid": str(uuid.uuid4())}, json.dumps(payload).encode()
