"""Approves and rejects versions in the model registry; the registry's event starts the release."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from cli.base import ledger
from cli.base.errors import CliError
from cli.base.ledger import ModelRecord
from cli.base.session import Session
from cli.release.state import endpoint_serves
from cli.release.versions import newest_version, version_arn
from noria.release.freeze import freeze_ends
from noria.sagemaker.versions import version_number

Status = Literal["Approved", "Rejected", "PendingManualApproval"]
APPROVED: Status = "Approved"
REJECTED: Status = "Rejected"
PENDING: Status = "PendingManualApproval"
#: The most characters that the registry takes of a comment, and of a metadata value.
MOST_COMMENT, MOST_VALUE = 1024, 256


@dataclass(frozen=True)
class Decision:
    """A person's decision on a version.

    Attributes:
        version: its ARN.
        by: the ARN of who decided.
        before: the status before.
        frozen_until: when the freeze ends that the release waits out, or nothing.
    """

    version: str
    model: str | None
    status: Status
    by: str
    before: str
    frozen_until: str | None


def decide(session: Session, version: str, status: Status, comment: str, again: bool = False) -> Decision:
    """Approve or reject a version, and record who decided and why.

    Args:
        version: its ARN, or model and number: `churn/3`.
        again: approve an older version than the champion; the word holds for every version that there is, though this one may have to wait.

    Raises:
        CliError: the registry has no such version, it is rejected already, serves already, or a newer version serves or is being released.
    """
    arn = version_arn(session, version)
    package = session.sagemaker.describe_model_package(ModelPackageName=arn)
    before, by, metadata = package["ModelApprovalStatus"], session.caller, package.get("CustomerMetadataProperties", {})
    record = ledger.read(session, metadata["model"]) if "model" in metadata else None
    if status == APPROVED and record:
        _check(session, record, arn, before, again)
    if before == status == REJECTED:
        raise CliError(f"{arn} is rejected already: {package.get('ApprovalDescription', 'nobody said why')}")
    if before == status:
        # The registry publishes changes only: a second approval has to change something to start a second release.
        session.sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus=PENDING, ApprovalDescription=comment)
    properties = {"approved_by": by[:MOST_VALUE], **({"over": newest_version(session, arn)} if again else {})}
    session.sagemaker.update_model_package(
        ModelPackageArn=arn, ModelApprovalStatus=status, ApprovalDescription=comment[:MOST_COMMENT], CustomerMetadataProperties=properties
    )
    frozen = _frozen_until(record, metadata.get("spec", "")) if record and status == APPROVED else None
    return Decision(arn, metadata.get("model"), status, by, before, frozen)


def _check(session: Session, record: ModelRecord, arn: str, before: str, again: bool) -> None:
    """Raises CliError where the approval of a version would release nothing."""
    champion, under_way = record.champion, record.lock["package"] if record.lock else None
    if champion and champion["model_package_arn"] == arn and before == APPROVED and endpoint_serves(session, champion):
        raise CliError(f"{arn} serves already: there is nothing to release; see: noria status {record.model}")
    serving = champion["model_package_arn"] if champion else None
    for newer, does in ((serving, "serves"), (under_way, "is being released")):
        if newer and not again and version_number(newer) > version_number(arn):
            raise CliError(f"{newer} is newer and {does}; add --again to release {arn} in its place, or take the newer one back: noria rollback")


def _frozen_until(record: ModelRecord, spec: str) -> str | None:
    published = record.specs.get(spec)
    windows: Any = published["approve"].get("freeze", []) if published else []
    ends = freeze_ends(windows, datetime.now(UTC))
    return ends.isoformat(timespec="minutes") if ends else None
