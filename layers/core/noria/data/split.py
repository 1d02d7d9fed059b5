"""Files made from a dataset: the curated rows, the training set, and a holdout that the training job never sees."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from noria.data.contract import SMOKE_ROWS, DataContract
from noria.data.rows import RowChecker, lines, table
from noria.data.shuffle import shuffled
from noria.kernel.errors import ContractError
from noria.kernel.json import Json
from noria.kernel.values import parse_timestamp


def curate(pieces: Iterable[bytes], contract: DataContract, target: str) -> tuple[str, str]:
    """The good rows, and the bad ones with their reason in two more columns; both with the header."""
    header, rows = table(lines(pieces))
    checker = RowChecker(contract, target, header)
    good, bad = _Csv(header), _Csv([*header, "fault_column", "fault_code"])
    for row in rows:
        if fault := checker.fault(row):
            bad.add([*row, fault.column, fault.code])
        else:
            good.add(row)
    return good.text(), bad.text() if bad.rows else ""


@dataclass(frozen=True)
class Split:
    """The parts of one run.

    Attributes:
        train: rows, all columns.
        holdout: features alone, in the contract's order, as CSV without a header: what an endpoint is sent.
        truth: the target of each holdout row, and its time where the contract names one.
        smoke: the first rows of the holdout.
        shuffled: a sample of the holdout once for each column, which is dealt out anew; as the holdout.
        facts: rows of each part, and how they were parted.
    """

    train: list[list[str]]
    holdout: str
    truth: str
    smoke: str
    shuffled: str
    facts: Json


def split(header: list[str], rows: list[list[str]], contract: DataContract, target: str, how: Json) -> Split:
    """Part a dataset.

    Args:
        how: `evaluate.split` of the spec. `by` is `time`: the newest rows are the holdout; `random`: rows are drawn by a hash
            of their content; `group`: so are whole groups. What is drawn is on the same side whatever other rows there are.
            `test` is the holdout's share of all rows.

    Raises:
        ContractError: there are not two rows, or not two groups.
    """
    if len(rows) < 2:
        raise ContractError(f"{len(rows)} rows cannot be parted into a training set and a holdout: two are the least")
    at = {name: i for i, name in enumerate(header)}
    if how["by"] == "time":
        assert contract.time is not None
        column = at[contract.time]
        rows = sorted(rows, key=lambda row: parse_timestamp(row[column]))
        size = round(len(rows) * how["test"])
    elif how["by"] == "group":
        rows, size = _by_group(rows, [at[name] for name in how["group"]], how["test"])
    else:
        rows = sorted(rows, key=_place)
        size = sum(_place(row) >= 1 - how["test"] for row in rows)
    size = max(1, min(len(rows) - 1, size))
    known, held = rows[:-size], rows[-size:]
    features = [[row[at[name]] for name in contract.features(target)] for row in held]
    facts = {"rows": len(rows), "train": len(known), "holdout": len(held), "by": how["by"]}
    if contract.time:
        times = sorted((row[at[contract.time]] for row in held), key=parse_timestamp)
        facts |= {"first": times[0], "last": times[-1]}
    return Split(
        train=known,
        holdout=written(features),
        truth=written([[row[at[name]] for name in (target, *([contract.time] if contract.time else []))] for row in held]),
        smoke=written(features[:SMOKE_ROWS]),
        shuffled=written(shuffled(features)),
        facts=facts,
    )


def _by_group(rows: list[list[str]], columns: list[int], test: float) -> tuple[list[list[str]], int]:
    """Rows with those of the held groups last, and how many those are."""
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
    """Where a row lies between 0 and 1, by its content alone."""
    return int.from_bytes(blake2b("\x1f".join(row).encode(), digest_size=6).digest()) / 2**48


def written(rows: list[list[str]], header: list[str] | None = None) -> str:
    """Rows as CSV."""
    result = _Csv(header)
    for row in rows:
        result.add(row)
    return result.text()


def size_of(row: Sequence[str]) -> int:
    """Bytes of a row in a file, if anything more than it has."""
    text = ",".join(row)
    quoted = any(mark in text for mark in '"\r\n') or text.count(",") >= len(row)
    return len(text.encode()) + 1 + (2 * len(row) + text.count('"') if quoted else 0)


class _Csv:
    """Rows as CSV text with plain line ends."""

    def __init__(self, header: list[str] | None) -> None:
        self._buffer, self.rows = io.StringIO(), 0
        self._writer = csv.writer(self._buffer, lineterminator="\n")
        if header:
            self._writer.writerow(header)

    def add(self, row: list[str]) -> None:
        self._writer.writerow(row)
        self.rows += 1

    def text(self) -> str:
        return self._buffer.getvalue()
