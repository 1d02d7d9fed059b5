"""Application Auto Scaling of endpoint variants: target tracking on the requests that an instance answers in a minute.

Sources: "Target tracking scaling policies for Application Auto Scaling", Application Auto Scaling user guide; "Automatic scaling
of Amazon SageMaker AI models" and "Update endpoints that use auto scaling", SageMaker developer guide.
"""

import json
import math
import re
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ministack.core import iam_actions
from ministack.core.concurrency import run_reentrant
from ministack.core.responses import get_account_id, get_region, request_scope

from local import clock
from local.aws import gateway, metrics, models
from local.sagemaker import validation
from local.sagemaker.errors import ApiError, invalid

Json = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]
Scope = tuple[str, str, str]
SERVICE = "application-autoscaling"
MODEL = models.service_model(SERVICE)
JSON = {"Content-Type": "application/x-amz-json-1.1"}
RESOURCE = re.compile(r"endpoint/([^/]+)/variant/([^/]+)")
DIMENSION = "sagemaker:variant:DesiredInstanceCount"
#: A variant grows after so many minutes above its target, and shrinks after so many below this share of it.
OUT_MINUTES, IN_MINUTES, IN_SHARE = 3, 15, 0.9
COOLDOWN_SECONDS = 300.0
SHORTEST_LOOK_SECONDS = 0.5
MOST_ACTIVITIES = 50


@dataclass
class Target:
    """A variant that scales, with its policies by name.

    Attributes:
        scaled: when its instances were changed last (seconds since the epoch).
    """

    record: Json
    policies: dict[str, Json] = field(default_factory=dict)
    scaled: float = 0.0


@dataclass
class Fleet:
    """What is known of a variant, and how its instances are set; given by whoever keeps the endpoints."""

    count: Callable[[str, str], int | None]
    scale: Callable[[str, str, int], None]


_targets: dict[Scope, Target] = {}
_activities: list[tuple[Scope, Json]] = []
_fleet: list[Fleet] = []


def install(fleet: Fleet) -> None:
    """Register the service with the gateway, and follow the traffic from now on."""
    _fleet[:] = [fleet]
    patterns = {"target_prefixes": [f"{MODEL.metadata['targetPrefix']}."], "host_patterns": [rf"{SERVICE}\."]}
    gateway.register(SERVICE, handle_request, reset, patterns, SERVICE)
    arn, context = iam_actions.extract_resource_arn, iam_actions.request_tag_context

    def extract_resource_arn(service: str, method: str, path: str, headers: Any, body: bytes, query: Any, region: str, account: str) -> str:
        if service != SERVICE:
            return str(arn(service, method, path, headers, body, query, region, account))
        return f"arn:aws:{SERVICE}:{region}:{account}:scalable-target/*"

    def request_tag_context(service: str, action: str, body: bytes, query: Any) -> Any:
        if service != SERVICE:
            return context(service, action, body, query)
        asked = json.loads(body or b"{}")
        return {f"{SERVICE}:service-namespace": asked.get("ServiceNamespace"), f"{SERVICE}:scalable-dimension": asked.get("ScalableDimension")}

    iam_actions.extract_resource_arn, iam_actions.request_tag_context = extract_resource_arn, request_tag_context
    threading.Thread(target=_keep_following, daemon=True, name=SERVICE).start()


def reset() -> None:
    """Forget every target."""
    _targets.clear()
    _activities.clear()


async def handle_request(method: str, path: str, headers: dict[str, str], body: bytes | str, query: Any) -> Answer:
    """One request, off the event loop."""
    return await run_reentrant(_answer, headers, body.encode() if isinstance(body, str) else body or b"{}", thread_name=SERVICE)


def _answer(headers: dict[str, str], body: bytes) -> Answer:
    name, known = headers.get("x-amz-target", "").rsplit(".", 1)[-1], {**JSON, "x-amzn-requestid": str(uuid.uuid4())}
    try:
        if name not in OPERATIONS:
            raise ApiError("UnknownOperationException", f"The local Application Auto Scaling does not serve {name or 'this request'}")
        parameters = json.loads(body)
        validation.check(MODEL.operation_model(name), parameters)
        if parameters.get("ServiceNamespace") != "sagemaker" or parameters.get("ScalableDimension", DIMENSION) != DIMENSION:
            raise ApiError("ValidationException", f"The local Application Auto Scaling scales {DIMENSION} alone")
        return 200, known, json.dumps(OPERATIONS[name](parameters), default=str).encode()
    except ApiError as error:
        payload = {"__type": error.code, "message": error.message, "Message": error.message}
        return error.status, {**known, "x-amzn-errortype": error.code}, json.dumps(payload).encode()


