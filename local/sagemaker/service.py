"""SageMaker behind the gateway: routing, validation, permissions and errors; what behaves is in the modules beside it."""

import json
import re
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator, router
from ministack.core.concurrency import run_reentrant

from local.aws import gateway
from local.sagemaker import endpoints, families, processing, registry, runtime, training, transform, validation
from local.sagemaker.errors import ApiError
from local.sagemaker.families import MODEL, Behaviour, Record

Answer = tuple[int, dict[str, str], bytes]
Operation = Callable[[Record], Record]
JSON = {"Content-Type": "application/x-amz-json-1.1"}
SERVICE = "sagemaker"
INVOCATIONS = re.compile(r"/endpoints/([^/]+)/invocations")

#: Families that do more than remember.
BEHAVIOURS: dict[str, Behaviour] = {
    "TrainingJob": training.BEHAVIOUR,
    "TransformJob": transform.BEHAVIOUR,
    "ProcessingJob": processing.BEHAVIOUR,
    "Model": endpoints.MODEL_BEHAVIOUR,
    "EndpointConfig": endpoints.CONFIG_BEHAVIOUR,
    "Endpoint": endpoints.BEHAVIOUR,
    "ModelPackageGroup": registry.GROUP_BEHAVIOUR,
}


def install() -> None:
    """Register the service with the gateway: routes, IAM actions and resources."""
    patterns = {"target_prefixes": ["SageMaker."], "host_patterns": [r"sagemaker\."]}
    gateway.register(SERVICE, handle_request, endpoints.reset, patterns, "sagemaker-runtime")
    resource_arn = iam_actions.extract_resource_arn

    def extract_resource_arn(service: str, method: str, path: str, headers: Any, body: bytes, query: Any, region: str, account: str) -> str:
        if service != SERVICE:
            return str(resource_arn(service, method, path, headers, body, query, region, account))
        return _resource(path, headers, body, region, account)

    iam_actions.extract_resource_arn = extract_resource_arn


def operations() -> dict[str, Operation]:
    """Every operation that is served, by name: the written ones first, the rest from the model."""
    served: dict[str, Operation] = {"AddTags": families.add_tags, "ListTags": families.list_tags, "DeleteTags": families.delete_tags}
    names = set(MODEL.operation_names)
    for noun in sorted(name.removeprefix("Create") for name in names if name.startswith("Create")):
        if f"Describe{noun}" not in names:
            continue
        behaviour = BEHAVIOURS.get(noun, Behaviour())
        served[f"Create{noun}"] = partial(families.create, noun, behaviour=behaviour)
        served[f"Describe{noun}"] = partial(families.describe, noun)
        served[f"Update{noun}"] = partial(families.update, noun, behaviour=behaviour)
        served[f"Delete{noun}"] = partial(families.delete, noun, behaviour=behaviour)
        served[f"List{noun}s"] = partial(families.listing, noun, f"List{noun}s")
    written = {**training.OPERATIONS, **transform.OPERATIONS, **processing.OPERATIONS, **endpoints.OPERATIONS, **registry.OPERATIONS}
    return {name: call for name, call in {**served, **written}.items() if name in names}


_operations: dict[str, Operation] = operations()


async def handle_request(method: str, path: str, headers: dict[str, str], body: bytes | str, query: Any) -> Answer:
    """One request, always off the event loop: most of them call S3 through the gateway."""
    raw = body.encode() if isinstance(body, str) else body or b""
    if match := INVOCATIONS.fullmatch(path):
        return await run_reentrant(runtime.invoke, match[1], headers, raw, thread_name="invoke-endpoint")
    return await run_reentrant(_answer, headers, raw, thread_name=SERVICE)


def _answer(headers: dict[str, str], body: bytes) -> Answer:
    name = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    try:
        if name not in _operations:
            raise ApiError("UnknownOperationException", f"The local SageMaker does not serve {name or 'this request'}")
        parameters = json.loads(body or b"{}")
        validation.check(MODEL.operation_model(name), parameters)
        _check_pass_role(headers, parameters)
        return 200, {**JSON, "x-amzn-requestid": str(uuid.uuid4())}, json.dumps(_operations[name](parameters), default=str).encode()
    except ApiError as error:
        return refusal(error)


def refusal(error: ApiError) -> Answer:
    """An error on the wire."""
    payload = {"__type": error.code, "message": error.message, "Message": error.message, **error.fields}
    return error.status, {**JSON, "x-amzn-errortype": error.code, "x-amzn-requestid": str(uuid.uuid4())}, json.dumps(payload).encode()


def _check_pass_role(headers: dict[str, str], parameters: Record) -> None:
    """Who hands SageMaker a role must be allowed to pass it."""
    role = parameters.get("RoleArn") or parameters.get("ExecutionRoleArn")
    if not role or not app.AUTH:
        return
    access_key = router.extract_access_key_id(headers, {})
    context = {"iam:PassedToService": "sagemaker.amazonaws.com"}
    denied = iam_evaluator.enforce(access_key, "iam:PassRole", "iam", router.extract_region(headers), resource_arn=role, service_context=context)
    if denied:
        who = getattr(denied, "principal_arn", access_key)
        raise ApiError(
            "AccessDeniedException",
            f"User: {who} is not authorized to perform: iam:PassRole on resource: {role} because no identity-based policy allows the iam:PassRole action",
        )


def _resource(path: str, headers: Any, body: bytes, region: str, account: str) -> str:
    """The ARN that a request acts on, for policies on single resources."""
    prefix = f"arn:aws:sagemaker:{region}:{account}:"
    if match := INVOCATIONS.fullmatch(path):
        return f"{prefix}endpoint/{match[1].lower()}"
    action = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    parameters = json.loads(body or b"{}")
    noun = re.sub(r"^(Create|Describe|Update|Delete|Stop)", "", action).removesuffix("WeightsAndCapacities")
    if noun == "ModelPackage":
        return _package_resource(prefix, parameters)
    name = parameters.get(f"{noun}Name") or parameters.get(f"{noun}Arn") or parameters.get("ResourceArn")
    if not name:
        return "*"
    return str(name) if str(name).startswith("arn:") else f"{prefix}{families.kebab(noun)}/{name}"


def _package_resource(prefix: str, parameters: Record) -> str:
    named = parameters.get("ModelPackageArn") or parameters.get("ModelPackageName")
    if named:
        return str(named) if str(named).startswith("arn:") else f"{prefix}model-package/{named}"
    return f"{prefix}model-package/{parameters.get('ModelPackageGroupName', '*')}/*"
