"""What lies in quarantine: each dataset with its reasons and its bad rows, and the corrected copies that were released in its place."""

import csv
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cli.base import ledger
from cli.base.errors import CliError
from cli.base.ledger import ModelRecord
from cli.base.records import Correction, Dataset, Reason
from cli.base.session import Session
from cli.data.upload import has_content
from noria.data import policy
from noria.kernel import lake

if TYPE_CHECKING:
    from noria.data.shapes import FaultExample

#: Models that are read at once.
PARALLEL = 16
#: Rows that were set aside which are shown.
ROWS = 5
#: Longest cell of a row that was set aside: a ragged row has its whole text in one (characters).
LONGEST_CELL = 8 * 1024**2
#: Datasets that a message names.
MOST_NAMED = 10


@dataclass(frozen=True)
class CorrectedCopy:
    """A copy that was released in place of a quarantined dataset.

    Attributes:
        by: the ARN of who released it.
        dataset: what it became, and `outcome` the verdict on that; nothing until it is judged.
    """

    file: str
    key: str
    version: str | None
    by: str
    time: str
    dataset: str | None
    outcome: str | None


@dataclass(frozen=True)
class Quarantined:
    """One quarantined dataset.

    Attributes:
        file: the name that it was uploaded by.
        time: when it was judged, ISO 8601.
        rows: all of the file, of which `bad_rows` break the contract; none where it could not be read.
        reason: the first one, as a sentence.
        copies: corrected copies that were released, oldest first.
    """

    model: str
    dataset: str
    file: str
    time: str
    rows: int
    bad_rows: int
    reason: str
    copies: list[CorrectedCopy]


@dataclass(frozen=True)
class Details:
    """A quarantined dataset in full.

    Attributes:
        object: URI of the untouched copy.
        spec: the id of the spec that judged it; nothing where the model was not published.
        header: the names of the file's columns.
        faults: bad rows by column and code.
        examples: some bad rows: where, what is there, and what the contract expects.
        set_aside: the first bad rows, each by column after #row, #column, #fault and #expected.
    """

    summary: Quarantined
    object: str
    spec: str | None
    reasons: list[Reason]
    header: list[str]
    faults: dict[str, dict[str, int]]
    examples: "list[FaultExample]"
    set_aside: list[dict[str, str]]


def quarantined(session: Session, model: str | None = None) -> list[Quarantined]:
    """Every quarantined dataset of a model, or of all of them, newest first."""
    models = [model] if model else _folders(session, f"{lake.QUARANTINE}/")
    # The clients are made before threads share them.
    assert session.dynamodb
    with ThreadPoolExecutor(PARALLEL) as pool:
        records = list(pool.map(lambda name: ledger.read(session, name), models))
    entries = [_summary(record, dataset) for record in records for dataset in record.datasets if dataset["status"] == policy.QUARANTINED]
    return sorted(entries, key=lambda entry: entry.time, reverse=True)


def show(session: Session, dataset: str, rows: int = ROWS) -> Details:
    """One quarantined dataset in full.

    Args:
        dataset: its id, or a beginning that no other has.
        rows: how many of the rows that were set aside.

    Raises:
        CliError: no quarantined dataset has this id, or several have.
    """
    record, entry = find(session, dataset)
    verdict = json.loads(session.s3.get_object(Bucket=entry["bucket"], Key=entry["verdict"])["Body"].read())
    profile = verdict["profile"]
    bad_rows = list(islice(set_aside(session, record.model, entry), rows)) if entry["set_aside"] else []
    uri = lake.uri(entry["bucket"], entry["location"])
    summary = _summary(record, entry)
    return Details(summary, uri, entry["spec"], entry["reasons"], profile["header"], profile["faults"], profile["examples"], bad_rows)


def find(session: Session, dataset: str) -> tuple[ModelRecord, Dataset]:
    """A quarantined dataset, with the record of its model; arguments and errors are those of `show`."""
    models = _folders(session, f"{lake.QUARANTINE}/") if dataset else []
    with ThreadPoolExecutor(PARALLEL) as pool:
        listed = list(pool.map(lambda model: _folders(session, f"{lake.QUARANTINE}/{model}/{dataset}"), models))
    places = [(model, name) for model, names in zip(models, listed, strict=True) for name in names]
    if not places:
        raise CliError(f"no quarantined dataset has an id that begins with {dataset!r}; noria quarantine list shows them all")
    if len(places) > 1:
        shown = ", ".join(f"{name} ({model})" for model, name in places[:MOST_NAMED])
        raise CliError(f"{len(places)} quarantined datasets have an id that begins with {dataset!r}: {shown}; write more of it")
    (model, name) = places[0]
    record = ledger.read(session, model)
    entry = next((entry for entry in record.datasets if entry["dataset"] == name and entry["status"] == policy.QUARANTINED), None)
    if entry is None:
        raise CliError(f"dataset {name} of {model} is not, or not yet, on record as quarantined; see: noria datasets {model}")
    return record, entry


def set_aside(session: Session, model: str, dataset: Dataset) -> Iterator[dict[str, str]]:
    """The rows of a dataset that break the contract, each by column after #row, #column, #fault and #expected.

    Raises:
        CliError: somebody has deleted them.
    """
    from noria.tables.source import ByteStream

    key = lake.quarantine(model, dataset["dataset"]) + lake.SET_ASIDE
    try:
        body = session.s3.get_object(Bucket=dataset["bucket"], Key=key)["Body"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchKey":
            raise
        raise CliError(f"{lake.uri(dataset['bucket'], key)} is gone: the bad rows are known no more; upload the file again to have them judged") from error
    csv.field_size_limit(LONGEST_CELL)
    yield from csv.DictReader(io.TextIOWrapper(io.BufferedReader(ByteStream(body.iter_chunks())), "utf-8", newline=""))


def _folders(session: Session, prefix: str) -> list[str]:
    """The names of folders in the lake whose path begins so."""
    pages = session.s3.get_paginator("list_objects_v2").paginate(Bucket=session.outputs["LakeBucket"], Prefix=prefix, Delimiter="/")
    return [folder["Prefix"].rstrip("/").rsplit("/", 1)[-1] for page in pages for folder in page.get("CommonPrefixes", [])]


def file_name(key: str) -> str:
    """The name of an upload: what follows the folder of its model."""
    return key.split("/", 2)[-1]


def _summary(record: ModelRecord, dataset: Dataset) -> Quarantined:
    bad, source = dataset["set_aside"], dataset["source"]
    reason = dataset["reasons"][0]["text"] if dataset["reasons"] else ""
    copies = [_copy(record, correction) for correction in dataset["corrections"]]
    rows = dataset["rows"] + bad
    return Quarantined(record.model, dataset["dataset"], file_name(source.get("key", "")), dataset["time"], rows, bad, reason, copies)


def _copy(record: ModelRecord, correction: Correction) -> CorrectedCopy:
    facts: Any = {name: correction[name] for name in ("key", "version", "by", "time")}
    entry = next((entry for entry in record.datasets if _became(entry, correction)), None)
    return CorrectedCopy(file_name(correction["key"]), **facts, dataset=entry["dataset"] if entry else None, outcome=entry["status"] if entry else None)


def _became(dataset: Dataset, correction: Correction) -> bool:
    """Whether a corrected copy became this dataset: the very object version, or the same content under the spec of then."""
    version = correction["version"]
    return has_content(dataset, correction["digest"], correction["spec"]) or (version is not None and dataset["source"].get("version") == version)
