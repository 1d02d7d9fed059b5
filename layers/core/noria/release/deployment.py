"""Outcome of a deployment: what the endpoint serves in the end, against the configuration that was requested."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.kernel.verdict import Reason, Verdict, root_cause
from noria.release import status
from noria.release.autoscaling import scaling_failures

if TYPE_CHECKING:
    from noria.kernel.shapes import FailureShape
    from noria.release.shapes.rollout import PlanRolloutResult
    from noria.sagemaker.descriptions import DeployedEndpoint

IN_SERVICE = "InService"
#: Code of the reason that SageMaker has taken the traffic back by itself.
WENT_BACK = "WentBack"


def failure_reason(failure: FailureShape | None) -> Reason:
    """A failed task as a reason: its error is the code, the innermost cause the text."""
    if failure is None:
        return Reason("States.Runtime", root_cause(""))
    return Reason(str(failure.get("Error", "States.Runtime")), root_cause(str(failure.get("Cause", ""))))


def serves(deployment: DeployedEndpoint, config: str | None) -> bool:
    """Whether the endpoint is in service with a configuration."""
    return deployment["EndpointStatus"] == IN_SERVICE and deployment.get("EndpointConfigName") == config


def rollout_verdict(plan: PlanRolloutResult, deployment: DeployedEndpoint, evidence: tuple[Reason, ...]) -> Verdict:
    """The verdict on a release whose version was to serve alone: completed only with the very configuration that was requested."""
    config = plan["config"]
    if serves(deployment, config):
        reason = Reason("Serves", f"{plan['endpoint']} serves {config}", config, config)
        return Verdict(status.COMPLETED, (reason, *scaling_failures(deployment), *evidence))
    outcome, reason = _shortfall(plan, deployment)
    return Verdict(outcome, (reason,))


def _shortfall(plan: PlanRolloutResult, deployment: DeployedEndpoint) -> tuple[str, Reason]:
    """Why the endpoint does not serve the version."""
    name, config, state, actual = plan["endpoint"], plan["config"], deployment["EndpointStatus"], deployment.get("EndpointConfigName")
    if refusal := deployment.get("Refusal"):
        return status.FAILED, Reason(str(refusal.get("Error")), root_cause(str(refusal.get("Cause", ""))), actual, config)
    if state != IN_SERVICE:
        return status.FAILED, Reason("EndpointNotInService", deployment.get("FailureReason", f"the endpoint is {state}"), state, IN_SERVICE)
    if actual != deployment.get("PreviousConfig", actual):
        text = f"{name} serves {actual}, which another release or a hand has put there meanwhile, not {config} that was asked for"
        return status.FAILED, Reason("Overtaken", text, actual, config)
    text = f"{name} is InService with {actual}, not with {config} that was asked for: SageMaker went back to it"
    return status.ROLLED_BACK, Reason(WENT_BACK, text, actual, config)
