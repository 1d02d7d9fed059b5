"""Applies a fitted preprocessing to rows, one by one.

This one module prepares the rows that a model is trained on and the rows that an endpoint is sent. It travels in the artifact into
the container in front of the model, so it needs nothing but Python 3.10 and `noria.kernel.values`; and it calculates in Python's own
floats, whose results are the same everywhere.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from noria.kernel.values import EMPTY, parse_timestamp, to_datetime

if TYPE_CHECKING:
    from datetime import datetime

    from noria.preprocessing.shapes import CategoryColumn, ColumnDocument, LagDocument, NumberColumn, OneHotColumn, TimeColumn, TransformDocument

Row = Sequence[str]
Encoder = Callable[[str], list[str]]
#: Between the values of a group, which no text holds.
SEPARATOR = "\x1f"
#: The column for every category that has none of its own.
OTHER = "other"
#: The parts of a timestamp.
PARTS: dict[str, Callable[[datetime], int]] = {
    "year": lambda time: time.year,
    "month": lambda time: time.month,
    "day": lambda time: time.day,
    "weekday": lambda time: time.weekday(),
    "day_of_year": lambda time: time.timetuple().tm_yday,
    "hour": lambda time: time.hour,
    "minute": lambda time: time.minute,
}


class Transform:
    """A fitted preprocessing, ready to be applied.

    Args:
        document: as `noria.preprocessing.fitting.fit` returns it.

    Attributes:
        reads: the columns of a row, in order.
        writes: the columns that the model gets, in order.
    """

    def __init__(self, document: TransformDocument) -> None:
        self.reads = document["reads"]
        at = {name: number for number, name in enumerate(self.reads)}
        self._lags = [_Lag(lag, at, str(document["time"]), document.get("time_format")) for lag in document["lags"]]
        self._encoders = [_encoder(column) for column in document["columns"]]
        self.writes = [name for column in document["columns"] for name in output_names(column)]

    def rows(self, rows: Sequence[Row]) -> list[list[str]]:
        """Rows as the model gets them.

        Raises:
            ValueError: a row has more or fewer values than columns are read, or one of another type.
        """
        for row in rows:
            if len(row) != len(self.reads):
                raise ValueError(f"found {len(row)} values in a row, expected {len(self.reads)}: {', '.join(self.reads)}")
        whole = [[*row, *(lag.of(row) for lag in self._lags)] for row in rows]
        return [[text for encode, value in zip(self._encoders, row, strict=True) for text in encode(value)] for row in whole]


def output_names(column: ColumnDocument) -> list[str]:
    """The names of the columns that a column becomes."""
    name = column["name"]
    if column["kind"] == "dropped":
        return []
    if column["kind"] == "one_hot":
        return [f"{name}={category}" for category in (*column["categories"], OTHER)]
    if column["kind"] == "time":
        return [f"{name}_{part}" for part in column["parts"]]
    return [name]


def group_of(row: Row, columns: Sequence[int]) -> str:
    """The series that a row belongs to: lags look within one."""
    return SEPARATOR.join(row[column] for column in columns)


class _Lag:
    """The newest value of a column that is at least so old, of those in the artifact.

    Other rows of a request do not count: a row is transformed alike, alone and among others.
    """

    def __init__(self, lag: LagDocument, at: dict[str, int], time: str, form: str | None) -> None:
        self._form = form
        self._time, self._per = at[time], [at[name] for name in lag["per"]]
        self._back, self._within = lag["back"], lag["within"]
        self._history = {group: _Series([(seconds, value) for seconds, value in known]) for group, known in lag["history"].items()}

    def of(self, row: Row) -> str:
        series = self._history.get(group_of(row, self._per))
        if series is None or row[self._time] in EMPTY:
            return ""
        until = parse_timestamp(row[self._time], self._form) - self._back
        newest = series.last(until)
        return newest[1] if newest and until - newest[0] <= self._within else ""


class _Series:
    """Values by time; of several at one time the greatest text counts, so that their order does not matter."""

    def __init__(self, known: list[tuple[float, str]]) -> None:
        self._known = sorted(known)
        self._times = [time for time, _ in self._known]

    def last(self, until: float) -> tuple[float, str] | None:
        number = bisect_right(self._times, until)
        return self._known[number - 1] if number else None


def _encoder(column: ColumnDocument) -> Encoder:
    if column["kind"] == "number":
        return _number(column)
    if column["kind"] == "category":
        return _category(column)
    if column["kind"] == "one_hot":
        return _one_hot(column)
    if column["kind"] == "time":
        return _time(column)
    return _same if column["kind"] == "same" else _dropped


def _same(value: str) -> list[str]:
    return [value]


def _dropped(value: str) -> list[str]:
    return []


def number(value: str, column: NumberColumn) -> float | None:
    """A value after imputing and clipping.

    Raises:
        ValueError: it is no number.
    """
    parsed = column["fill"] if value in EMPTY else float(value)
    if parsed is None:
        return None
    low, high = column["clip"] or (None, None)
    if low is not None and parsed < low:
        return float(low)
    return float(high) if high is not None and parsed > high else float(parsed)


def _number(column: NumberColumn) -> Encoder:
    shift, factor = column["scale"] or (0.0, 1.0)

    def encode(value: str) -> list[str]:
        prepared = number(value, column)
        return ["" if prepared is None else repr((prepared - shift) / factor)]

    return encode


def _category(column: CategoryColumn) -> Encoder:
    fill = column["fill"]
    return lambda value: [fill if value in EMPTY else value]


def _one_hot(column: OneHotColumn) -> Encoder:
    categories, fill = column["categories"], column["fill"]
    place = {category: number for number, category in enumerate(categories)}

    def encode(value: str) -> list[str]:
        value = fill if value in EMPTY else value
        flags = ["0"] * (len(categories) + 1)
        if value not in EMPTY:
            flags[place.get(value, len(categories))] = "1"
        return flags

    return encode


def _time(column: TimeColumn) -> Encoder:
    parts, form = [PARTS[part] for part in column["parts"]], column.get("format")

    def encode(value: str) -> list[str]:
        if value in EMPTY:
            return [""] * len(parts)
        time = to_datetime(value, form)
        return [str(part(time)) for part in parts]

    return encode
