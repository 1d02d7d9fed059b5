"""Decides who approves a version: the spec's policy, or a person. The registry holds the approval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.kernel.spec_defaults import with_defaults
from noria.kernel.verdict import Reason, Verdict
from noria.release import policy
from noria.sagemaker import versions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from noria.kernel.published_spec import ApproveShape, PublishedSpec
    from noria.release.shapes.approval import DecideApprovalInput, DecideApprovalResult

APPROVED, PENDING = "approved", "pending"
#: Who has approved, where no person has.
AUTOMATIC = "noria:automatic"
#: SNS takes this much of a subject (characters).
LONGEST_SUBJECT = 100


def decide_approval(event: DecideApprovalInput) -> DecideApprovalResult:
    """Approve a registered version, or ask its approvers."""
    spec: PublishedSpec = with_defaults(event["spec"])
    approve = spec["approve"]
    if approve["mode"] == "manual":
        return _pending(event, approve, [Reason("AsksAPerson", "approve.mode is manual", "manual", "automatic")])
    reasons = policy.objections(event, approve)
    return _pending(event, approve, reasons) if reasons else _approved(event, approve)


def _approved(event: DecideApprovalInput, approve: ApproveShape) -> DecideApprovalResult:
    text = "every gate of its evaluation and the whole policy were passed, and approve.mode is automatic"
    description = f"noria: {text} (spec {event['spec']['id']}, run {event['run']})"
    return {
        "outcome": "approved",
        "verdict": Verdict(APPROVED, (Reason("PolicyPassed", text, approve["mode"]),)).to_json(),
        "request": versions.approve(event["package"], description, AUTOMATIC),
        "notice": None,
        "expires_seconds": 1,
        "expiry": None,
    }


def _pending(event: DecideApprovalInput, approve: ApproveShape, reasons: list[Reason]) -> DecideApprovalResult:
    subject = f"{event['model']}: version {versions.version_number(event['package'])} asks for approval"[:LONGEST_SUBJECT]
    expired = f"noria: nobody answered within {approve['expires_hours']:g} hours (approve.expires_hours)"
    return {
        "outcome": "pending",
        "verdict": Verdict(PENDING, tuple(reasons)).to_json(),
        "request": None,
        "notice": {"TopicArn": event["topic"], "Subject": subject, "Message": _message(event, approve, reasons)},
        "expires_seconds": max(1, round(approve["expires_hours"] * 3600)),
        "expiry": versions.reject(event["package"], expired),
    }


def _message(event: DecideApprovalInput, approve: ApproveShape, reasons: list[Reason]) -> str:
    """What the approvers read: the evaluation, why a person decides, and how to answer."""
    champion = _listed(event["champion_metrics"] or {})
    lines = [
        f"{event['package']} of {event['model']} asks for approval.",
        f"on {event['rows']} rows it has never seen: {_listed(event['metrics'])}",
        *([f"the version that serves, on the same rows: {champion}"] if champion else []),
        *(f"why it asks: {reason.text}" for reason in reasons),
        f"answer in the model registry with any tool, or: noria approve {event['model']}/{versions.version_number(event['package'])} --comment why",
        f"without an answer it is rejected in {approve['expires_hours']:g} hours",
    ]
    return "\n".join(lines)


def _listed(metrics: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.4f}" for name, value in metrics.items())
