"""Requests another run on a dataset that is accepted already: by the published spec, whatever spec judged the dataset."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cli.base import event_log, ledger
from cli.base.errors import CliError
from cli.base.events import publish_event
from cli.base.ledger import ModelRecord
from cli.base.records import Dataset
from cli.base.session import Session
from cli.data.upload import has_content
from cli.runs.activity import run_of
from noria.data.events import DatasetAccepted
from noria.kernel import lake
from noria.kernel.identity import event_id
from noria.training.events import TrainingRequested

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import CopySourceTypeDef

#: Fields of the ledger's item that are not the dataset's own.
LEDGER_FIELDS = ("status", "time", "claims", "claimed_by", "corrections")
#: The longest that ingestion takes (seconds).
INGEST_SECONDS = 900.0
#: S3's codes for an object version that its owner has deleted.
GONE = ("NoSuchKey", "NoSuchVersion", "404")


@dataclass(frozen=True)
class TrainingRequest:
    """A requested run.

    Attributes:
        run: its id.
        spec: the id of the published spec, by which it runs.
        event: the id of the event `TrainingRequested`; nothing where the acceptance of the dataset started the run.
        judged_again: the id of the spec that had judged the dataset before, where it is another.
    """

    model: str
    dataset: str
    run: str
    spec: str | None
    event: str | None
    judged_again: str | None = None


def retrain(session: Session, model: str, say: Callable[[str], None] = lambda text: None) -> TrainingRequest:
    """Request a run of the published spec on the newest accepted dataset.

    A dataset that another spec has judged is judged by the published one first: its file is ingested again.

    Args:
        say: is told what the command waits for.

    Raises:
        CliError: the ledger has no accepted dataset, the published spec's contract refuses it, or the bus refused the event.
    """
    record = ledger.read(session, model)
    published = record.published()["id"]
    dataset = next((entry for entry in record.datasets if entry["status"] == "accepted"), None)
    if dataset is None:
        raise CliError(f"no dataset of {model!r} was accepted yet; upload one: noria upload {model} FILE")
    if dataset is not record.datasets[0]:
        say(f"the newest dataset {record.datasets[0]['dataset']} was not accepted; {dataset['dataset']} of {dataset['time']} is the newest that was")
    ledger.record_attention(session, model)
    if dataset["spec"] == published:
        return _request(session, model, dataset, None)
    say(f"dataset {dataset['dataset']} was judged by the spec {dataset['spec']}, the published one is {published}: it is judged again, by that one")
    judged = _judged_again(session, record, dataset)
    if judged["train"]:
        # Its acceptance starts the run.
        return TrainingRequest(model, judged["dataset"], _first_run(session, model, judged["dataset"]), published, None, dataset["spec"])
    return _request(session, model, judged, dataset["spec"])


def _request(session: Session, model: str, dataset: Dataset, before: str | None) -> TrainingRequest:
    data: Any = {"verdict": None, **{name: value for name, value in dataset.items() if name not in LEDGER_FIELDS}}
    event = publish_event(session, TrainingRequested(**data), model)
    return TrainingRequest(model, dataset["dataset"], run_of(session, model, dataset["dataset"], event.id), dataset["spec"], event.id, before)


def _first_run(session: Session, model: str, dataset: str) -> str:
    """The id of the run that the acceptance of a dataset starts."""
    return run_of(session, model, dataset, event_id(DatasetAccepted.__name__, dataset))


def _judged_again(session: Session, record: ModelRecord, dataset: Dataset) -> Dataset:
    """The dataset that the published spec makes of another dataset's file.

    Raises:
        CliError: the spec's contract refuses it, or ingestion failed or did not end.
    """
    model, published = record.model, record.published()["id"]
    if known := next((entry for entry in record.datasets if has_content(entry, dataset["digest"], published)), None):
        return {**_accepted(known), "train": False}
    since = time.time()
    version = _ingest_again(session, model, dataset)
    while time.time() < since + INGEST_SECONDS:
        for entry in ledger.read(session, model).datasets:
            if entry["source"].get("version") == version:
                return _accepted(entry)
        if failure := event_log.first_failure(session, model, since):
            raise CliError(failure)
        time.sleep(session.poll_seconds)
    raise CliError(f"the file of dataset {dataset['dataset']} was not judged within {INGEST_SECONDS:.0f} s; see: noria events {model}")


def _accepted(dataset: Dataset) -> Dataset:
    if dataset["status"] != "accepted":
        reasons = "; ".join(reason["text"] for reason in dataset["reasons"])
        raise CliError(f"the published spec {dataset['spec']} does not accept the file of the newest dataset, so nothing is trained: {reasons}")
    return dataset


def _ingest_again(session: Session, model: str, dataset: Dataset) -> str:
    """Put a dataset's file under `incoming/` once more; the version of the new object."""
    source = dataset["source"]
    curated: CopySourceTypeDef = {"Bucket": dataset["bucket"], "Key": dataset["location"]}
    again = lake.incoming(model, dataset["dataset"] + PurePosixPath(dataset["location"]).suffix)
    if "version" not in source:
        return _copied(session, dataset["bucket"], again, curated)
    try:
        uploaded: CopySourceTypeDef = {"Bucket": source["bucket"], "Key": source["key"], "VersionId": source["version"]}
        return _copied(session, dataset["bucket"], source["key"], uploaded)
    except ClientError as error:
        if error.response["Error"]["Code"] not in GONE:
            raise
        return _copied(session, dataset["bucket"], again, curated)


def _copied(session: Session, bucket: str, key: str, source: "CopySourceTypeDef") -> str:
    # An object is copied onto itself only where its metadata change. boto3 encodes the source's key.
    metadata = {"noria-ingested-again": datetime.now(UTC).isoformat()}
    response = session.s3.copy_object(Bucket=bucket, Key=key, CopySource=source, MetadataDirective="REPLACE", Metadata=metadata)
    return response["VersionId"]
