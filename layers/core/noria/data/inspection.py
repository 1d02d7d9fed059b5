"""The facts of one upload, found in one pass: what the judgement and the ledger need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import TYPE_CHECKING

from noria.data.contract import DataContract
from noria.data.rows import RowChecker, lines, table
from noria.kernel.errors import UnreadableDatasetError

if TYPE_CHECKING:
    from noria.data.shapes import Inspection

#: How many bad rows are shown in a verdict.
EXAMPLES = 10


def inspect(pieces: Iterable[bytes], contract: DataContract | None, target: str) -> Inspection:
    """Digest, size, header, rows and what breaks the contract.

    Args:
        pieces: the object's bytes.
        contract: nothing when no model of that name is published: then only size and digest are found.

    Returns:
        `{bytes, digest, header, rows, bad_rows, faults: {column: {code: n}}, examples: […], problem}`; `problem` is a
        sentence when the bytes cannot be read as CSV.
    """
    hashed = _Hashed(pieces)
    facts: Inspection = {"bytes": 0, "digest": "", "header": [], "rows": 0, "bad_rows": 0, "faults": {}, "examples": [], "problem": None}
    try:
        if contract is not None:
            _read(hashed, contract, target, facts)
    except UnreadableDatasetError as error:
        facts["problem"] = str(error)
    for _ in hashed:
        pass
    facts["bytes"], facts["digest"] = hashed.size, hashed.digest()
    return facts


def _read(pieces: Iterable[bytes], contract: DataContract, target: str, facts: Inspection) -> None:
    header, rows = table(lines(pieces))
    facts["header"] = header
    if set(contract.required(target)) - set(header):
        return
    checker, counted = RowChecker(contract, target, header), Counter[tuple[str, str]]()
    for number, row in enumerate(rows, start=2):
        facts["rows"] += 1
        if fault := checker.fault(row):
            facts["bad_rows"] += 1
            counted[fault.column, fault.code] += 1
            if len(facts["examples"]) < EXAMPLES:
                facts["examples"].append({"row": number, "column": fault.column, "code": fault.code, "observed": fault.observed})
    for (column, code), count in sorted(counted.items()):
        facts["faults"].setdefault(column, {})[code] = count


class _Hashed:
    """Passes pieces on and hashes them; iterating again goes on where it stopped."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces, self._hash, self.size = iter(pieces), sha256(), 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self._hash.update(piece)
            self.size += len(piece)
            yield piece

    def digest(self) -> str:
        return self._hash.hexdigest()
