"""Deployment guardrails: shifts traffic from the old fleet to the new one, and back when a rollback alarm goes off.

Sources: "Deployment guardrails for updating models in production", "Auto-Rollback Configuration and Monitoring" and
"Use rolling deployments", SageMaker developer guide.
"""

import threading
from typing import Any

from local import clock
from local.aws import metrics
from local.sagemaker.endpoints.fleets import Deployment

Json = dict[str, Any]
#: Time between two looks at the alarms while traffic bakes (seconds).
LOOK_SECONDS, SHORTEST_LOOK_SECONDS = 10.0, 0.25


class RollbackAlarmError(Exception):
    """An alarm of the auto-rollback configuration is in state ALARM."""


def shift(deployment: Deployment, config: Json, instances: int) -> None:
    """Shift all traffic from `deployment.fleet` to `deployment.incoming`.

    Args:
        config: `DeploymentConfig` of the update.
        instances: of the new fleet, for steps that are given in instances.

    Raises:
        RollbackAlarmError: names the alarm; all traffic is with the old fleet again.
    """
    alarms = [alarm["AlarmName"] for alarm in config.get("AutoRollbackConfiguration", {}).get("Alarms", [])]
    policy = config.get("BlueGreenUpdatePolicy", {})
    rolling = config.get("RollingUpdatePolicy")
    shares, bake = _rolling(rolling, instances) if rolling else _blue_green(policy.get("TrafficRoutingConfiguration", {}), instances)
    try:
        for share in shares:
            deployment.share = share
            _bake(bake, alarms)
        if not rolling:
            _bake(policy.get("TerminationWaitInSeconds", 0), alarms)
    except RollbackAlarmError:
        deployment.share = 0.0
        raise


def _blue_green(routing: Json, instances: int) -> tuple[list[float], float]:
    """The new fleet's shares in their order, and the bake time of each (seconds)."""
    kind, bake = routing.get("Type", "ALL_AT_ONCE"), routing.get("WaitIntervalInSeconds", 0)
    if kind == "CANARY":
        return [_fraction(routing["CanarySize"], instances), 1.0], bake
    if kind == "LINEAR":
        step = _fraction(routing["LinearStepSize"], instances)
        count = max(1, round(1 / step))
        return [min(1.0, step * (i + 1)) for i in range(count)], bake
    return [1.0], bake


def _rolling(policy: Json, instances: int) -> tuple[list[float], float]:
    """As `_blue_green`, in batches."""
    step = _fraction(policy["MaximumBatchSize"], instances)
    count = -(-1 // step) if step < 1 else 1
    return [min(1.0, step * (i + 1)) for i in range(int(count))], policy.get("WaitIntervalInSeconds", 0)


def _fraction(size: Json, instances: int) -> float:
    return float(size["Value"]) / (100.0 if size["Type"] == "CAPACITY_PERCENT" else max(1, instances))


def _bake(seconds: float, alarms: list[str]) -> None:
    """Wait while no alarm is in state ALARM."""
    left, pause = clock.scaled(seconds), max(SHORTEST_LOOK_SECONDS, clock.scaled(LOOK_SECONDS))
    timer = threading.Event()
    while True:
        if active := [name for name in alarms if metrics.state_of(name) == "ALARM"]:
            raise RollbackAlarmError(f"The following alarms are in ALARM state: {', '.join(active)}")
        if left <= 0:
            return
        timer.wait(min(pause, left))
        left -= pause
