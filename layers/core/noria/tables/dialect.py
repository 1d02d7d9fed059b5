"""The dialect of a CSV: encoding, delimiter, quoting and notation of numbers, declared or read off the file's beginning."""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from noria.kernel.errors import UnreadableDatasetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DELIMITERS = ",;\t|"
#: Rows of the beginning that show the delimiter and the notation of numbers.
SNIFFED_ROWS = 200
#: Longest field of the header (characters).
LONGEST_FIELD = 1_000_000
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
SINGLE_BYTE = "cp1252"
#: The first line of a CSV by which Excel is told the delimiter.
SEPARATOR_LINE = re.compile(r"\"?sep=(.)\"?", re.IGNORECASE)
#: Numbers that only a decimal comma, or only a thousands separator, explains.
DECIMAL_COMMA = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+),(\d{1,2}|\d{4,})|[+-]?\d{1,3}(\.\d{3})+,\d+|[+-]?(0|\d{4,}),\d+")
DECIMAL_POINT = re.compile(r"[+-]?\d+\.(\d{1,2}|\d{4,})|[+-]?(0|\d{4,})\.\d+")
THOUSANDS_COMMA = re.compile(r"[+-]?\d{1,3}(,\d{3})+\.\d+|[+-]?\d{1,3}(,\d{3}){2,}")
THOUSANDS_POINT = re.compile(r"[+-]?\d{1,3}(\.\d{3})+,\d+|[+-]?\d{1,3}(\.\d{3}){2,}")


@dataclass(frozen=True)
class Dialect:
    """How a CSV is written.

    Attributes:
        encoding: a codec's name.
        quote: the character that encloses fields, or nothing.
        comment: the beginning of lines that are no rows, or nothing.
        decimal: the decimal mark; `thousands`: the mark between groups of digits, or nothing.
        skip: lines before the header.
    """

    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    comment: str = ""
    decimal: str = "."
    thousands: str = ""
    skip: int = 0

    @property
    def is_plain(self) -> bool:
        """Whether it is UTF-8 with commas and points."""
        return replace(self, skip=0) == PLAIN

    def reader(self, lines: Iterable[str], strict: bool = False) -> Iterator[list[str]]:
        """A reader of lines."""
        if not self.quote:
            return csv.reader(lines, delimiter=self.delimiter, quoting=csv.QUOTE_NONE, strict=strict)
        return csv.reader(lines, delimiter=self.delimiter, quotechar=self.quote, strict=strict)


#: UTF-8 with commas and points.
PLAIN = Dialect()


def sniff(head: bytes, whole: bool, declared: dict[str, str]) -> tuple[Dialect, str]:
    """The dialect of a CSV, and the text of its beginning in whole lines.

    Args:
        head: the beginning of the file.
        whole: whether that is all of it.
        declared: fields of `Dialect` that are known.

    Raises:
        UnreadableDatasetError: the beginning is empty, or no text.
    """
    encoding = declared.get("encoding") or _encoding(head, whole)
    text = _decoded(head, encoding)
    if not whole:
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text
    if not text.strip():
        raise UnreadableDatasetError("the file is empty: its first line must name the columns")
    dialect = replace(Dialect(encoding=encoding), **{name: value for name, value in declared.items() if name != "encoding"})  # type: ignore[arg-type]
    skip, delimiter = _preamble(text, dialect.comment)
    dialect = replace(dialect, skip=skip, delimiter=declared.get("delimiter") or delimiter or _delimiter(text, skip, dialect.quote))
    rows = _rows(text, dialect)
    decimal, thousands = _notation([value for row in rows[1:] for value in row], dialect.delimiter)
    return replace(dialect, decimal=declared.get("decimal") or decimal, thousands=declared.get("thousands", thousands)), text


def _encoding(head: bytes, whole: bool) -> str:
    """By its byte order mark; else UTF-16 where every other byte is zero, UTF-8 where it is valid, and Windows' single bytes elsewhere."""
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            return encoding
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) > len(head) // 4 and min(even, odd) == 0:
        return "utf-16-le" if odd > even else "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, whole)
    except UnicodeDecodeError:
        return SINGLE_BYTE
    return "utf-8"


