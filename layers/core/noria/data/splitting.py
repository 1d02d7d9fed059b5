"""Files made from a dataset: the curated rows, the training set, and a holdout that the training job never sees."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from noria.data.contract import SMOKE_ROWS, DataContract
from noria.data.rows import RowChecker, lines, moment, table

Json = dict[str, Any]


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
    """The files of one run, as text.

    Attributes:
        train: header and rows, all columns.
        holdout: features alone, in the contract's order, without a header: what an endpoint is sent.
        truth: the target of each holdout row, and its time where the contract names one.
        smoke: the first rows of the holdout.
        facts: rows of each part, and how they were parted.
    """

    train: str
    holdout: str
    truth: str
    smoke: str
    facts: Json


def split(pieces: Iterable[bytes], contract: DataContract, target: str, by: str, test: float) -> Split:
    """Part a dataset.

    Args:
        by: `time`: the newest rows are the holdout; `random`: rows are drawn by a hash of their content, so a row is
            on the same side whatever other rows there are.
        test: the holdout's share of all rows.
    """
    header, found = table(lines(pieces))
    at = {name: i for i, name in enumerate(header)}
    rows = list(found)
    size = round(len(rows) * test)
    if by == "time":
        assert contract.time is not None
        column = at[contract.time]
        rows.sort(key=lambda row: moment(row[column]))
    else:
        rows.sort(key=_place)
        size = sum(_place(row) >= 1 - test for row in rows)
    size = max(1, min(len(rows) - 1, size))
    known, held = rows[:-size], rows[-size:]
    features = [[row[at[name]] for name in contract.features(target)] for row in held]
    facts = {"rows": len(rows), "train": len(known), "holdout": len(held), "by": by}
    if contract.time:
        facts |= {"first": held[0][at[contract.time]], "last": held[-1][at[contract.time]]}
    return Split(
        train=_written(known, header),
        holdout=_written(features),
        truth=_written([[row[at[name]] for name in (target, *([contract.time] if contract.time else []))] for row in held]),
        smoke=_written(features[:SMOKE_ROWS]),
        facts=facts,
    )


def _place(row: list[str]) -> float:
    """Where a row lies between 0 and 1, by its content alone."""
    return int.from_bytes(blake2b("\x1f".join(row).encode(), digest_size=6).digest()) / 2**48


def _written(rows: list[list[str]], header: list[str] | None = None) -> str:
    made = _Csv(header)
    for row in rows:
        made.add(row)
    return made.text()


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
