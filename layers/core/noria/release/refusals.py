"""Refusals: why a version is not released at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.kernel.verdict import Reason
from noria.release.policy import objection_to_approver
from noria.sagemaker.versions import version_number

if TYPE_CHECKING:
    from noria.kernel.published_spec import PublishedSpec
    from noria.release.champion import Champion
    from noria.release.shapes.rollout import PlanRolloutInput

#: Codes of refusals that are no failures.
CHANGED_BY_HAND, SERVES_ALREADY = "ChangedByHand", "ServesAlready"
#: The metadata of a version that a run of this stack has registered.
REQUIRED = {"run", "spec", "folder", "holdout_rows", "sagemaker_model", "schema"}


def refusal(event: PlanRolloutInput, spec: PublishedSpec, champion: Champion | None) -> Reason | None:
    """The first reason not to release a version; nothing where there is none."""
    return (
        _unregistered(event)
        or _unapproved(event)
        or (_changed_by_hand(event, champion) if champion else None)
        or (_serves_already(event, champion) if champion else None)
        or objection_to_approver(spec["approve"], spec.get("published_by", "unknown"), event["approver"])
        or (_older(event, champion) if champion else None)
        or (_superseded(event, champion) if champion else None)
    )


def _unregistered(event: PlanRolloutInput) -> Reason | None:
    missing = sorted(REQUIRED - set(event["metadata"]))
    if not missing:
        return None
    text = f"the version lacks {', '.join(missing)} in its metadata: it was not registered by a run of this stack"
    return Reason("NotRegisteredHere", text, sorted(event["metadata"]), missing)


def _unapproved(event: PlanRolloutInput) -> Reason | None:
    status = event["status"]
    return None if status == "Approved" else Reason("NotApproved", f"the version is {status} by now", status, "Approved")


def _changed_by_hand(event: PlanRolloutInput, champion: Champion) -> Reason | None:
    """The endpoint serves neither the champion nor what an interrupted release left."""
    endpoint = event["endpoint"]
    if not endpoint or endpoint.get("EndpointConfigName") in (champion.config, None) or champion.shares(endpoint):
        return None
    config = endpoint["EndpointConfigName"]
    text = (
        f"{endpoint['EndpointName']} serves {config}, not {champion.config} that was released last: somebody has changed it by hand. "
        "Nothing is overwritten; bring it back with noria rollback, or delete the endpoint, and approve the version again"
    )
    return Reason(CHANGED_BY_HAND, text, config, champion.config)


def _serves_already(event: PlanRolloutInput, champion: Champion) -> Reason | None:
    """The version is the champion, and its endpoint is there."""
    endpoint = event["endpoint"]
    if event["package"] != champion.package or not endpoint or endpoint["EndpointStatus"] == "Failed" or endpoint.get("EndpointConfigName") != champion.config:
        return None
    return Reason(SERVES_ALREADY, f"{champion.package} serves already: there is nothing to release", champion.config, champion.config)


def _older(event: PlanRolloutInput, champion: Champion) -> Reason | None:
    """The champion is a newer version, and nobody has said that this one shall take its place.

    A version's metadata property `over` names the newest version that there was when somebody said so: it may wait for its turn.
    """
    package, over = event["package"], event["metadata"].get("over")
    if version_number(package) >= version_number(champion.package) or (over and version_number(champion.package) <= version_number(over)):
        return None
    text = (
        f"{champion.package} is newer and serves: to put {package} in its place, approve it once more with "
        f"noria approve --again, or with {champion.package} as its metadata property over"
    )
    return Reason("OlderVersion", text, package, champion.package)


def _superseded(event: PlanRolloutInput, champion: Champion) -> Reason | None:
    """The champion was approved after this version."""
    if champion.approved_at <= str(event["approved_at"]):
        return None
    text = f"{champion.package} was approved later and serves: approve this version again if it shall take its place"
    return Reason("Superseded", text, event["approved_at"], champion.approved_at)
