"""Writes rows as CSV text with plain line ends."""

import csv
import io
from collections.abc import Iterable, Sequence


def to_csv(rows: Iterable[Sequence[str]], header: Sequence[str] | None = None) -> str:
    """Rows as CSV, with a header where there is one."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    if header:
        writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()


def csv_size(row: Sequence[str]) -> int:
    """Bytes of a row in a CSV file, or a few more: an upper bound that needs no writing."""
    text = ",".join(row)
    quoted = any(mark in text for mark in '"\r\n') or text.count(",") >= len(row)
    return len(text.encode()) + 1 + (2 * len(row) + text.count('"') if quoted else 0)
