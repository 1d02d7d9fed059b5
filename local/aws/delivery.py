"""Delivers EventBridge's events: under the target's role, with its retry policy and its dead-letter queue."""

import inspect
import json
import random
import threading
import time
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from botocore.exceptions import ClientError
from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch_logs, eventbridge, lambda_svc, s3

from local.aws import roles

EVENTS = "events.amazonaws.com"
#: AWS's own defaults and limits of a target's retry policy.
MAX_ATTEMPTS, MAX_AGE_SECONDS = 185, 86_400
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 60.0
#: Errors without a retry; EventBridge sends the event to the dead-letter queue at once.
FINAL_CODES = frozenset(
    {
        "AccessDeniedException",
        "AccessDenied",
        "InvalidExecutionInput",
        "ResourceNotFoundException",
        "RoleNotAssumable",
        "StateMachineDoesNotExist",
        "ValidationException",
    }
)
#: `ERROR_CODE` of a dead letter, by the target's error code; `ERROR_FROM_TARGET` for all others.
DEAD_LETTER_CODES = {
    "AccessDenied": "NO_PERMISSIONS",
    "AccessDeniedException": "NO_PERMISSIONS",
    "InvalidExecutionInput": "INVALID_PARAMETER",
    "ResourceNotFoundException": "NO_RESOURCE",
    "RoleNotAssumable": "FAILED_TO_ASSUME_ROLE",
    "StateMachineDoesNotExist": "NO_RESOURCE",
    "ThrottlingException": "THROTTLING",
    "ValidationException": "INVALID_PARAMETER",
}


@dataclass(frozen=True)
class Delivery:
    """One delivery of an event to a target of a rule."""

    target: dict[str, Any]
    rule_arn: str
    event_id: str


class DeliveryError(Exception):
    """A target refused an event.

    Attributes:
        code: AWS's error code, `AccessDeniedException` for one.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


_current: ContextVar[Delivery | None] = ContextVar("delivery", default=None)
_version_id: ContextVar[str | None] = ContextVar("version_id", default=None)


def install() -> None:
    """Replace EventBridge's calls of targets, and add the version id to S3's events."""
    invoke, dispatch, fire = eventbridge._invoke_target, eventbridge._dispatch_event, s3._fire_s3_event
    parameters = inspect.signature(fire)

    def invoke_target(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
        token = _current.set(Delivery(target, rule.get("Arn", ""), event.get("EventId", "")))
        try:
            if target.get("Arn", "").split(":")[2:3] == ["logs"]:
                view = view or eventbridge._pattern_event_view(event)
                _deliver(_to_logs, target["Arn"], json.dumps(view.event_with_detail()))
            else:
                invoke(target, event, rule, view)
        finally:
            _current.reset(token)

    def dispatch_event(event: dict[str, Any], view: Any = None) -> None:
        if event.get("Source") == "aws.s3" and (version := _version_id.get()):
            detail = json.loads(event["Detail"])
            detail["object"]["version-id"] = version
            event, view = {**event, "Detail": json.dumps(detail)}, None
        dispatch(event, view)

    def fire_s3_event(*args: Any, **kwargs: Any) -> None:
        token = _version_id.set(parameters.bind(*args, **kwargs).arguments.get("version_id"))
        try:
            fire(*args, **kwargs)
        finally:
            _version_id.reset(token)

    eventbridge._invoke_target = invoke_target
    eventbridge._dispatch_event = dispatch_event
    s3._fire_s3_event = fire_s3_event
    eventbridge._dispatch_to_stepfunctions = lambda arn, payload: _deliver(_to_state_machine, arn, payload)
    eventbridge._dispatch_to_lambda = lambda arn, payload: _deliver(_to_function, arn, payload)


def _deliver(call: Any, arn: str, payload: str) -> None:
    """Deliver in the background, in the caller's account and region."""
    threading.Thread(target=copy_context().run, args=(_attempt, call, arn, payload), daemon=True, name="delivery").start()


