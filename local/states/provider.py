"""The `states` service: the gateway, EventBridge and CloudFormation call LocalStack's provider."""

import json
import sys
import types
from typing import Any

# The provider's JSONata imports a JVM; expressions.py evaluates in its place.
for _name in ("jpype", "jpype.imports"):
    sys.modules.setdefault(_name, types.ModuleType(_name))
sys.modules["jpype"].imports = sys.modules["jpype.imports"]  # type: ignore[attr-defined]

import localstack.aws.connect
from ministack.core.concurrency import run_reentrant
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import eventbridge, stepfunctions

from local.aws import roles

Answer = tuple[int, dict[str, str], bytes]
STATES = "states.amazonaws.com"
DEFAULT_REGION = "us-east-1"
ROOT = "test"
#: botocore's names of services, where the provider has another.
APIS = {"awslambda": "lambda", "lambda_": "lambda"}


class Clients:
    """The provider's clients of other services: clients of the gateway under one role, or as root."""

    def __init__(self, region: str, role_arn: str | None) -> None:
        self._region, self._role = region, role_arn

    def get_client(self, service: str, **_: Any) -> Any:
        if self._role:
            return roles.client(service, self._role, STATES, self._region)
        return roles.client_with(service, ROOT, ROOT, None, self._region)

    def __getattr__(self, service: str) -> Any:
        if service.startswith("_"):
            raise AttributeError(service)
        return self.get_client(APIS.get(service, service).replace("_", "-"))


class Connect:
    """Replaces LocalStack's client factory."""

    def __call__(self, region_name: str | None = None, **_: Any) -> Clients:
        return Clients(region_name or DEFAULT_REGION, None)

    def with_assumed_role(self, role_arn: str, region_name: str | None = None, **_: Any) -> Clients:
        roles.assume(role_arn, STATES)
        return Clients(region_name or DEFAULT_REGION, role_arn)


class Events:
    """Sends the status events of executions to the default bus of their account."""

    def __init__(self, account: str, region: str) -> None:
        self._account, self._region = account, region

    def put_events(self, Entries: list[dict[str, Any]]) -> None:
        with request_scope(self._account, self._region):
            eventbridge._put_events({"Entries": Entries}, allow_aws_source=True)


localstack.aws.connect.connect_to = Connect()

# The provider binds `connect_to` at its import, so its import comes after the replacement.
from localstack.aws.api import RequestContext
from localstack.aws.skeleton import create_skeleton
from localstack.aws.spec import load_service
from localstack.http import Request
from localstack.services.stepfunctions.backend.execution import Execution
from localstack.services.stepfunctions.provider import StepFunctionsProvider

_model = load_service("stepfunctions")
_provider = StepFunctionsProvider()
_skeleton = create_skeleton("stepfunctions", _provider)


def install() -> None:
    """Serve the gateway's `states` by the provider."""
    Execution._get_events_client = lambda self: Events(self.account_id, self.region_name)
    stepfunctions.handle_request = handle_request
    stepfunctions._start_execution = lambda data: call("StartExecution", data)
    stepfunctions._resolve_state_machine_arn = _existing_arn


def call(action: str, data: dict[str, Any]) -> Answer:
    """One request in the caller's account and region, answered in this thread."""
    headers = {"x-amz-target": f"AWSStepFunctions.{action}", "content-type": "application/x-amz-json-1.0"}
    return _invoke(headers, json.dumps(data).encode(), get_account_id(), get_region())


async def handle_request(method: str, path: str, headers: dict[str, str], body: bytes, query_params: Any) -> Answer:
    """One request, off the event loop: the provider waits for requests of its own."""
    answer: Answer = await run_reentrant(_invoke, headers, body or b"{}", get_account_id(), get_region(), thread_name="states")
    return answer


def _invoke(headers: dict[str, str], body: bytes, account: str, region: str) -> Answer:
    if refusal := _refuse_untrusted_role(headers, body):
        return refusal
    context = RequestContext(Request("POST", "/", headers=dict(headers), body=body))
    context.service, context.protocol, context.account_id, context.region = _model, _model.protocol, account, region
    response = _skeleton.invoke(context)
    answer_headers = {name: value for name, value in response.headers.items() if name.lower() != "content-length"}
    return response.status_code, answer_headers, response.get_data()


def _refuse_untrusted_role(headers: dict[str, str], body: bytes) -> Answer | None:
    """The error of a state machine whose role Step Functions may not assume."""
    if headers.get("x-amz-target", "").rsplit(".", 1)[-1] not in {"CreateStateMachine", "UpdateStateMachine"}:
        return None
    try:
        if role := json.loads(body).get("roleArn"):
            roles.assume(role, STATES)
    except roles.RoleNotAssumableError as error:
        return 400, {"content-type": "application/x-amz-json-1.0"}, json.dumps({"__type": "AccessDeniedException", "message": str(error)}).encode()
    return None


def _existing_arn(arn: str) -> str | None:
    scope = types.SimpleNamespace(account_id=get_account_id(), region=get_region())
    return arn if arn in _provider.get_store(scope).state_machines else None
