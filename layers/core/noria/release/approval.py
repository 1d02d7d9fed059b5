"""Who approves a version: the spec, or a person. The registry holds the answer."""

from typing import Any

from noria.kernel.verdict import Reason, Verdict

Json = dict[str, Any]


def decide_approval(event: Json) -> Json:
    """Decide on a registered version.

    Args:
        event: `{model, run, package, spec}`; `package` is the version's ARN.

    Returns:
        `{outcome: approved|pending, verdict, request}`; `request` writes the approval, with who and why, into the registry.
    """
    mode = event["spec"]["approve"]["mode"]
    if mode == "manual":
        verdict = Verdict("pending", (Reason("AsksAPerson", "approve.mode is manual: approve or reject the version in the model registry", mode),))
        return {"outcome": verdict.outcome, "verdict": verdict.to_json(), "request": None}
    text = "every gate of its evaluation was passed, and approve.mode is automatic"
    verdict = Verdict("approved", (Reason("GatesPassed", text, mode),))
    request = {
        "ModelPackageArn": event["package"],
        "ModelApprovalStatus": "Approved",
        "ApprovalDescription": f"noria: {text} (spec {event['spec']['id']}, run {event['run']})",
        "CustomerMetadataProperties": {"approved_by": "noria:automatic"},
    }
    return {"outcome": verdict.outcome, "verdict": verdict.to_json(), "request": request}
