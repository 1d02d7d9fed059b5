"""Who approves a version: the spec's policy, or a person. The registry holds the answer."""

from datetime import datetime
from fnmatch import fnmatchcase

from noria.kernel.json import Json
from noria.kernel.spec_defaults import with_defaults
from noria.kernel.verdict import Reason, Verdict

APPROVED, PENDING = "approved", "pending"
MIB = 1024 * 1024
DAY_SECONDS = 86_400
#: SNS takes this much of a subject.
LONGEST_SUBJECT = 100


def decide_approval(event: Json) -> Json:
    """Decide on a registered version.

    Args:
        event: `{model, run, package, spec, data, bytes, accepted, now, topic}`; `package` is the version's ARN, `data` that of its
            `ModelRegistered`, `bytes` the size of its artefact, `accepted` when its dataset was, or null (ISO 8601).

    Returns:
        `{outcome: approved|pending, verdict, request, notice, expires_seconds, expiry}`: `request` writes the approval, with who
        and why, into the registry; `notice` tells the approvers; `expiry` is what becomes of a version that nobody answers.
    """
    event = {**event, "spec": with_defaults(event["spec"])}
    approve = event["spec"]["approve"]
    reasons = [Reason("AsksAPerson", "approve.mode is manual", "manual", "automatic")] if approve["mode"] == "manual" else list(_objections(event, approve))
    if reasons:
        verdict = Verdict(PENDING, tuple(reasons))
        return {"outcome": PENDING, "verdict": verdict.to_json(), "request": None, **_asking(event, approve, verdict)}
    text = "every gate of its evaluation and the whole policy were passed, and approve.mode is automatic"
    verdict = Verdict(APPROVED, (Reason("PolicyPassed", text, approve["mode"]),))
    request = {
        "ModelPackageArn": event["package"],
        "ModelApprovalStatus": "Approved",
        "ApprovalDescription": f"noria: {text} (spec {event['spec']['id']}, run {event['run']})",
        "CustomerMetadataProperties": {"approved_by": "noria:automatic"},
    }
    return {"outcome": APPROVED, "verdict": verdict.to_json(), "request": request, "notice": None, "expires_seconds": 1, "expiry": None}


def _objections(event: Json, approve: Json) -> list[Reason]:
    """What the declared policy has against an automatic approval: then a person is asked."""
    policy, result = approve["policy"], []
    size = event["bytes"] / MIB
    if policy["most_mb"] is not None and size > policy["most_mb"]:
        result.append(Reason("TooLarge", f"the model has {size:.1f} MB, the policy allows {policy['most_mb']:g}", round(size, 3), policy["most_mb"]))
    days = (datetime.fromisoformat(event["now"]) - datetime.fromisoformat(event["accepted"])).total_seconds() / DAY_SECONDS if event["accepted"] else None
    if policy["most_days"] is not None and (days is None or days > policy["most_days"]):
        report = "nobody knows when its dataset was accepted" if days is None else f"its dataset was accepted {days:.1f} days ago"
        result.append(Reason("NotFresh", f"{report}, the policy allows {policy['most_days']:g} days", days and round(days, 3), policy["most_days"]))
    rows = event["data"]["rows"]
    if rows < policy["least_holdout_rows"]:
        text = f"it was evaluated on {rows} rows, the policy asks at least {policy['least_holdout_rows']}"
        result.append(Reason("TooFewRows", text, rows, policy["least_holdout_rows"]))
    by = event["spec"].get("published_by", "unknown")
    if policy["published_by"] and not any(fnmatchcase(by, pattern) for pattern in policy["published_by"]):
        text = f"its code was published by {by}, the policy trusts {', '.join(policy['published_by'])}"
        result.append(Reason("NotTrusted", text, by, policy["published_by"]))
    return result


def _asking(event: Json, approve: Json, verdict: Verdict) -> Json:
    metrics = ", ".join(f"{name} {value:.4f}" for name, value in event["data"]["metrics"].items())
    champion = ", ".join(f"{name} {value:.4f}" for name, value in (event["data"]["champion"] or {}).items())
    number = event["package"].rsplit("/", 1)[-1]
    lines = [
        f"{event['package']} of {event['model']} asks for approval.",
        f"on {event['data']['rows']} rows it has never seen: {metrics}",
        *([f"the version that serves, on the same rows: {champion}"] if champion else []),
        *(f"why it asks: {reason.text}" for reason in verdict.reasons),
        f"answer in the model registry with any tool, or: noria approve {event['model']}/{number} --comment why",
        f"without an answer it is rejected in {approve['expires_hours']:g} hours",
    ]
    subject = f"{event['model']}: version {number} asks for approval"[:LONGEST_SUBJECT]
    expired = f"noria: nobody answered within {approve['expires_hours']:g} hours (approve.expires_hours)"
    return {
        "notice": {"TopicArn": event["topic"], "Subject": subject, "Message": "\n".join(lines)},
        "expires_seconds": max(1, round(approve["expires_hours"] * 3600)),
        "expiry": {"ModelPackageArn": event["package"], "ModelApprovalStatus": "Rejected", "ApprovalDescription": expired},
    }


def objection(approve: Json, published_by: str, approver: str | None) -> Reason | None:
    """Why an approval by a person does not count.

    Args:
        approver: ARN of who changed the version's status, as the registry tells; nothing where it does not.
    """
    if approve["mode"] != "manual" or approver is None:
        return None
    if approve["approvers"] and not any(fnmatchcase(approver, pattern) for pattern in approve["approvers"]):
        text = f"{approver} approved it, and approve.approvers are {', '.join(approve['approvers'])}"
        return Reason("NotAnApprover", text, approver, approve["approvers"])
    if approve["two_person"] and approver == published_by:
        return Reason("SamePerson", f"{approver} published and approved it: approve.two_person asks for a second person", approver, published_by)
    return None
