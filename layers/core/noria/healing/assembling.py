"""Puts together the rows that a model is trained on again: its last dataset, and what has been labelled since.

They are no more than an upload may have: the newest rows.
"""

import json
from collections import deque
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import chain
from typing import Any

from noria.adapters import objects
from noria.data import splitting
from noria.data.contract import DataContract
from noria.data.policy import MOST_BYTES
from noria.data.rows import RowChecker, lines, table
from noria.data.values import moment
from noria.healing import backtest
from noria.profile.curating import keep

Json = dict[str, Any]
DAY = 86_400.0


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
    parts, room = deque[list[tuple[str, ...]]](), MOST_BYTES
    for header, some in chain(_labelled(event), _base(event)):
        if missing := [name for name in names if name not in header]:
            return {"rows": 0, "set_aside": 0, "digest": "", "base": event["base"], "since": None, "backtest": None, "missing": missing}
        at = [header.index(name) for name in names]
        last = _last((tuple(row[i] for i in at) for row in some), room)
        parts.appendleft(last)
        room -= sum(map(_size, last))
        if room <= 0:
            break
    found = chain.from_iterable(parts)
    checker = RowChecker(contract, target, list(names))
    known = dict.fromkeys(found)
    rows = [list(row) for row in known if not checker.fault(list(row))]
    aside, since, tried = len(known) - len(rows), None, None
    if contract.time:
        time, days = names.index(contract.time), event["recent_days"]
        rows.sort(key=lambda row: moment(row[time]))
        if event.get("backtest"):
            tried = backtest.choose(contract, target, event["spec"]["task"], names, rows, days)
            days = tried.days
        if days is not None and rows:
            first = moment(rows[-1][time]) - days * DAY
            rows = [row for row in rows if moment(row[time]) >= first]
        since = rows[0][time] if rows else None
    text = splitting.written(rows, list(names))
    keep(event["bucket"], event["folder"], text, contract.time)
    facts = {"rows": len(rows), "set_aside": aside, "digest": sha256(text.encode()).hexdigest()}
    return {**facts, "base": event["base"], "since": since, "backtest": tried and tried.to_json(), "missing": []}


def _last(rows: Iterable[tuple[str, ...]], room: int) -> list[tuple[str, ...]]:
    """The last rows, as many as there is room for."""
    kept, left = deque[tuple[str, ...]](), room
    for row in rows:
        kept.append(row)
        left -= _size(row)
        while left < 0:
            left += _size(kept.popleft())
    return list(kept)


def _size(row: tuple[str, ...]) -> int:
    """Bytes of a row in a file."""
    return sum(map(len, row)) + len(row)


def _base(event: Json) -> Iterator[tuple[list[str], Iterator[list[str]]]]:
    yield table(lines(objects.chunks(event["bucket"], f"curated/{event['model']}/{event['base']}/data.csv")))


def _labelled(event: Json) -> Iterator[tuple[list[str], Iterator[list[str]]]]:
    """Every row that was labelled up to the look that is on record, the newest look first; what was asked while a feed was broken is left out."""
    state = json.loads(objects.read(event["bucket"], event["state"]))
    names = [f"monitor/{event['model']}/labelled/{look}.csv" for look in reversed(state["labelled"])]
    for body in objects.read_all(event["bucket"], names):
        header, rows = table(lines(iter([body])))
        asked = header.index("#at")
        yield header, (row for row in rows if not any(first <= row[asked] <= last for first, last in state["held"]))
