"""Releases a corrected copy of a quarantined dataset: it is judged as any upload, and the record of the dataset names it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cli.base import ledger
from cli.base.errors import CliError
from cli.base.ledger import ModelRecord
from cli.base.records import Correction
from cli.base.session import Session
from cli.data import parts
from cli.data.quarantine import find
from cli.data.upload import Upload, has_content, upload
from noria.data import policy


@dataclass(frozen=True)
class Released:
    """A corrected copy that was released.

    Attributes:
        dataset: the id of the quarantined dataset that it corrects.
        by: the ARN of who released it.
        upload: where it is; not sent where its content was accepted before.
    """

    dataset: str
    model: str
    by: str
    time: str
    upload: Upload


def release(session: Session, dataset: str, file: Path, watch: parts.Watch = parts.unwatched) -> Released:
    """Upload a corrected copy for the model of a quarantined dataset, and record it there.

    Args:
        dataset: its id, or a beginning that no other has.
        watch: is given each step of a large file's way.

    Raises:
        CliError: no quarantined dataset has this id, the file cannot be sent, or the published spec has quarantined its content before.
    """
    record, entry = find(session, dataset)
    spec, by = record.published()["id"], session.caller
    sent = upload(session, record.model, file, watch=watch, corrects=entry["dataset"])
    if not sent.sent:
        _check_accepted(record, sent, spec, file)
    now = datetime.now(UTC).isoformat()
    correction = Correction(key=sent.key, version=sent.version, digest=sent.digest, spec=spec, by=by, time=now)
    if not any((known["digest"], known["spec"]) == (sent.digest, spec) for known in entry["corrections"]):
        ledger.record_correction(session, record.model, entry["dataset"], correction)
    return Released(entry["dataset"], record.model, by, now, sent)


def _check_accepted(record: ModelRecord, sent: Upload, spec: str, file: Path) -> None:
    twin = next((entry for entry in record.datasets if has_content(entry, sent.digest, spec)), None)
    if twin and twin["status"] == policy.QUARANTINED:
        reason, id_ = twin["reasons"][0]["text"] if twin["reasons"] else "", twin["dataset"]
        raise CliError(f"{file} was not released: its content is that of dataset {id_}, which the published spec has quarantined ({reason}); correct it first")
