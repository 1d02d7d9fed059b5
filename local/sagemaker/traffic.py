"""Deployment guardrails: how traffic moves from the old fleet to the new one, and back when an alarm says so.

Sources: "Deployment guardrails for updating models in production", "Auto-Rollback Configuration and Monitoring" and
"Use rolling deployments", SageMaker developer guide.
"""

import threading
from typing import Any

from local import clock
from local.aws import metrics
from local.sagemaker.fleets import Serving

Json = dict[str, Any]
#: How often alarms are looked at while traffic bakes (seconds).
LOOK_SECONDS = 10.0
SHORTEST_LOOK_SECONDS = 0.25


class AlarmedError(Exception):
    """An alarm of the rollback configuration went off."""


def move(serving: Serving, deployment: Json, instances: int) -> None:
    """Move all traffic from `serving.fleet` to `serving.incoming`, as the deployment configuration asks.

    Args:
        instances: of the new fleet, by which steps in instances are counted.

    Raises:
        AlarmedError: names the alarm; the traffic is with the old fleet again.
    """
    alarms = [alarm["AlarmName"] for alarm in deployment.get("AutoRollbackConfiguration", {}).get("Alarms", [])]
    policy = deployment.get("BlueGreenUpdatePolicy", {})
    rolling = deployment.get("RollingUpdatePolicy")
    shares, bake = _rolling(rolling, instances) if rolling else _shares(policy.get("TrafficRoutingConfiguration", {}), instances)
    try:
        for share in shares:
            serving.share = share
            _bake(bake, alarms)
        if not rolling:
            _bake(policy.get("TerminationWaitInSeconds", 0), alarms)
    except AlarmedError:
        serving.share = 0.0
        raise


def _shares(routing: Json, instances: int) -> tuple[list[float], float]:
    """Shares of the new fleet one after the other, and how long each bakes (seconds)."""
    kind, bake = routing.get("Type", "ALL_AT_ONCE"), routing.get("WaitIntervalInSeconds", 0)
    if kind == "CANARY":
        return [_part(routing["CanarySize"], instances), 1.0], bake
    if kind == "LINEAR":
        step = _part(routing["LinearStepSize"], instances)
        count = max(1, round(1 / step))
        return [min(1.0, step * (i + 1)) for i in range(count)], bake
    return [1.0], bake


def _rolling(policy: Json, instances: int) -> tuple[list[float], float]:
    step = _part(policy["MaximumBatchSize"], instances)
    count = -(-1 // step) if step < 1 else 1
    return [min(1.0, step * (i + 1)) for i in range(int(count))], policy.get("WaitIntervalInSeconds", 0)


def _part(size: Json, instances: int) -> float:
    return float(size["Value"]) / (100.0 if size["Type"] == "CAPACITY_PERCENT" else max(1, instances))


def _bake(seconds: float, alarms: list[str]) -> None:
    left, pause = clock.scaled(seconds), max(SHORTEST_LOOK_SECONDS, clock.scaled(LOOK_SECONDS))
    waited = threading.Event()
    while True:
        if alarmed := [name for name in alarms if metrics.state_of(name) == "ALARM"]:
            raise AlarmedError(f"The following alarms are in ALARM state: {', '.join(alarmed)}")
        if left <= 0:
            return
        waited.wait(min(pause, left))
        left -= pause
