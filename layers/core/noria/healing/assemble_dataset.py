"""Assembles the dataset of an automatic retraining: the champion's dataset, and the rows that were labelled since.

It has the newest rows, and no more than an upload may have.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from noria.adapters import objects
from noria.data.contract import NUMERIC_TYPES, DataContract
from noria.data.csv_text import csv_size, to_csv
from noria.data.dataset_file import read_texts
from noria.data.judge_dataset import needs_csv
from noria.data.policy import MOST_ASSEMBLED
from noria.data.text_rows import dataset_of, good_places
from noria.healing import backtest
from noria.kernel import lake
from noria.kernel.values import parse_number, parse_timestamp
from noria.monitoring.incidents import is_during
from noria.monitoring.monitoring_run import AT, LABELLED
from noria.tables.source import BytesSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from noria.data.contract import Column
    from noria.healing.shapes import AssembleDatasetInput, AssembledDataset
    from noria.monitoring.shapes import MonitoringState

DAY = 86_400.0
#: Rows of one part, at most; and how far over a dataset's size rows are gathered before the oldest are dropped.
PLACES, OVER = 10**9, 1.25


@dataclass(frozen=True)
class _Columns:
    """The columns of the dataset."""

    contract: DataContract
    target: str

    @property
    def names(self) -> tuple[str, ...]:
        return self.contract.required(self.target)

    @property
    def time(self) -> int | None:
        """The place of the event time; nothing where the contract names none."""
        return self.names.index(self.contract.time) if self.contract.time else None


def assemble_dataset(event: AssembleDatasetInput) -> AssembledDataset:
    """Write the dataset of an automatic retraining; nothing is written where a column is missing."""
    columns = _Columns(DataContract.of(event["spec"]["data"]), event["spec"]["target"])
    gathered, missing = _gather(event, columns)
    if missing:
        return {"rows": 0, "set_aside": 0, "digest": "", "base": event["base"], "since": None, "backtest": None, "missing": missing}
    places, _ = good_places(columns.contract, columns.target, columns.names, gathered)
    good = [gathered[place] for place in places]
    rows, choice = _select_window(event, columns, good)
    text = to_csv(rows, list(columns.names))
    if rows:
        with dataset_of(columns.contract, columns.target, columns.names, rows) as dataset:
            for name, content, kind in dataset.objects(needs_csv(event["spec"])):
                objects.put(event["bucket"], event["folder"] + name, content, kind)
    return {
        "rows": len(rows),
        "set_aside": len(gathered) - len(good),
        "digest": sha256(text.encode()).hexdigest(),
        "base": event["base"],
        "since": rows[0][columns.time] if rows and columns.time is not None else None,
        "backtest": choice.to_json() if choice else None,
        "missing": [],
    }


def _gather(event: AssembleDatasetInput, columns: _Columns) -> tuple[list[list[str]], list[str]]:
    """The newest rows in the order of their arrival, and the columns that a part of them lacks."""
    newest = _Newest(columns)
    for part, header, rows in _parts(event):
        if missing := [name for name in columns.names if name not in header]:
            return [], missing
        at = [header.index(name) for name in columns.names]
        for number, row in enumerate(rows):
            newest.add(tuple(row[place] for place in at), part * PLACES + number)
    return newest.rows(), []


def _select_window(event: AssembleDatasetInput, columns: _Columns, rows: list[list[str]]) -> tuple[list[list[str]], backtest.Choice | None]:
    """The rows of the training window in the order of their times, and the backtest that chose it; without times all rows."""
    time, days, choice = columns.time, event["recent_days"], None
    if time is None:
        return rows, None
    form = columns.contract.times_are
    rows = sorted(rows, key=lambda row: parse_timestamp(row[time], form))
    if event["backtest"] and days is not None:
        choice = backtest.choose(columns.contract, columns.target, event["spec"]["task"], columns.names, rows, days)
        days = choice.days
    if days is not None and rows:
        first = parse_timestamp(rows[-1][time], form) - days * DAY
        rows = [row for row in rows if parse_timestamp(row[time], form) >= first]
    return rows, choice


class _Newest:
    """The newest rows that a dataset has room for, each once; without times the last ones to arrive."""

    def __init__(self, columns: _Columns) -> None:
        self._time, self._form = columns.time, columns.contract.times_are
        self._meanings = [_meaning_of(columns.contract.column(name)) for name in columns.names]
        self._bytes, self._rows = 0, dict[tuple[object, ...], tuple[tuple[str, ...], int]]()
        self._oldest: tuple[float, int] | None = None

    def add(self, row: tuple[str, ...], place: int) -> None:
        """Add a row; of one row at several places the first place counts."""
        key = tuple(meaning(value) for meaning, value in zip(self._meanings, row, strict=True))
        if key in self._rows:
            self._rows[key] = row, min(place, self._rows[key][1])
        elif self._oldest is None or self._age((row, place)) >= self._oldest:
            self._rows[key] = row, place
            self._bytes += csv_size(row)
            if self._bytes > OVER * MOST_ASSEMBLED:
                self._cut()

    def rows(self) -> list[list[str]]:
        """In the order of their places."""
        if self._bytes > MOST_ASSEMBLED:
            self._cut()
        return [list(row) for row, _ in sorted(self._rows.values(), key=lambda item: item[1])]

    def _cut(self) -> None:
        """Drop the oldest rows."""
        size, rest = 0, dict[tuple[object, ...], tuple[tuple[str, ...], int]]()
        for key, item in sorted(self._rows.items(), key=lambda item: self._age(item[1]), reverse=True):
            if size + (more := csv_size(item[0])) > MOST_ASSEMBLED:
                break
            size, rest[key] = size + more, item
        self._bytes, self._rows = size, rest
        if rest:
            self._oldest = self._age(next(reversed(rest.values())))

    def _age(self, item: tuple[tuple[str, ...], int]) -> tuple[float, int]:
        row, place = item
        try:
            return (0.0 if self._time is None else parse_timestamp(row[self._time], self._form)), place
        except ValueError:
            return -math.inf, place


def _meaning_of(column: Column) -> Callable[[str], object]:
    """What a text of a column says, however it is written: a dataset writes all its times and numbers alike, traffic need not."""

    def meaning(text: str) -> object:
        try:
            if column.type == "timestamp":
                return parse_timestamp(text, column.format)
            return parse_number(text) if column.type in NUMERIC_TYPES else text
        except ValueError:
            return text

    return meaning


def _parts(event: AssembleDatasetInput) -> Iterator[tuple[int, list[str], Iterator[list[str]]]]:
    """The labelled rows of each recorded monitoring run, the newest run first, and then the champion's dataset.

    Each part has its number in the order of arrival, and its header. Requests that were sent while a feed was broken are left out.
    """
    state: MonitoringState = json.loads(objects.read(event["bucket"], event["state"]))
    runs = state["labelled"]
    names = [lake.monitoring(event["model"], LABELLED, f"{run}.csv") for run in reversed(runs)]
    for part, body in zip(range(len(runs), 0, -1), objects.read_all(event["bucket"], names), strict=True):
        header, rows = read_texts(BytesSource(body))
        at = header.index(AT)
        yield part, header, (row for row in rows if not is_during(state["incidents"], row[at]))
    yield 0, *read_texts(objects.ObjectSource(event["bucket"], _rows_of(event["bucket"], lake.curated(event["model"], event["base"]))))


def _rows_of(bucket: str, folder: str) -> str:
    """The object that has a dataset's rows: Parquet, or CSV where an earlier version wrote it."""
    return folder + (lake.DATA if folder + lake.DATA in objects.keys(bucket, folder, folder) else lake.DATA_CSV)
