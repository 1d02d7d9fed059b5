"""Checks the rows of a CSV file against a contract, one row at a time."""

import csv
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

from noria.data.contract import NUMERIC_TYPES, Column, DataContract
from noria.data.csv_text import CsvText
from noria.kernel.errors import InvariantError, UnreadableDatasetError
from noria.kernel.values import EMPTY, TRUTHS, is_time

#: Longest field (characters).
LONGEST_FIELD = 1_000_000
#: A header with more names, or longer ones, would not fit through a state machine.
MOST_COLUMNS, MOST_HEADER_BYTES = 2_000, 32 * 1024


@dataclass(frozen=True)
class Fault:
    """The first fault of a bad row.

    Attributes:
        code: `Shape`, `Null`, `Type`, `Range`, `Value` or `DuplicateKey`.
    """

    column: str
    code: str
    observed: str


def lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """Decode an object's pieces into lines of text.

    Raises:
        UnreadableDatasetError: the bytes are no UTF-8 text.
    """
    rest, first = b"", True
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield _decoded(line + b"\n", first)
            first = False
    if rest:
        yield _decoded(rest, first)


def _decoded(line: bytes, first: bool) -> str:
    if b"\0" in line:
        raise UnreadableDatasetError("the file holds zero bytes: it is no CSV; export it as UTF-8 text")
    try:
        return line.decode("utf-8-sig" if first else "utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableDatasetError(f"the file is not UTF-8 text ({error.reason} at byte {error.start} of a line); export it as UTF-8 CSV") from error


def table(text: Iterable[str]) -> tuple[list[str], Iterator[list[str]]]:
    """Parse lines of CSV into the header and the rows.

    Raises:
        UnreadableDatasetError: there is no header, a name comes twice, or the quoting is broken.
    """
    csv.field_size_limit(LONGEST_FIELD)
    reader = csv.reader(text, strict=True)
    header = next(_guarded(reader), [])
    if not any(header):
        raise UnreadableDatasetError("the file is empty: its first line must name the columns")
    names = [name.strip() for name in header]
    if len(names) > MOST_COLUMNS:
        raise UnreadableDatasetError(f"the first line has {len(names)} fields, more than {MOST_COLUMNS}: it is no header of a CSV")
    if (size := sum(len(name.encode()) for name in names)) > MOST_HEADER_BYTES:
        raise UnreadableDatasetError(f"the names in the first line have {size} bytes, more than {MOST_HEADER_BYTES}: drop columns, or shorten their names")
    if twice := {name for name, times in Counter(names).items() if times > 1}:
        raise UnreadableDatasetError(f"the header names {', '.join(sorted(twice))} more than once")
    return names, _guarded(reader)


def _guarded(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        for row in reader:
            if row:
                yield row
    except csv.Error as error:
        raise UnreadableDatasetError(f"the file is no CSV: {_explained(error)}") from error


def _explained(error: csv.Error) -> str:
    """The fault of a CSV in words for its owner; Python's own advise a programmer."""
    text = str(error)
    return "a carriage return stands alone in a field; export it as UTF-8 CSV with line ends of \\n" if "new-line character" in text else text


@dataclass
class RowChecker:
    """Checks rows one by one, and remembers a digest of each key to find duplicates (about 100 bytes a row)."""

    contract: DataContract
    target: str
    header: list[str]
    _seen: set[bytes] = field(default_factory=set)
    _at: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self._at = {name: i for i, name in enumerate(self.header)}

    def fault(self, row: list[str]) -> Fault | None:
        """The first fault of a row; None where it keeps the contract."""
        if len(row) != len(self.header):
            return Fault("", "Shape", f"{len(row)} fields under {len(self.header)} names")
        for name in self.contract.required(self.target):
            column = self.contract.columns.get(name)
            value = row[self._at[name]]
            code = column_fault(column, value) if column else None if value not in EMPTY else "Null"
            if not code and name == self.contract.time and not is_time(value):
                code = "Type"
            if code:
                return Fault(name, code, value[:80])
        return self._key_fault(row)

    def _key_fault(self, row: list[str]) -> Fault | None:
        if not self.contract.key:
            return None
        values = [row[self._at[name]] for name in self.contract.key]
        key = blake2b("\x1f".join(values).encode(), digest_size=16).digest()
        if key in self._seen:
            return Fault(",".join(self.contract.key), "DuplicateKey", ",".join(values)[:80])
        self._seen.add(key)
        return None


def separate(pieces: Iterable[bytes], contract: DataContract, target: str) -> tuple[str, str]:
    """Separate good rows from bad ones; the bad ones have their fault in two more columns.

    Returns:
        Both as CSV with a header; the second is empty where no row is bad.

    Raises:
        UnreadableDatasetError: the bytes are no CSV.
    """
    header, rows = table(lines(pieces))
    checker = RowChecker(contract, target, header)
    good, bad = CsvText(header), CsvText([*header, "fault_column", "fault_code"])
    for row in rows:
        if fault := checker.fault(row):
            bad.add([*row, fault.column, fault.code])
        else:
            good.add(row)
    return good.text(), bad.text() if bad.rows else ""


def column_fault(column: Column, value: str) -> str | None:
    """The code of a value's fault; None where it keeps the contract.

    Raises:
        InvariantError: the contract names a type that no rule here checks.
    """
    if value in EMPTY:
        return None if column.nullable else "Null"
    if column.values is not None and value not in column.values:
        return "Value"
    if column.type in NUMERIC_TYPES:
        return _number_fault(column, value)
    if column.type == "boolean":
        return None if value in TRUTHS else "Type"
    if column.type == "timestamp":
        return None if is_time(value) else "Type"
    if column.type == "string":
        return None
    raise InvariantError(f"a column of type {column.type!r} has no check: expected {', '.join(NUMERIC_TYPES)}, boolean, timestamp or string; add one here")


def _number_fault(column: Column, value: str) -> str | None:
    try:
        number = float(value)
    except ValueError:
        return "Type"
    if not math.isfinite(number) or (column.type == "integer" and not number.is_integer()):
        return "Type"
    low, high = column.between or (None, None)
    return "Range" if (low is not None and number < low) or (high is not None and number > high) else None
