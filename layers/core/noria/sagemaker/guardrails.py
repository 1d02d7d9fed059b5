"""SageMaker's deployment guardrails: how an update moves the traffic, and the alarms by which it goes back.

Source: "Deployment guardrails for updating models in production", SageMaker developer guide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from types_boto3_sagemaker.type_defs import AutoRollbackConfigTypeDef, CapacitySizeTypeDef, DeploymentConfigTypeDef, TrafficRoutingConfigTypeDef


def canary(share: float, bake_seconds: int, alarms: Sequence[str]) -> DeploymentConfigTypeDef:
    """A second fleet takes one share of the traffic, then all of it."""
    return _blue_green({"Type": "CANARY", "WaitIntervalInSeconds": bake_seconds, "CanarySize": _capacity(share)}, bake_seconds, alarms)


def linear(share: float, bake_seconds: int, alarms: Sequence[str]) -> DeploymentConfigTypeDef:
    """A second fleet takes the traffic in steps of one size."""
    return _blue_green({"Type": "LINEAR", "WaitIntervalInSeconds": bake_seconds, "LinearStepSize": _capacity(share)}, bake_seconds, alarms)


def rolling(share: float, bake_seconds: int, alarms: Sequence[str]) -> DeploymentConfigTypeDef:
    """Batches of instances are replaced one after the other."""
    return {
        "RollingUpdatePolicy": {"MaximumBatchSize": _capacity(share), "WaitIntervalInSeconds": bake_seconds},
        "AutoRollbackConfiguration": _rollback_on(alarms),
    }


def _blue_green(routing: TrafficRoutingConfigTypeDef, bake_seconds: int, alarms: Sequence[str]) -> DeploymentConfigTypeDef:
    return {
        "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": bake_seconds},
        "AutoRollbackConfiguration": _rollback_on(alarms),
    }


def _capacity(share: float) -> CapacitySizeTypeDef:
    return {"Type": "CAPACITY_PERCENT", "Value": round(share * 100)}


def _rollback_on(alarms: Sequence[str]) -> AutoRollbackConfigTypeDef:
    return {"Alarms": [{"AlarmName": alarm} for alarm in alarms]}
