"""A labelled history: the good rows of a file, in the order of their times."""

import csv
import io
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from noria.data import splitting
from noria.data.contract import DataContract
from noria.data.values import moment
from noria.kernel.errors import ContractError


@dataclass(frozen=True)
class History:
    """Labelled rows in the order of their times (seconds since the epoch)."""

    header: list[str]
    rows: list[list[str]]
    times: list[float]

    def between(self, since: float | None, until: float) -> slice:
        return slice(0 if since is None else bisect_left(self.times, since), bisect_left(self.times, until))


def history(pieces: Iterator[bytes], contract: DataContract, target: str) -> tuple[History, int]:
    """The good rows of a file in the order of their times, and how many were set aside.

    Raises:
        ContractError: the spec names no time, or no row is good.
    """
    if contract.time is None:
        raise ContractError("a replay needs event times: name data.time in the spec")
    try:
        good, bad = splitting.curate(pieces, contract, target)
    except KeyError as error:
        raise ContractError(f"the file lacks the column {error}; the spec asks for {', '.join(contract.required(target))}") from error
    header, *rows = list(csv.reader(io.StringIO(good, newline="")))
    if not rows:
        raise ContractError("no row of the file keeps the contract: noria contract suggest FILE writes one that it keeps")
    at = header.index(contract.time)
    ordered = sorted(((moment(row[at]), row) for row in rows), key=lambda pair: pair[0])
    return History(header, [row for _, row in ordered], [time for time, _ in ordered]), max(0, bad.count("\n") - 1)
