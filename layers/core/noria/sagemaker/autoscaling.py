"""Requests to Application Auto Scaling for the instances of an endpoint's variants."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from noria.kernel.published_spec import AutoscaleShape
    from noria.sagemaker.scaling_requests import PutScalingPolicy, RegisterScalableTarget, ScalableTarget


def scalable_target(endpoint: str, variant: str) -> ScalableTarget:
    """A variant as Application Auto Scaling names it; alone it is `DeregisterScalableTarget`."""
    return {
        "ServiceNamespace": "sagemaker",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "ResourceId": f"endpoint/{endpoint}/variant/{variant}",
    }


def register(target: ScalableTarget, autoscale: AutoscaleShape, scale_in: bool) -> RegisterScalableTarget:
    """`RegisterScalableTarget`.

    Args:
        scale_in: whether instances may be taken away.
    """
    return {
        **target,
        "MinCapacity": autoscale["min"],
        "MaxCapacity": autoscale["max"],
        "SuspendedState": {"DynamicScalingInSuspended": not scale_in, "DynamicScalingOutSuspended": False, "ScheduledScalingSuspended": not scale_in},
    }


def follow_requests(target: ScalableTarget, name: str, autoscale: AutoscaleShape) -> PutScalingPolicy:
    """`PutScalingPolicy`: target tracking on requests an instance and minute."""
    return {
        **target,
        "PolicyName": name,
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": autoscale["requests"],
            "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
            "ScaleOutCooldown": autoscale["out_seconds"],
            "ScaleInCooldown": autoscale["in_seconds"],
        },
    }
