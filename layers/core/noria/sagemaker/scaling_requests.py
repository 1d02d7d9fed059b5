"""Types of the requests to Application Auto Scaling. Only type checkers import them."""

from __future__ import annotations

from typing import TypedDict


class ScalableTarget(TypedDict):
    """One variant of an endpoint; alone it is the request of `DeregisterScalableTarget`."""

    ServiceNamespace: str
    ScalableDimension: str
    ResourceId: str


class RegisterScalableTarget(ScalableTarget):
    """The request of `RegisterScalableTarget`."""

    MinCapacity: int
    MaxCapacity: int
    SuspendedState: SuspendedState


class SuspendedState(TypedDict):
    """Which scaling is suspended."""

    DynamicScalingInSuspended: bool
    DynamicScalingOutSuspended: bool
    ScheduledScalingSuspended: bool


class PutScalingPolicy(ScalableTarget):
    """The request of `PutScalingPolicy`."""

    PolicyName: str
    PolicyType: str
    TargetTrackingScalingPolicyConfiguration: TargetTracking


class TargetTracking(TypedDict):
    """Target tracking; cooldowns in seconds."""

    TargetValue: float
    PredefinedMetricSpecification: dict[str, str]
    ScaleOutCooldown: int
    ScaleInCooldown: int
