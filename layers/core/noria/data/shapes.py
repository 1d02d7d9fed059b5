"""Shapes of what the `ingest` machine hands to its functions, of the results, and of a split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NotRequired, TypedDict

from noria.kernel.published_spec import PublishedSpec
from noria.kernel.shapes import AwsRequest, EventContextShape, Invocation, VerdictShape


class Upload(TypedDict):
    """One object version, as its S3 event names it; `size` in bytes."""

    bucket: str
    key: str
    version: str
    size: int


class InspectUploadInput(Upload, Invocation):
    """An upload, the spec that it is judged by (null where no model of that name is published), and the folder where its rows wait."""

    model: str
    spec: PublishedSpec | None
    folder: str


class FaultExample(TypedDict):
    """One bad row: its number in the file, what is there, and what the contract expects."""

    row: int
    column: str
    code: str
    observed: str
    expected: str


class Inspection(TypedDict):
    """What the judgement needs to know of an upload.

    `faults` counts bad rows by column and code, `nulls` empty values of columns whose share is limited; `first` and `last` are the event
    times of good rows in seconds since the epoch; `problem` is a sentence where the bytes cannot be read as a table.
    """

    bytes: int
    digest: str
    format: str
    header: list[str]
    rows: int
    bad_rows: int
    faults: dict[str, dict[str, int]]
    examples: list[FaultExample]
    nulls: dict[str, int]
    first: float | None
    last: float | None
    problem: str | None


class JudgeDatasetInput(Invocation):
    """An upload with what its inspection has found, and the folder where its rows wait."""

    model: str
    folder: str
    upload: Upload
    spec: PublishedSpec | None
    profile: Inspection
    cause: EventContextShape
    ledger: str


class JudgeDatasetResult(TypedDict):
    """The verdict, and complete requests for all that follows from it."""

    outcome: Literal["accepted", "quarantined"]
    verdict: VerdictShape
    dataset: str
    copies: Sequence[AwsRequest]
    report: AwsRequest
    record: AwsRequest
    entry: AwsRequest


class SplitFacts(TypedDict):
    """Rows of each part of a split, how they were split, and the first and last time of the holdout where the contract names a time."""

    rows: int
    train: int
    holdout: int
    by: Literal["time", "random", "group"]
    first: NotRequired[str]
    last: NotRequired[str]
