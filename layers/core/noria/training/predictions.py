"""Files of predictions: CSV without a header, one line a row, the prediction first and its probability second where there is one."""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def lines(text: str) -> list[list[str]]:
    """The values of each line that is not empty."""
    return [[value.strip() for value in row] for row in csv.reader(io.StringIO(text, newline="")) if row]


def first_column(text: str) -> list[str]:
    """The first value of each line: the prediction."""
    return [row[0] for row in lines(text)]


def probabilities(rows: Sequence[Sequence[str]]) -> list[float]:
    """The second value of each line where all of them are numbers from 0 to 1; else none."""
    try:
        values = [float(row[1]) for row in rows]
    except (IndexError, ValueError):
        return []
    return values if all(math.isfinite(value) and 0 <= value <= 1 for value in values) else []