def _attempt(call: Any, arn: str, payload: str) -> None:
    delivery = _current.get()
    assert delivery is not None
    policy = delivery.target.get("RetryPolicy") or {}
    attempts = int(policy.get("MaximumRetryAttempts", MAX_ATTEMPTS))
    ends = time.monotonic() + int(policy.get("MaximumEventAgeInSeconds", MAX_AGE_SECONDS))
    for retries in range(attempts + 1):
        try:
            call(arn, payload, delivery)
            return
        except DeliveryError as error:
            final, last = error.code in FINAL_CODES, error
        if final or retries == attempts or time.monotonic() > ends:
            exhausted = None if final else "MaximumRetryAttempts" if retries == attempts else "MaximumEventAgeInSeconds"
            _to_dead_letter_queue(delivery, payload, last, retries, exhausted)
            return
        time.sleep(random.uniform(0.5, 1) * min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**retries))


def _to_state_machine(arn: str, payload: str, delivery: Delivery) -> None:
    role = delivery.target.get("RoleArn")
    if not role:
        raise DeliveryError("ValidationException", f"RoleArn is required for target {arn}")
    name = f"{delivery.event_id}_{sha256((delivery.rule_arn + arn).encode()).hexdigest()[:36]}"[:80]
    try:
        roles.client("stepfunctions", role, EVENTS, get_region()).start_execution(stateMachineArn=arn, input=payload, name=name)
    except roles.RoleNotAssumableError as error:
        raise DeliveryError("RoleNotAssumable", str(error)) from error
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code != "ExecutionAlreadyExists":
            raise DeliveryError(code, error.response["Error"]["Message"]) from error


def _to_function(arn: str, payload: str, delivery: Delivery) -> None:
    function, config, name = lambda_svc._get_func_record_for_ref(arn)
    if not function or not config:
        raise DeliveryError("ResourceNotFoundException", f"Function not found: {name}")
    if not _policy_allows(arn, function["policy"], delivery.rule_arn):
        raise DeliveryError("AccessDeniedException", f"{EVENTS} is not authorized to perform: lambda:InvokeFunction on resource: {arn}")
    lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(function, config), json.loads(payload))


def _policy_allows(arn: str, policy: dict[str, Any], rule_arn: str) -> bool:
    """Whether a function's resource policy allows EventBridge to invoke it for this rule; EventBridge has no role at a function."""
    account = get_account_id()
    context = iam_evaluator.EvalContext(EVENTS, "Service", account, "lambda:InvokeFunction", arn, get_region())
    context.service_context = {"aws:sourcearn": rule_arn, "aws:sourceaccount": account}
    return bool(iam_evaluator.evaluate_resource_policy(policy, context, service=EVENTS).decision == "Allow")


def _to_logs(arn: str, payload: str, delivery: Delivery) -> None:
    group = arn.split(":log-group:")[1].removesuffix(":*")
    if group not in cloudwatch_logs._log_groups:
        raise DeliveryError("ResourceNotFoundException", f"The specified log group does not exist: {group}")
    stream = delivery.event_id or "events"
    cloudwatch_logs._create_log_stream({"logGroupName": group, "logStreamName": stream})
    entry = {"timestamp": int(time.time() * 1000), "message": payload}
    cloudwatch_logs._put_log_events({"logGroupName": group, "logStreamName": stream, "logEvents": [entry]})


def _to_dead_letter_queue(delivery: Delivery, payload: str, error: DeliveryError, retries: int, exhausted: str | None) -> None:
    arn = (delivery.target.get("DeadLetterConfig") or {}).get("Arn")
    if not arn:
        return
    account, queue = get_account_id(), arn.rsplit(":", 1)[1]
    attributes = {
        "RULE_ARN": delivery.rule_arn,
        "TARGET_ARN": delivery.target["Arn"],
        "ERROR_CODE": DEAD_LETTER_CODES.get(error.code, "ERROR_FROM_TARGET"),
        "ERROR_MESSAGE": str(error),
        "RETRY_ATTEMPTS": str(retries),
        **({"EXHAUSTED_RETRY_CONDITION": exhausted} if exhausted else {}),
    }
    roles.client_with("sqs", "test", "test", None, get_region()).send_message(
        QueueUrl=f"{roles.gateway_url()}/{account}/{queue}",
        MessageBody=payload,
        MessageAttributes={name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    )
