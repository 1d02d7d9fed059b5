"""Writes rows as CSV text with plain line ends."""

import csv
import io
from collections.abc import Iterable, Sequence


class CsvText:
    """CSV text that grows by a row at a time; the header is no row of its count."""

    def __init__(self, header: Sequence[str] | None) -> None:
        self._buffer, self.rows = io.StringIO(), 0
        self._writer = csv.writer(self._buffer, lineterminator="\n")
        if header:
            self._writer.writerow(header)

    def add(self, row: Sequence[str]) -> None:
        self._writer.writerow(row)
        self.rows += 1

    def text(self) -> str:
        return self._buffer.getvalue()


def to_csv(rows: Iterable[Sequence[str]], header: Sequence[str] | None = None) -> str:
    """Rows as CSV, with a header where there is one."""
    result = CsvText(header)
    for row in rows:
        result.add(row)
    return result.text()


def csv_size(row: Sequence[str]) -> int:
    """Bytes of a row in a CSV file, or a few more: an upper bound that needs no writing."""
    text = ",".join(row)
    quoted = any(mark in text for mark in '"\r\n') or text.count(",") >= len(row)
    return len(text.encode()) + 1 + (2 * len(row) + text.count('"') if quoted else 0)
