"""Splits a dataset into the training set and a holdout that the training job never sees."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from noria.data.contract import SMOKE_ROWS, DataContract
from noria.data.csv_text import to_csv
from noria.data.shuffle import shuffled
from noria.kernel.errors import ContractError
from noria.kernel.values import parse_timestamp, to_datetime

if TYPE_CHECKING:
    from noria.data.shapes import SplitFacts
    from noria.kernel.published_spec import SplitShape


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
    """Split a dataset.

    Args:
        block: `evaluate.split` of the spec. `by: time`: the newest rows are the holdout; `random`: rows are drawn by a hash of
            their content; `group`: whole groups are drawn so. A drawn row is on the same side whatever other rows there are.
            `test` is the holdout's share of all rows.

    Raises:
        ContractError: there are fewer than two rows, or than two groups.
    """
    if len(rows) < 2:
        raise ContractError(f"{len(rows)} rows cannot be parted into a training set and a holdout: two are the least")
    at = {name: i for i, name in enumerate(header)}
    rows, size = _order(rows, at, contract, block)
    size = max(1, min(len(rows) - 1, size))
    known, held = rows[:-size], rows[-size:]
    features = [[row[at[name]] for name in contract.features(target)] for row in held]
    truth = [[row[at[name]] for name in (target, *([contract.time] if contract.time else []))] for row in held]
    if contract.time and contract.times_are:
        truth = [[true, _iso(when, contract.times_are)] for true, when in truth]
    return Split(
        train=known,
        holdout=to_csv(features),
        truth=to_csv(truth),
        smoke=to_csv(features[:SMOKE_ROWS]),
        shuffled=to_csv(shuffled(features)),
        facts=_facts(known, held, at[contract.time] if contract.time else None, contract.times_are, block),
    )


def _order(rows: list[list[str]], at: dict[str, int], contract: DataContract, block: SplitShape) -> tuple[list[list[str]], int]:
    """Rows with those of the holdout last, and how many those are."""
    if block["by"] == "group":
        return _by_group(rows, [at[name] for name in block["group"]], block["test"])
    if block["by"] == "random":
        return sorted(rows, key=_place), sum(_place(row) >= 1 - block["test"] for row in rows)
    assert contract.time is not None
    time = at[contract.time]
    return sorted(rows, key=lambda row: parse_timestamp(row[time], contract.times_are)), round(len(rows) * block["test"])


def _by_group(rows: list[list[str]], columns: list[int], test: float) -> tuple[list[list[str]], int]:
    groups: dict[tuple[str, ...], list[list[str]]] = {}
    for row in rows:
        groups.setdefault(tuple(row[column] for column in columns), []).append(row)
    if len(groups) < 2:
        raise ContractError(f"evaluate.split by group needs two groups or more, and the dataset has {len(groups)}: name other columns in group")
    ordered = sorted(groups, key=lambda group: _place(list(group)))
    held = [group for group in ordered if _place(list(group)) >= 1 - test] or ordered[-1:]
    held = held if len(held) < len(ordered) else held[1:]
    apart = set(held)
    known = [group for group in ordered if group not in apart]
    return [row for group in (*known, *held) for row in groups[group]], sum(len(groups[group]) for group in held)


def _place(row: list[str]) -> float:
    """A number from 0 to 1 by the content of a row alone."""
    return int.from_bytes(blake2b("\x1f".join(row).encode(), digest_size=6).digest()) / 2**48


def _iso(text: str, form: str) -> str:
    return to_datetime(text, form).isoformat()


def _facts(known: list[list[str]], held: list[list[str]], time: int | None, form: str | None, block: SplitShape) -> SplitFacts:
    facts: SplitFacts = {"rows": len(known) + len(held), "train": len(known), "holdout": len(held), "by": block["by"]}
    if time is not None:
        times = sorted((row[time] for row in held), key=lambda text: parse_timestamp(text, form))
        facts["first"], facts["last"] = (_iso(time_, form) if form else time_ for time_ in (times[0], times[-1]))
    return facts
