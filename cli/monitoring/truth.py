"""Uploads ground truth of earlier predictions; its arrival starts a monitoring run."""

import time
from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cli.base import files, ledger
from cli.base.errors import CliError
from cli.base.records import MonitoringRun
from cli.base.session import Session
from cli.monitoring.runs import monitor, next_run
from noria.data.contract import DataContract
from noria.kernel.published_spec import PublishedSpec
from noria.monitoring import truth

#: Characters of a content's digest that its key carries.
DIGEST_CHARACTERS = 8


@dataclass(frozen=True)
class TruthUpload:
    """A file of ground truth.

    Attributes:
        rows: rows that have a ground truth.
        faults: why other rows have none, and how many.
        before: when the same content was uploaded before (ISO 8601), or nothing.
        monitoring: the monitoring run that has read the file, if the caller has waited for it.
    """

    model: str
    bucket: str
    key: str
    rows: int
    faults: dict[str, int]
    before: str | None
    monitoring: MonitoringRun | None = None


def upload_truth(session: Session, model: str, file: Path, wait: bool) -> TruthUpload:
    """Upload a file of ground truth; content that was uploaded before is not sent again.

    Args:
        wait: for the monitoring run that has read it.

    Raises:
        CliError: there is no such file, nobody has published this model, no row has a ground truth, or no monitoring run came of it.
        UnreadableDatasetError: the file is no CSV, or lacks columns.
    """
    record = ledger.read(session, model)
    spec, body = record.serving(), files.existing(file).read_bytes()
    rows, faults = _count(spec, body, file)
    bucket, key = session.outputs["LakeBucket"], f"truth/{model}/{file.stem}-{sha256(body).hexdigest()[:DIGEST_CHARACTERS]}{file.suffix}"
    before = _uploaded_at(session, bucket, key)
    if before is None:
        session.s3.put_object(Bucket=bucket, Key=key, Body=body)
    run = (monitor(session, model) if before else next_run(session, model, record.monitoring)) if wait else None
    return TruthUpload(model, bucket, key, rows, faults, before, run)


def _count(spec: PublishedSpec, body: bytes, file: Path) -> tuple[int, dict[str, int]]:
    """Rows that have a ground truth, and the faults of the others."""
    from noria.data.dataset_file import read_texts
    from noria.tables.source import BytesSource

    faults, latest = Counter[str](), time.time() + truth.AHEAD.total_seconds()
    truths = truth.parse_truths(*read_texts(BytesSource(body, file.name)), DataContract.of(spec["data"]), spec["target"], spec["task"], latest, faults)
    rows = sum(1 for _ in truths)
    if not rows:
        why = ", ".join(f"{count:,} with {fault}" for fault, count in faults.most_common()) or "it has no rows"
        raise CliError(f"{file} tells no truth: {why}")
    return rows, dict(faults)


def _uploaded_at(session: Session, bucket: str, key: str) -> str | None:
    """When an object was written, or nothing."""
    objects = session.s3.list_objects_v2(Bucket=bucket, Prefix=key).get("Contents", [])
    return next((str(entry["LastModified"].isoformat(timespec="seconds")) for entry in objects if entry["Key"] == key), None)
