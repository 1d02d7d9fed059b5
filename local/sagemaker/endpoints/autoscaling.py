"""The API of Application Auto Scaling for endpoint variants: scalable targets, target tracking policies, activities.

Source: Application Auto Scaling API reference.
"""

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

from ministack.core import iam_actions
from ministack.core.concurrency import run_reentrant
from ministack.core.responses import get_account_id, get_region

from local.aws import gateway, models
from local.sagemaker import validation
from local.sagemaker.endpoints import capacity, scalable_targets, target_tracking
from local.sagemaker.endpoints.scalable_targets import DIMENSION, RESOURCE, Json, Target
from local.sagemaker.errors import ApiError, invalid

Answer = tuple[int, dict[str, str], bytes]
SERVICE = "application-autoscaling"
MODEL = models.service_model(SERVICE)
JSON = {"Content-Type": "application/x-amz-json-1.1"}
ROLE = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
SUSPENDABLE = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")


def install() -> None:
    """Register the service with the gateway, and track the targets from now on."""
    patterns = {"target_prefixes": [f"{MODEL.metadata['targetPrefix']}."], "host_patterns": [rf"{SERVICE}\."]}
    gateway.register(SERVICE, handle_request, scalable_targets.reset, patterns, SERVICE)
    emulator_arn, emulator_context = iam_actions.extract_resource_arn, iam_actions.request_tag_context

    def extract_resource_arn(service: str, method: str, path: str, headers: Any, body: bytes, query: Any, region: str, account: str) -> str:
        if service != SERVICE:
            return str(emulator_arn(service, method, path, headers, body, query, region, account))
        return f"arn:aws:{SERVICE}:{region}:{account}:scalable-target/*"

    def request_tag_context(service: str, action: str, body: bytes, query: Any) -> Any:
        if service != SERVICE:
            return emulator_context(service, action, body, query)
        request = json.loads(body or b"{}")
        return {f"{SERVICE}:service-namespace": request.get("ServiceNamespace"), f"{SERVICE}:scalable-dimension": request.get("ScalableDimension")}

    iam_actions.extract_resource_arn, iam_actions.request_tag_context = extract_resource_arn, request_tag_context
    target_tracking.start()


async def handle_request(method: str, path: str, headers: dict[str, str], body: bytes | str, query: Any) -> Answer:
    """One request, off the event loop."""
    return await run_reentrant(_answer, headers, body.encode() if isinstance(body, str) else body or b"{}", thread_name=SERVICE)


def _answer(headers: dict[str, str], body: bytes) -> Answer:
    name, answer_headers = headers.get("x-amz-target", "").rsplit(".", 1)[-1], {**JSON, "x-amzn-requestid": str(uuid.uuid4())}
    try:
        if name not in OPERATIONS:
            raise ApiError("UnknownOperationException", f"The local Application Auto Scaling does not serve {name or 'this request'}")
        parameters = json.loads(body)
        validation.check(MODEL.operation_model(name), parameters)
        if parameters.get("ServiceNamespace") != "sagemaker" or parameters.get("ScalableDimension", DIMENSION) != DIMENSION:
            raise ApiError("ValidationException", f"The local Application Auto Scaling scales {DIMENSION} alone")
        return 200, answer_headers, json.dumps(OPERATIONS[name](parameters), default=str).encode()
    except ApiError as error:
        payload = {"__type": error.code, "message": error.message, "Message": error.message}
        return error.status, {**answer_headers, "x-amzn-errortype": error.code}, json.dumps(payload).encode()


def _get_target(parameters: Json) -> Target:
    resource = parameters["ResourceId"]
    target = scalable_targets.find(resource)
    if target is None:
        where = f"service namespace: sagemaker, resource ID: {resource}, scalable dimension: {DIMENSION}"
        raise ApiError("ObjectNotFoundException", f"No scalable target found for {where}")
    return target


