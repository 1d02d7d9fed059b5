"""Shapes of the preparation of a run's files, and of the document that the preprocessing container applies."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from noria.data.shapes import SplitFacts
from noria.kernel.published_spec import DataShape, PreprocessShape, SplitShape
from noria.kernel.shapes import Invocation


class DatasetFile(TypedDict):
    """The file of a curated dataset."""

    bucket: str
    key: str


class PreparationRequest(TypedDict):
    """The dataset of a run, and the blocks of the spec by which it becomes the run's files.

    `processed` is the folder that the project's own script has written to, or null; `folder` is the run's.
    """

    source: DatasetFile
    processed: str | None
    artifacts: str
    folder: str
    data: DataShape
    target: str
    split: SplitShape
    preprocess: PreprocessShape


class PrepareDatasetInput(PreparationRequest, Invocation):
    """A preparation request with its business keys."""

    model: NotRequired[str]
    run: NotRequired[str]
    dataset: NotRequired[str]


class PrepareDatasetResult(TypedDict):
    """The rows of each file."""

    outcome: Literal["prepared"]
    facts: SplitFacts


class LagDocument(TypedDict):
    """A lag: the newest value of `of` that is at least `back` seconds old and at most `within` seconds older.

    `history` has time and value of each row of the training set, by series.
    """

    name: str
    of: str
    back: float
    within: float
    per: list[str]
    history: dict[str, list[tuple[float, str]]]


class PlainColumn(TypedDict):
    """A column that is passed on, or dropped."""

    name: str
    kind: Literal["same", "dropped"]


class NumberColumn(TypedDict):
    """A number: its imputed value, its limits, and the shift and factor of its scale; null where there is none."""

    name: str
    kind: Literal["number"]
    fill: float | None
    clip: list[float | None] | None
    scale: list[float] | None


class CategoryColumn(TypedDict):
    """A category with its imputed value."""

    name: str
    kind: Literal["category"]
    fill: str


class OneHotColumn(TypedDict):
    """A category that becomes a column of zeros and ones for each of `categories`, and one for all others."""

    name: str
    kind: Literal["one_hot"]
    fill: str
    categories: list[str]


class TimeColumn(TypedDict):
    """A timestamp that becomes parts such as hour and weekday."""

    name: str
    kind: Literal["time"]
    parts: list[Literal["year", "month", "day", "weekday", "day_of_year", "hour", "minute"]]
    format: NotRequired[str | None]


ColumnDocument = PlainColumn | NumberColumn | CategoryColumn | OneHotColumn | TimeColumn


class TransformDocument(TypedDict):
    """A fitted transform: the columns it reads, its lags, and what becomes of each column."""

    version: NotRequired[int]
    reads: list[str]
    time: str | None
    time_format: NotRequired[str | None]
    lags: list[LagDocument]
    columns: list[ColumnDocument]
