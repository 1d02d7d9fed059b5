"""Autoscaling around a deployment: SageMaker refuses some updates of a variant that scales, so scaling pauses before and resumes after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.kernel.verdict import Reason, root_cause
from noria.release.variants import CHALLENGER, MAIN
from noria.sagemaker import autoscaling

if TYPE_CHECKING:
    from noria.kernel.published_spec import AutoscaleShape
    from noria.release.shapes.deployment import Scaling, ScalingRequests
    from noria.sagemaker.descriptions import DeployedEndpoint


def scaling(endpoint: str, autoscale: AutoscaleShape | None, fallback: AutoscaleShape | None, scale_in: bool = True) -> Scaling:
    """What `deploy` does about autoscaling.

    Args:
        autoscale: the spec's block, or null.
        fallback: the champion's block, which applies where the endpoint does not reach the configuration, or null.
        scale_in: whether instances may be taken away.
    """
    return {
        "pause": [autoscaling.scalable_target(endpoint, variant) for variant in (MAIN, CHALLENGER)],
        "resume": _resume(endpoint, autoscale, scale_in),
        "fallback": _resume(endpoint, fallback, True),
    }


def _resume(endpoint: str, autoscale: AutoscaleShape | None, scale_in: bool) -> list[ScalingRequests]:
    if not autoscale:
        return []
    target = autoscaling.scalable_target(endpoint, MAIN)
    follow = autoscaling.follow_requests(target, f"{endpoint}-requests", autoscale)
    return [{"register": autoscaling.register(target, autoscale, scale_in), "follow": follow}]


def scaling_failures(deployment: DeployedEndpoint) -> list[Reason]:
    """Why an endpoint's instances do not follow the traffic; it serves all the same."""
    failure = deployment.get("ScalingFailure")
    return [Reason("NotScaled", f"serve.autoscale has no effect: {root_cause(str(failure.get('Cause')))}", str(failure.get("Error")))] if failure else []
