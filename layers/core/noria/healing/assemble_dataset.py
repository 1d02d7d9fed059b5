"""Puts together the rows that a model is trained on again: its last dataset, and what has been labelled since.

They are no more than an upload may have: the newest rows.
"""

import json
import math
from collections.abc import Iterator
from hashlib import sha256

from noria.adapters import objects
from noria.data import split
from noria.data.contract import DataContract
from noria.data.curate import write_dataset
from noria.data.policy import MOST_BYTES
from noria.data.rows import RowChecker, lines, table
from noria.healing import backtest
from noria.kernel.json import Json
from noria.kernel.values import parse_timestamp

DAY = 86_400.0
#: Rows of one part; and how far over a dataset's size rows are gathered before the oldest are let go.
PLACES, OVER = 10**9, 1.25


def assemble_dataset(event: Json) -> Json:
    """Write the dataset of a healing.

    Args:
        event: `{bucket, model, dataset, folder, base, state, recent_days, backtest, spec}`: `base` is the dataset that the serving version
            was trained on, `state` the key of what the last look has left; `recent_days` null is all rows, and with `backtest`
            they are what windows are tried around.

    Returns:
        `{rows, set_aside, digest, base, since, backtest, missing}`: `missing` are columns that the spec asks for and the rows lack;
        `since` is the time of the oldest row that was taken, as the data has it; `backtest` is what was chosen from, or null.
    """
    contract, target = DataContract.of(event["spec"]["data"]), event["spec"]["target"]
    names = contract.required(target)
    newest = _Newest(names.index(contract.time) if contract.time else None)
    for part, header, some in _parts(event):
        if missing := [name for name in names if name not in header]:
            return {"rows": 0, "set_aside": 0, "digest": "", "base": event["base"], "since": None, "backtest": None, "missing": missing}
        at = [header.index(name) for name in names]
        for number, row in enumerate(some):
            newest.add(tuple(row[i] for i in at), part * PLACES + number)
    checker = RowChecker(contract, target, list(names))
    known = newest.rows()
    rows = [row for row in known if not checker.fault(row)]
    aside, since, tried = len(known) - len(rows), None, None
    if contract.time:
        time, days = names.index(contract.time), event["recent_days"]
        rows.sort(key=lambda row: parse_timestamp(row[time]))
        if event.get("backtest"):
            tried = backtest.choose(contract, target, event["spec"]["task"], names, rows, days)
            days = tried.days
        if days is not None and rows:
            first = parse_timestamp(rows[-1][time]) - days * DAY
            rows = [row for row in rows if parse_timestamp(row[time]) >= first]
        since = rows[0][time] if rows else None
    text = split.written(rows, list(names))
    write_dataset(event["bucket"], event["folder"], text, contract.time)
    facts = {"rows": len(rows), "set_aside": aside, "digest": sha256(text.encode()).hexdigest()}
    return {**facts, "base": event["base"], "since": since, "backtest": tried and tried.to_json(), "missing": []}


class _Newest:
    """The newest rows that a dataset has room for, each once; without times those that came last."""

    def __init__(self, time: int | None) -> None:
        self._time, self._held, self._rows = time, 0, dict[tuple[str, ...], int]()
        self._oldest: tuple[float, int] | None = None

    def add(self, row: tuple[str, ...], place: int) -> None:
        """Take a row; of the same one at several places the first counts."""
        if row in self._rows:
            self._rows[row] = min(place, self._rows[row])
        elif self._oldest is None or self._age((row, place)) >= self._oldest:
            self._rows[row] = place
            self._held += split.size_of(row)
            if self._held > OVER * MOST_BYTES:
                self._cut()

    def rows(self) -> list[list[str]]:
        """In the order of their places."""
        if self._held > MOST_BYTES:
            self._cut()
        return [list(row) for row in sorted(self._rows, key=self._rows.__getitem__)]

    def _cut(self) -> None:
        held, retained = 0, dict[tuple[str, ...], int]()
        for row, place in sorted(self._rows.items(), key=self._age, reverse=True):
            if held + (size := split.size_of(row)) > MOST_BYTES:
                break
            held, retained[row] = held + size, place
        self._held, self._rows = held, retained
        if retained:
            self._oldest = self._age(next(reversed(retained.items())))

    def _age(self, item: tuple[tuple[str, ...], int]) -> tuple[float, int]:
        row, place = item
        try:
            return (0.0 if self._time is None else parse_timestamp(row[self._time])), place
        except ValueError:
            return -math.inf, place


def _parts(event: Json) -> Iterator[tuple[int, list[str], Iterator[list[str]]]]:
    """Every row that was labelled up to the look that is on record, the newest look first, and then the dataset; each part with its number
    in the order in which they came. What was asked while a feed was broken is left out.
    """
    state = json.loads(objects.read(event["bucket"], event["state"]))
    looks = state["labelled"]
    names = [f"monitor/{event['model']}/labelled/{look}.csv" for look in reversed(looks)]
    for part, body in zip(range(len(looks), 0, -1), objects.read_all(event["bucket"], names), strict=True):
        header, rows = table(lines([body]))
        request = header.index("#at")
        yield part, header, (row for row in rows if not any(first <= row[request] <= last for first, last in state["held"]))
    yield 0, *table(lines(objects.chunks(event["bucket"], f"curated/{event['model']}/{event['base']}/data.csv")))