def targets_of(endpoint: str) -> list[str]:
    """Variants of an endpoint that are scalable targets."""
    found = [RESOURCE.fullmatch(resource) for account, region, resource in _targets if (account, region) == (get_account_id(), get_region())]
    return [match[2] for match in found if match and match[1] == endpoint]


def minimum(endpoint: str, variant: str) -> int:
    """Instances that a variant has at least: `MinCapacity` of its scalable target, none where it is not one."""
    target = _targets.get(_scope(f"endpoint/{endpoint}/variant/{variant}"))
    return int(target.record["MinCapacity"]) if target else 0


def forget(endpoint: str) -> None:
    """An endpoint that is deleted takes its targets with it."""
    for variant in targets_of(endpoint):
        _targets.pop(_scope(f"endpoint/{endpoint}/variant/{variant}"), None)


def _scope(resource: str) -> Scope:
    return get_account_id(), get_region(), resource


def _found(parameters: Json) -> Target:
    resource = parameters["ResourceId"]
    target = _targets.get(_scope(resource))
    if target is None:
        told = f"service namespace: sagemaker, resource ID: {resource}, scalable dimension: {DIMENSION}"
        raise ApiError("ObjectNotFoundException", f"No scalable target found for {told}")
    return target


def _register(parameters: Json) -> Json:
    resource = parameters["ResourceId"]
    match = RESOURCE.fullmatch(resource)
    if match is None or _fleet[0].count(match[1], match[2]) is None:
        raise invalid(f"Validation failed for resource: {resource}. Reason: no endpoint variant of this name was found")
    before = _targets.get(_scope(resource))
    kept = before.record if before else {"MinCapacity": None, "MaxCapacity": None, "CreationTime": time.time()}
    record = {**kept, **{name: value for name, value in parameters.items() if name != "Tags"}}
    if record["MinCapacity"] is None or record["MaxCapacity"] is None or record["MinCapacity"] > record["MaxCapacity"]:
        raise invalid("MinCapacity and MaxCapacity are required, and MinCapacity is at most MaxCapacity")
    suspended = dict.fromkeys(("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"), False)
    record["SuspendedState"] = {**suspended, **record.get("SuspendedState", {})}
    record.setdefault("ScalableTargetARN", f"arn:aws:{SERVICE}:{get_region()}:{get_account_id()}:scalable-target/{uuid.uuid4().hex}")
    record.setdefault("RoleARN", f"arn:aws:iam::{get_account_id()}:role/aws-service-role/sagemaker.{SERVICE}.amazonaws.com/{ROLE}")
    if before:
        before.record = record
    else:
        _targets[_scope(resource)] = Target(record)
    return {"ScalableTargetARN": record["ScalableTargetARN"]}


ROLE = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"


def _deregister(parameters: Json) -> Json:
    _found(parameters)
    _targets.pop(_scope(parameters["ResourceId"]))
    return {}


def _put_policy(parameters: Json) -> Json:
    target, name = _found(parameters), parameters["PolicyName"]
    tracking = parameters.get("TargetTrackingScalingPolicyConfiguration", {})
    kind = tracking.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType")
    if parameters.get("PolicyType") != "TargetTrackingScaling" or kind != "SageMakerVariantInvocationsPerInstance":
        raise invalid("The local Application Auto Scaling follows TargetTrackingScaling on SageMakerVariantInvocationsPerInstance alone")
    arn = f"arn:aws:autoscaling:{get_region()}:{get_account_id()}:scalingPolicy:{uuid.uuid4()}:resource/sagemaker/{parameters['ResourceId']}:policyName/{name}"
    target.policies[name] = {"PolicyARN": arn, "CreationTime": time.time(), "Alarms": [], **target.policies.get(name, {}), **parameters}
    return {"PolicyARN": target.policies[name]["PolicyARN"], "Alarms": []}


def _delete_policy(parameters: Json) -> Json:
    if _found(parameters).policies.pop(parameters["PolicyName"], None) is None:
        raise ApiError("ObjectNotFoundException", f"No scaling policy found for policy name: {parameters['PolicyName']}")
    return {}


def _mine() -> dict[str, Target]:
    return {resource: target for (account, region, resource), target in _targets.items() if (account, region) == (get_account_id(), get_region())}


