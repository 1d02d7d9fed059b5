"""Describes the columns of a file in the terms of a contract, with hints on values to mend."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.base import files
from cli.base.errors import CliError
from noria.data.contract import NUMERIC_TYPES
from noria.kernel.values import TRUTHS

if TYPE_CHECKING:
    from noria.profile.column import ColumnProfile

Limits = tuple[float | None, float | None]
#: A column of at most this many different words lists them all.
FEW_VALUES = 20
#: A column whose values are numbers but for a smaller share is one of numbers; its words are slips.
LEAST_NUMBERS = 0.9
#: Whole numbers without a gap are a range, as long as there are no more than the minutes of an hour.
MOST_STEPS = 60
#: Frequent values among which slips are sought, and slips that a comment quotes.
MOST_FREQUENT, MOST_SLIPS = 1_000, 3
#: Words that are numbers and times in other notations, and how Noria would read them as such.
HINTS = {
    r"[+-]?[\d.]*,\d+": "numbers with a decimal comma? With a point, as 1234.5, they are read as numbers",
    r"\d{1,2}[./-]\d{1,2}[./-]\d{4}.*": "times? As ISO 8601, 2024-12-31T18:00:00, they are read as times",
}
#: A contract's name for a kind of values, where it is another than the profile's.
NAMES = {"time": "timestamp"}


@dataclass(frozen=True)
class Column:
    """One column of a file.

    Attributes:
        type: as a contract names it.
        values: all values as texts where these are few; nothing where they are many.
        different: the number of different values, about.
        between: smallest and largest right value, where that is plain.
        slips: words among numbers: how many, and some of them.
        unique: whether every row has a value of its own.
        hint: what words may be that are written in another notation.
    """

    type: str
    nullable: bool = False
    values: tuple[str, ...] = ()
    different: float = 0
    between: Limits | None = None
    slips: tuple[int, tuple[str, ...]] = (0, ())
    unique: bool = False
    hint: str = ""

    @property
    def binary(self) -> bool:
        return bool(self.values) and set(self.values) <= TRUTHS


def describe(file: Path) -> tuple[dict[str, Column], int]:
    """The columns of a file, and its number of rows.

    Raises:
        CliError: there is no such file, or it has no row.
        UnreadableDatasetError: the file has no format that Noria reads.
    """
    profile = files.profile(file)
    if not profile.rows:
        raise CliError(f"{file} has names and no rows: what a column holds is read from its rows")
    words = files.first_words(file)
    return {name: _column(column, profile.rows, words.get(name, [])) for name, column in profile.columns.items()}, profile.rows


def time_of(columns: Mapping[str, Column]) -> str | None:
    """The name of the first column of times."""
    return next((name for name, column in columns.items() if column.type == "timestamp"), None)


def _column(column: "ColumnProfile", rows: int, words: Sequence[str]) -> Column:
    from noria.profile.column import TEXT

    kind, slips = _kind(column)
    least, _, most = column.values.number()
    few = least <= FEW_VALUES and column.values.exact
    return Column(
        NAMES.get(kind, kind),
        bool(column.nulls + column.nans),
        tuple(sorted(value for value, _, _ in column.values.top(FEW_VALUES))) if few else (),
        least,
        _between(column, kind),
        slips,
        column.nulls == 0 and most >= rows > 1 and kind != "number",
        _hint(words) if kind == TEXT else "",
    )


def _kind(column: "ColumnProfile") -> tuple[str, tuple[int, tuple[str, ...]]]:
    """The kind of a column, and its slips; words with few exceptions from being numbers are numbers."""
    from noria.profile.column import INTEGER, NUMBER, TEXT

    numbers, values = column.kinds.get(INTEGER, 0) + column.kinds.get(NUMBER, 0), sum(column.kinds.values())
    if column.kind != TEXT or numbers <= LEAST_NUMBERS * values:
        return column.kind, (0, ())
    slips = (value for value, _, _ in column.values.top(MOST_FREQUENT) if not _is_number(value))
    return NUMBER if column.kinds.get(NUMBER) else INTEGER, (values - numbers, tuple(slips)[:MOST_SLIPS])


def _hint(words: Sequence[str]) -> str:
    """A hint on a column whose words are all numbers, or all times, in another notation."""
    for pattern, hint in HINTS.items():
        if words and all(re.fullmatch(pattern, word.strip()) for word in words):
            return hint
    return ""


def _between(column: "ColumnProfile", kind: str) -> Limits | None:
    if kind not in NUMERIC_TYPES or not column.numbers.count:
        return None
    least, most, counts = column.numbers.least, column.numbers.most, column.values.counts
    if kind == "integer" and counts and 1 < len(counts) <= MOST_STEPS and len(counts) == most - least + 1:
        return least, most
    return (0, None) if least >= 0 else None


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False
