"""Approvals, releases and the way back, by the model registry and Noria's own bus."""

import time
import uuid
from datetime import UTC, datetime
from typing import Any, Literal

from cli import ledger
from cli.errors import CliError
from cli.session import Session
from noria.release import admission
from noria.release.endpoint_config import version_number

Json = dict[str, Any]
Status = Literal["Approved", "Rejected", "PendingManualApproval"]
APPROVED: Status = "Approved"
REJECTED: Status = "Rejected"
PENDING: Status = "PendingManualApproval"


def decide(session: Session, version: str, status: Status, comment: str, again: bool = False) -> Json:
    """Approve or reject a version in the model registry, with who and why; what is approved is released.

    Args:
        version: its ARN, or model and number: `churn/3`.
        again: whether an older version than the one that serves is really meant.

    Returns:
        `{version, model, status, by, before, frozen_until}`; `frozen_until` is when a freeze ends that its release waits out, or null.

    Raises:
        CliError: there is no such version, it is rejected already, or a newer one serves.
    """
    arn = _arn(session, version)
    found = session.sagemaker.describe_model_package(ModelPackageName=arn)
    before, by = found["ModelApprovalStatus"], session.caller
    metadata = found.get("CustomerMetadataProperties", {})
    story = ledger.read(session, metadata["model"]) if "model" in metadata else None
    serves = story.champion["model_package_arn"] if story and story.champion else None
    if status == APPROVED and not again and serves and version_number(serves) > version_number(arn):
        raise CliError(f"{serves} is newer and serves; add --again to release {arn} in its place, or take the newer one back: noria rollback")
    if before == status == REJECTED:
        raise CliError(f"{arn} is rejected already: {found.get('ApprovalDescription', 'nobody said why')}")
    if before == status:
        # Approved once more, it shall be released once more: the registry tells of changes only.
        session.sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus=PENDING, ApprovalDescription=comment)
    told = {"approved_by": by[:256], **({"over": serves} if again and serves else {})}
    session.sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus=status, ApprovalDescription=comment[:1024], CustomerMetadataProperties=told)
    frozen = _frozen(story, metadata.get("spec", "")) if story and status == APPROVED else None
    return {"version": arn, "model": metadata.get("model"), "status": status, "by": by, "before": before, "frozen_until": frozen}


def _frozen(story: ledger.Story, spec: str) -> str | None:
    published = story.specs.get(spec)
    ends = admission.freeze_ends(published["approve"].get("freeze", []), datetime.now(UTC)) if published else None
    return ends.isoformat(timespec="minutes") if ends else None


def _arn(session: Session, version: str) -> str:
    if version.startswith("arn:"):
        return version
    model, _, number = version.partition("/")
    if not number.isdecimal():
        raise CliError(f"found {version!r}, expected a version's ARN, or model and number: churn/3")
    pages = session.sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=f"{session.prefix}-{model}")
    arns = {str(summary["ModelPackageVersion"]): summary["ModelPackageArn"] for page in pages for summary in page["ModelPackageSummaryList"]}
    if number not in arns:
        raise CliError(f"{model} has no version {number}; those there are: {', '.join(sorted(arns, key=int)) or 'none'}")
    return arns[number]


def releases(session: Session, model: str) -> Json:
    """Every release and rollback of a model, newest first, and who releases just now.

    Returns:
        `{model, serves, under_way, releases, rollbacks}`
    """
    story = ledger.read(session, model)
    return {
        "model": model,
        "serves": story.champion["model_package_arn"] if story.champion else None,
        "under_way": story.lock["package"] if story.lock else None,
        "releases": story.releases,
        "rollbacks": story.rollbacks,
    }


def rollback(session: Session, model: str, to: str | None, reason: str, limit_seconds: float) -> Json:
    """Ask for the release before, or for one of an earlier version, and wait until it serves.

    Returns:
        `{model, status, seconds, reasons}`; `status` is `rolled_back`, `undone` where a release under way has undone itself,
        `refused` or `rollback_failed`.
    """
    told, now = str(uuid.uuid4()), datetime.now(UTC).isoformat()
    metadata = {"id": told, "name": "RollbackRequested", "version": 1, "model": model, "stage": session.prefix}
    metadata |= {"time": now, "correlation_id": told, "causation_id": told}
    data = {"to": _arn(session, to if "/" in to or to.startswith("arn:") else f"{model}/{to}") if to else None, "by": session.caller, "reason": reason}
    event = session.say("noria.release", "RollbackRequested", {"metadata": metadata, "data": data})
    ends, began = time.monotonic() + limit_seconds, time.monotonic()
    while time.monotonic() < ends:
        if found := next((entry for entry in ledger.read(session, model).rollbacks if entry["id"] == event), None):
            return {"model": model, "status": found["status"], "seconds": round(time.monotonic() - began, 2), "reasons": found["reasons"]}
        time.sleep(session.look_seconds)
    raise CliError(f"nothing came of the rollback within {limit_seconds:.0f} s; see: noria events {model}")