def _describe_targets(parameters: Json) -> Json:
    wanted = parameters.get("ResourceIds")
    return {"ScalableTargets": [target.record for resource, target in _mine().items() if not wanted or resource in wanted]}


def _describe_policies(parameters: Json) -> Json:
    wanted, names = parameters.get("ResourceId"), parameters.get("PolicyNames")
    found = [policy for resource, target in _mine().items() if wanted in (None, resource) for policy in target.policies.values()]
    return {"ScalingPolicies": [policy for policy in found if not names or policy["PolicyName"] in names]}


def _describe_activities(parameters: Json) -> Json:
    wanted = parameters.get("ResourceId")
    here = (get_account_id(), get_region())
    return {"ScalingActivities": [told for (*where, resource), told in reversed(_activities) if tuple(where) == here and wanted in (None, resource)]}


OPERATIONS: dict[str, Callable[[Json], Json]] = {
    "RegisterScalableTarget": _register,
    "DeregisterScalableTarget": _deregister,
    "DescribeScalableTargets": _describe_targets,
    "PutScalingPolicy": _put_policy,
    "DeleteScalingPolicy": _delete_policy,
    "DescribeScalingPolicies": _describe_policies,
    "DescribeScalingActivities": _describe_activities,
}


def _keep_following() -> None:
    while True:
        time.sleep(max(SHORTEST_LOOK_SECONDS, clock.scaled(60)))
        for scope, target in list(_targets.items()):
            with request_scope(scope[0], scope[1]):
                _follow(scope, target)


def _follow(scope: Scope, target: Target) -> None:
    match = RESOURCE.fullmatch(scope[2])
    assert match
    count = _fleet[0].count(match[1], match[2])
    if count is None:
        return
    wanted, why = count, ""
    for policy in target.policies.values():
        wanted, why = _tracked(target, policy["TargetTrackingScalingPolicyConfiguration"], match, count)
    held = target.record["SuspendedState"]
    if (wanted > count and held["DynamicScalingOutSuspended"]) or (wanted < count and held["DynamicScalingInSuspended"]):
        wanted = count
    bounded = min(max(wanted, target.record["MinCapacity"]), target.record["MaxCapacity"])
    if bounded == count:
        return
    try:
        _fleet[0].scale(match[1], match[2], bounded)
    except ApiError:
        # Whoever changes the endpoint just now is waited for.
        return
    target.scaled = now = time.time()
    told = {
        "ActivityId": str(uuid.uuid4()),
        "ServiceNamespace": "sagemaker",
        "ResourceId": scope[2],
        "ScalableDimension": DIMENSION,
        "Description": f"Setting desired instance count to {bounded}.",
        "Cause": why or f"the count of {count} is not between {target.record['MinCapacity']} and {target.record['MaxCapacity']}",
        "StartTime": now,
        "EndTime": now,
        "StatusCode": "Successful",
    }
    _activities[:] = [*_activities, (scope, told)][-MOST_ACTIVITIES:]


def _tracked(target: Target, tracking: Json, match: re.Match[str], count: int) -> tuple[int, str]:
    """How many instances one policy wants, and why."""
    dimensions, goal = {"EndpointName": match[1], "VariantName": match[2]}, float(tracking["TargetValue"])
    # Where a minute is shorter, its requests stand for those of a whole one.
    minutes = [None if value is None else value * 60 / clock.period(60) for value in _requests(dimensions)]
    since = time.time() - target.scaled
    latest = [value for value in minutes[:OUT_MINUTES] if value is not None]
    if len(latest) == OUT_MINUTES and min(latest) > goal and since >= clock.scaled(tracking.get("ScaleOutCooldown", COOLDOWN_SECONDS)):
        return math.ceil(count * latest[0] / goal), f"{latest[0]:g} requests an instance and minute are more than {goal:g}"
    known = [value for value in minutes if value is not None]
    quiet = len(known) == IN_MINUTES and max(known) < IN_SHARE * goal and not tracking.get("DisableScaleIn")
    if quiet and since >= clock.scaled(tracking.get("ScaleInCooldown", COOLDOWN_SECONDS)):
        return max(1, math.ceil(count * max(known) / goal)), f"{max(known):g} requests an instance and minute are less than {IN_SHARE * goal:g}"
    return count, ""


def _requests(dimensions: dict[str, str]) -> list[float | None]:
    return metrics.recent("AWS/SageMaker", "InvocationsPerInstance", dimensions, "Sum", IN_MINUTES)
