"""Target tracking: sets a variant's instance count by the requests that an instance answers in a minute.

Sources: "Target tracking scaling policies for Application Auto Scaling", Application Auto Scaling user guide; "Automatic scaling
of Amazon SageMaker AI models" and "Update endpoints that use auto scaling", SageMaker developer guide.
"""

import math
import re
import threading
import time
import uuid

from ministack.core.responses import request_scope

from local import clock
from local.aws import metrics
from local.sagemaker.endpoints import capacity, scalable_targets
from local.sagemaker.endpoints.scalable_targets import DIMENSION, RESOURCE, Json, Key, Target
from local.sagemaker.errors import ApiError

#: A variant grows after so many minutes above its target, and shrinks after so many below this share of it.
OUT_MINUTES, IN_MINUTES, IN_SHARE = 3, 15, 0.9
COOLDOWN_SECONDS = 300.0
SHORTEST_LOOK_SECONDS = 0.5


def start() -> None:
    """Track every scalable target from now on."""
    threading.Thread(target=_track_forever, daemon=True, name="target-tracking").start()


def _track_forever() -> None:
    while True:
        time.sleep(max(SHORTEST_LOOK_SECONDS, clock.scaled(60)))
        for key, target in scalable_targets.every():
            with request_scope(key[0], key[1]):
                _adjust(key, target)


def _adjust(key: Key, target: Target) -> None:
    """Set the instance count that a target's policies ask for, between its minimum and maximum."""
    match = RESOURCE.fullmatch(key[2])
    assert match
    count = capacity.instances(match[1], match[2])
    if count is None:
        return
    desired, cause = count, ""
    for policy in target.policies.values():
        desired, cause = _desired_count(target, policy["TargetTrackingScalingPolicyConfiguration"], match, count)
    suspended = target.record["SuspendedState"]
    if (desired > count and suspended["DynamicScalingOutSuspended"]) or (desired < count and suspended["DynamicScalingInSuspended"]):
        desired = count
    minimum, maximum = target.record["MinCapacity"], target.record["MaxCapacity"]
    desired = min(max(desired, minimum), maximum)
    if desired == count:
        return
    try:
        capacity.scale(match[1], match[2], desired)
    except ApiError:
        # Another change of the endpoint is under way; the next look tries again.
        return
    target.changed = time.time()
    scalable_targets.add_activity(key, _activity(key, desired, cause or f"the count of {count} is not between {minimum} and {maximum}", target.changed))


def _activity(key: Key, count: int, cause: str, now: float) -> Json:
    """`ScalingActivity` of the API."""
    return {
        "ActivityId": str(uuid.uuid4()),
        "ServiceNamespace": "sagemaker",
        "ResourceId": key[2],
        "ScalableDimension": DIMENSION,
        "Description": f"Setting desired instance count to {count}.",
        "Cause": cause,
        "StartTime": now,
        "EndTime": now,
        "StatusCode": "Successful",
    }


def _desired_count(target: Target, tracking: Json, match: re.Match[str], count: int) -> tuple[int, str]:
    """The instance count that one policy asks for, and the cause.

    Args:
        tracking: `TargetTrackingScalingPolicyConfiguration`.
        match: endpoint and variant.
        count: the present instance count.
    """
    dimensions, goal = {"EndpointName": match[1], "VariantName": match[2]}, float(tracking["TargetValue"])
    # Where a minute is shorter, its requests stand for those of a whole one.
    minutes = [None if value is None else value * 60 / clock.period(60) for value in _requests_per_instance(dimensions)]
    since = time.time() - target.changed
    latest = [value for value in minutes[:OUT_MINUTES] if value is not None]
    if len(latest) == OUT_MINUTES and min(latest) > goal and since >= clock.scaled(tracking.get("ScaleOutCooldown", COOLDOWN_SECONDS)):
        return math.ceil(count * latest[0] / goal), f"{latest[0]:g} requests an instance and minute are more than {goal:g}"
    values = [value for value in minutes if value is not None]
    quiet = len(values) == IN_MINUTES and max(values) < IN_SHARE * goal and not tracking.get("DisableScaleIn")
    if quiet and since >= clock.scaled(tracking.get("ScaleInCooldown", COOLDOWN_SECONDS)):
        return max(1, math.ceil(count * max(values) / goal)), f"{max(values):g} requests an instance and minute are less than {IN_SHARE * goal:g}"
    return count, ""


def _requests_per_instance(dimensions: dict[str, str]) -> list[float | None]:
    return metrics.recent_values("AWS/SageMaker", "InvocationsPerInstance", dimensions, "Sum", IN_MINUTES)
