"""Splits a dataset into the training set and a holdout that the training job never sees."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from noria.data.contract import SMOKE_ROWS, DataContract
from noria.data.csv_text import to_csv
from noria.data.shuffle import shuffled
from noria.kernel.errors import ContractError
from noria.kernel.values import parse_timestamp, to_datetime

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from noria.data.shapes import SplitFacts
    from noria.kernel.published_spec import SplitShape

Numbers = Any
#: Rows of a holdout, at most: more of them tell no metric more exactly than a run needs, and each is predicted and scored.
MOST_HELD = 500_000


@dataclass(frozen=True)
class Assignment:
    """The places of all rows with those of the holdout last, and how many those are."""

    order: Numbers
    held: int


def by_time(times: Numbers, test: float) -> Assignment:
    """The newest rows are the holdout; both parts are in the order of their times."""
    return _clamped(np.argsort(times, kind="stable"), min(MOST_HELD, round(len(times) * test)))


def by_content(places: Numbers, test: float) -> Assignment:
    """Rows are drawn by their content; see `place_of`."""
    return _clamped(np.argsort(places, kind="stable"), min(MOST_HELD, int((places >= 1 - test).sum())))


def by_group(groups: Sequence[tuple[str, ...]], of_rows: Numbers, test: float) -> Assignment:
    """Whole groups are drawn by their content.

    Args:
        groups: the different ones, in the order of their first rows.
        of_rows: the number of each row's group.

    Raises:
        ContractError: there are fewer than two groups.
    """
    if len(groups) < 2:
        raise ContractError(f"evaluate.split by group needs two groups or more, and the dataset has {len(groups)}: name other columns in group")
    places = {number: place_of("\x1f".join(group)) for number, group in enumerate(groups)}
    ordered = sorted(places, key=places.__getitem__)
    held = [number for number in ordered if places[number] >= 1 - test] or ordered[-1:]
    held = _fitting(held if len(held) < len(ordered) else held[1:], np.bincount(of_rows))
    apart = set(held)
    ranks = np.empty(len(groups), np.int64)
    ranks[[*(number for number in range(len(groups)) if number not in apart), *held]] = np.arange(len(groups))
    return _clamped(np.argsort(ranks[of_rows], kind="stable"), int(np.isin(of_rows, held).sum()))


def _fitting(groups: list[int], rows: Numbers) -> list[int]:
    """As many of these groups, one at least, as a holdout has room for; `rows` counts those of each."""
    room = np.cumsum(rows[groups]) <= MOST_HELD
    return [group for group, fits in zip(groups, room.tolist(), strict=True) if fits] or groups[:1]


def _clamped(order: Numbers, held: int) -> Assignment:
    """At least one row on either side, and no more than `MOST_HELD` in the holdout unless one group has them.

    Raises:
        ContractError: there are fewer than two rows.
    """
    if len(order) < 2:
        raise ContractError(f"{len(order)} rows cannot be parted into a training set and a holdout: two are the least")
    return Assignment(order, max(1, min(len(order) - 1, held)))


def place_of(content: str) -> float:
    """A number from 0 to 1 by a content alone, so that a row is on the same side whatever other rows there are."""
    return int.from_bytes(blake2b(content.encode(), digest_size=6).digest()) / 2**48


@dataclass(frozen=True)
class Split:
    """The parts of one run.

    Attributes:
        train: rows, all columns.
        holdout: the features in the contract's order, as CSV without a header: the rows that an endpoint is sent.
        truth: the target of each holdout row, and its time where the contract names one.
        smoke: the first rows of the holdout.
        shuffled: a sample of the holdout once for each column, with that column shuffled; otherwise like the holdout.
        facts: rows of each part, and how they were split.
    """

    train: list[list[str]]
    holdout: str
    truth: str
    smoke: str
    shuffled: str
    facts: SplitFacts


def split(header: list[str], rows: list[list[str]], contract: DataContract, target: str, block: SplitShape) -> Split:
    """Split rows in memory; `noria.data.split_file` splits a file alike.

    Args:
        block: `evaluate.split` of the spec. `by: time`: the newest rows are the holdout; `random`: rows are drawn by a hash of
            their content; `group`: whole groups are drawn so. `test` is the holdout's share of all rows.

    Raises:
        ContractError: there are fewer than two rows, or than two groups.
    """
    at = {name: i for i, name in enumerate(header)}
    assignment = _assigned(rows, at, contract, block)
    ordered = [rows[place] for place in assignment.order.tolist()]
    known, held = ordered[: -assignment.held], ordered[-assignment.held :]
    features = [[row[at[name]] for name in contract.features(target)] for row in held]
    return Split(
        train=known,
        holdout=to_csv(features),
        truth=to_csv(truth_rows(contract, [[row[at[name]] for name in truth_columns(contract, target)] for row in held])),
        smoke=to_csv(features[:SMOKE_ROWS]),
        shuffled=to_csv(shuffled(features)),
        facts=facts_of(len(known), contract, block, [row[at[contract.time]] for row in held] if contract.time else None, len(held)),
    )


def _assigned(rows: list[list[str]], at: dict[str, int], contract: DataContract, block: SplitShape) -> Assignment:
    if block["by"] == "random":
        return by_content(np.array([place_of("\x1f".join(row)) for row in rows]), block["test"])
    if block["by"] == "group":
        numbers: dict[tuple[str, ...], int] = {}
        of_rows = np.array([numbers.setdefault(tuple(row[at[name]] for name in block["group"]), len(numbers)) for row in rows], np.int64)
        return by_group(list(numbers), of_rows, block["test"])
    assert contract.time is not None
    return by_time(np.array([parse_timestamp(row[at[contract.time]], contract.times_are) for row in rows]), block["test"])


def truth_columns(contract: DataContract, target: str) -> tuple[str, ...]:
    """The columns of the ground truth of a holdout: the target, and the event time."""
    return (target, *([contract.time] if contract.time else []))


def truth_rows(contract: DataContract, rows: list[list[str]]) -> list[list[str]]:
    """Rows of ground truth; a time that has a format of its own is in ISO 8601, which every reader of the truth reads."""
    form = contract.times_are
    return [[true, to_datetime(when, form).isoformat()] for true, when in rows] if contract.time and form else rows


def facts_of(train: int, contract: DataContract, block: SplitShape, times: Iterable[str] | None, holdout: int) -> SplitFacts:
    """Rows of each part, how they were split, and the first and the last time of the holdout."""
    facts: SplitFacts = {"rows": train + holdout, "train": train, "holdout": holdout, "by": block["by"]}
    if times is not None:
        form = contract.times_are
        ordered = sorted(times, key=lambda text: parse_timestamp(text, form))
        facts["first"], facts["last"] = (to_datetime(text, form).isoformat() if form else text for text in (ordered[0], ordered[-1]))
    return facts
