"""A labelled history: the good rows of a file, in the order of their times."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from noria.data.csv_text import csv_size
from noria.data.dataset_file import read_texts
from noria.data.ingestion import Ingestion
from noria.kernel.errors import ContractError, UnreadableDatasetError
from noria.kernel.values import parse_timestamp
from noria.tables.source import FileSource

if TYPE_CHECKING:
    from noria.data.contract import DataContract
    from noria.tables.source import Source

#: Faults that a message names.
MOST_FAULTS = 5


@dataclass(frozen=True)
class History:
    """Labelled rows in the order of their times (seconds since the epoch)."""

    header: list[str]
    rows: list[list[str]]
    times: list[float]

    def between(self, since: float | None, until: float) -> slice:
        """The rows from one time on, and before another."""
        return slice(0 if since is None else bisect_left(self.times, since), bisect_left(self.times, until))

    @cached_property
    def _ends(self) -> list[int]:
        """The size of a file of the rows up to each (bytes)."""
        return list(accumulate(csv_size(row) for row in self.rows))

    def fitting(self, rows: slice, most: int) -> slice:
        """The newest of these rows, as many as a file of so many bytes has room for."""
        if rows.stop <= rows.start:
            return rows
        over = self._ends[rows.stop - 1] - most
        return slice(max(rows.start, bisect_left(self._ends, over) + 1), rows.stop) if over > 0 else rows


def history(source: Source, contract: DataContract, target: str) -> tuple[History, int]:
    """The good rows of a file of any format in the order of their times, and how many were set aside.

    Raises:
        ContractError: the spec names no time, the file lacks a column, or no row is good.
        UnreadableDatasetError: the file has no format that Noria reads.
    """
    if contract.time is None:
        raise ContractError("a replay needs event times: name data.time in the spec")
    with Ingestion(contract, target) as ingestion:
        facts = ingestion.read(lambda: source)
        if facts["problem"]:
            raise UnreadableDatasetError(facts["problem"])
        if missing := [name for name in contract.required(target) if name not in facts["header"]]:
            raise ContractError(f"the file lacks the column {', '.join(map(repr, missing))}; the spec asks for {', '.join(contract.required(target))}")
        if ingestion.dataset is None or not ingestion.dataset.rows:
            faults = Counter({f"{column} {code}": count for column, codes in facts["faults"].items() for code, count in codes.items()})
            named = ", ".join(f"{fault} × {count:,}" for fault, count in faults.most_common(MOST_FAULTS))
            raise ContractError(f"no row of the file keeps the contract ({named or 'it has none'}): noria contract suggest FILE writes one that it keeps")
        header, rows = read_texts(FileSource(ingestion.dataset.path))
        at = header.index(contract.time)
        ordered = sorted(((parse_timestamp(row[at], contract.times_are), row) for row in rows), key=lambda pair: pair[0])
    return History(header, [row for _, row in ordered], [time for time, _ in ordered]), facts["bad_rows"]
