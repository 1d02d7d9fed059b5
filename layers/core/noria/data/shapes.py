"""Shapes of what the `ingest` machine hands to its functions, of the results, and of a split."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from noria.kernel.json import Json
from noria.kernel.published_spec import PublishedSpec
from noria.kernel.shapes import EventContextShape, Invocation, VerdictShape


class Upload(TypedDict):
    """One object version, as its S3 event names it; `size` in bytes."""

    bucket: str
    key: str
    version: str
    size: int


class InspectUploadInput(Upload, Invocation):
    """An upload, and the spec that it is judged by; null where no model of that name is published."""

    model: str
    spec: PublishedSpec | None


class FaultExample(TypedDict):
    """One bad row: its number in the file, and what is wrong with it."""

    row: int
    column: str
    code: str
    observed: str


class Inspection(TypedDict):
    """What the judgement needs to know of an upload.

    `faults` counts bad rows by column and code; `problem` is a sentence where the bytes cannot be read as CSV.
    """

    bytes: int
    digest: str
    header: list[str]
    rows: int
    bad_rows: int
    faults: dict[str, dict[str, int]]
    examples: list[FaultExample]
    problem: str | None


class JudgeDatasetInput(Invocation):
    """An upload with what its inspection has found."""

    model: str
    upload: Upload
    spec: PublishedSpec | None
    profile: Inspection
    cause: EventContextShape
    ledger: str


class CurateRequest(TypedDict):
    """Which rows `curate_dataset` writes, and where."""

    bucket: str
    key: str
    version: str
    folder: str


class JudgeDatasetResult(TypedDict):
    """The verdict, and complete requests for all that follows from it."""

    outcome: Literal["accepted", "quarantined"]
    verdict: VerdictShape
    dataset: str
    curate: CurateRequest
    copy: Json
    report: Json
    record: Json
    entry: Json


class CurateDatasetInput(CurateRequest, Invocation):
    """An accepted upload."""

    spec: PublishedSpec
    model: NotRequired[str]
    dataset: NotRequired[str]


class CurateDatasetResult(TypedDict):
    """Where the accepted rows lie."""

    location: str


class SplitFacts(TypedDict):
    """Rows of each part of a split, how they were split, and the first and last time of the holdout where the contract names a time."""

    rows: int
    train: int
    holdout: int
    by: Literal["time", "random", "group"]
    first: NotRequired[str]
    last: NotRequired[str]