def _decoded(head: bytes, encoding: str) -> str:
    try:
        return codecs.getincrementaldecoder(encoding)("replace").decode(head).removeprefix("\ufeff")
    except LookupError as error:
        raise UnreadableDatasetError(f"data.csv.encoding is {encoding!r}, which is no encoding that Python knows") from error


def _preamble(text: str, comment: str) -> tuple[int, str]:
    """How many lines come before the header, and the delimiter that Excel's first line names."""
    lines, skip, delimiter = [line.rstrip("\r\n") for line in _lines(text)], 0, ""
    for line in lines:
        if match := SEPARATOR_LINE.fullmatch(line.strip()):
            delimiter = match[1]
        elif line.strip() and not line.startswith(comment or "#"):
            break
        skip += 1
    # Names may begin with a number sign; the line is a comment where its fields are not as many as those of the next lines.
    last = lines[skip - 1] if 0 < skip <= len(lines) else ""
    if last.startswith("#") and not comment and skip < len(lines):
        fields = {mark: len(next(csv.reader([last], delimiter=mark))) for mark in DELIMITERS}
        if any(count > 1 and count == len(next(csv.reader([lines[skip]], delimiter=mark))) for mark, count in fields.items()):
            skip -= 1
    return skip, delimiter


def _lines(text: str) -> list[str]:
    """Lines by the ends that a CSV has; other marks by which Python parts text are characters of a field."""
    return io.StringIO(text, newline="").readlines()


def _delimiter(text: str, skip: int, quote: str) -> str:
    """The delimiter under which most rows have as many fields as the header; a comma where none parts it."""

    def score(mark: str) -> tuple[float, int, bool]:
        rows = _rows(text, Dialect(delimiter=mark, quote=quote, skip=skip))
        width = len(rows[0]) if rows else 0
        alike = sum(len(row) == width for row in rows) / len(rows) if width > 1 else 0.0
        return alike, width, mark == ","

    return max(DELIMITERS, key=score)


def _rows(text: str, dialect: Dialect) -> list[list[str]]:
    """The first rows, header included, without blank ones and comments."""
    csv.field_size_limit(LONGEST_FIELD)
    lines = _lines(text)[dialect.skip :]
    reader = dialect.reader(line for line in lines if not (dialect.comment and line.startswith(dialect.comment)))
    try:
        return [row for row in islice(reader, SNIFFED_ROWS) if row]
    except csv.Error:
        return []


def _notation(values: list[str], delimiter: str) -> tuple[str, str]:
    """The decimal mark and the thousands separator that explain the numbers; where both notations occur, a point and none."""
    values = [value.strip() for value in values]

    def occurs(pattern: re.Pattern[str]) -> bool:
        return any(pattern.fullmatch(value) for value in values)

    if occurs(DECIMAL_COMMA) and not occurs(DECIMAL_POINT) and not occurs(THOUSANDS_COMMA):
        return ",", "." if occurs(THOUSANDS_POINT) else ""
    if occurs(THOUSANDS_COMMA) and not occurs(DECIMAL_COMMA):
        return ".", ","
    return ".", ""


def header_of(text: str, dialect: Dialect) -> tuple[list[str], int]:
    """The names of the columns, and the number of lines up to the end of the header.

    Raises:
        UnreadableDatasetError: the header's quoting is broken.
    """
    csv.field_size_limit(LONGEST_FIELD)
    lines = _lines(text)
    taken = 0

    def counted() -> Iterator[str]:
        nonlocal taken
        for line in lines[dialect.skip :]:
            taken += 1
            yield line

    try:
        header = next((row for row in dialect.reader(counted(), strict=True) if row), [])
    except csv.Error as error:
        raise UnreadableDatasetError(f"line {dialect.skip + 1}: the header's quoting is broken; a quote inside a quoted name is written twice") from error
    return header, dialect.skip + taken