def _register_target(parameters: Json) -> Json:
    resource = parameters["ResourceId"]
    match = RESOURCE.fullmatch(resource)
    if match is None or capacity.instances(match[1], match[2]) is None:
        raise invalid(f"Validation failed for resource: {resource}. Reason: no endpoint variant of this name was found")
    target = scalable_targets.find(resource)
    before = target.record if target else {"MinCapacity": None, "MaxCapacity": None, "CreationTime": time.time()}
    record = {**before, **{name: value for name, value in parameters.items() if name != "Tags"}}
    if record["MinCapacity"] is None or record["MaxCapacity"] is None or record["MinCapacity"] > record["MaxCapacity"]:
        raise invalid("MinCapacity and MaxCapacity are required, and MinCapacity is at most MaxCapacity")
    record["SuspendedState"] = {**dict.fromkeys(SUSPENDABLE, False), **record.get("SuspendedState", {})}
    record.setdefault("ScalableTargetARN", f"arn:aws:{SERVICE}:{get_region()}:{get_account_id()}:scalable-target/{uuid.uuid4().hex}")
    record.setdefault("RoleARN", f"arn:aws:iam::{get_account_id()}:role/aws-service-role/sagemaker.{SERVICE}.amazonaws.com/{ROLE}")
    if target:
        target.record = record
    else:
        scalable_targets.add(resource, record)
    return {"ScalableTargetARN": record["ScalableTargetARN"]}


def _deregister_target(parameters: Json) -> Json:
    _get_target(parameters)
    scalable_targets.remove(parameters["ResourceId"])
    return {}


def _put_policy(parameters: Json) -> Json:
    target, name = _get_target(parameters), parameters["PolicyName"]
    tracking = parameters.get("TargetTrackingScalingPolicyConfiguration", {})
    metric = tracking.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType")
    if parameters.get("PolicyType") != "TargetTrackingScaling" or metric != "SageMakerVariantInvocationsPerInstance":
        raise invalid("The local Application Auto Scaling follows TargetTrackingScaling on SageMakerVariantInvocationsPerInstance alone")
    arn = f"arn:aws:autoscaling:{get_region()}:{get_account_id()}:scalingPolicy:{uuid.uuid4()}:resource/sagemaker/{parameters['ResourceId']}:policyName/{name}"
    target.policies[name] = {"PolicyARN": arn, "CreationTime": time.time(), "Alarms": [], **target.policies.get(name, {}), **parameters}
    return {"PolicyARN": target.policies[name]["PolicyARN"], "Alarms": []}


def _delete_policy(parameters: Json) -> Json:
    if _get_target(parameters).policies.pop(parameters["PolicyName"], None) is None:
        raise ApiError("ObjectNotFoundException", f"No scaling policy found for policy name: {parameters['PolicyName']}")
    return {}


def _describe_targets(parameters: Json) -> Json:
    ids = parameters.get("ResourceIds")
    return {"ScalableTargets": [target.record for resource, target in scalable_targets.mine().items() if not ids or resource in ids]}


def _describe_policies(parameters: Json) -> Json:
    resource_id, names = parameters.get("ResourceId"), parameters.get("PolicyNames")
    targets = [target for resource, target in scalable_targets.mine().items() if resource_id in (None, resource)]
    policies = [policy for target in targets for policy in target.policies.values()]
    return {"ScalingPolicies": [policy for policy in policies if not names or policy["PolicyName"] in names]}


def _describe_activities(parameters: Json) -> Json:
    resource_id = parameters.get("ResourceId")
    return {"ScalingActivities": [activity for resource, activity in scalable_targets.activities() if resource_id in (None, resource)]}


OPERATIONS: dict[str, Callable[[Json], Json]] = {
    "RegisterScalableTarget": _register_target,
    "DeregisterScalableTarget": _deregister_target,
    "DescribeScalableTargets": _describe_targets,
    "PutScalingPolicy": _put_policy,
    "DeleteScalingPolicy": _delete_policy,
    "DescribeScalingPolicies": _describe_policies,
    "DescribeScalingActivities": _describe_activities,
}
