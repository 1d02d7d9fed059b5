"""Describes the columns of a file in the terms of a contract, with notes on what its owner should look at."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cli.base import files
from cli.base.errors import CliError
from noria.data.contract import TEXT_TYPES
from noria.kernel.values import TRUTHS

if TYPE_CHECKING:
    from noria.profile.column import ColumnProfile

Limit = float | str | None
#: A column of at most this many different words lists them all.
FEW_VALUES = 20
#: A column whose values are numbers but for a smaller share is one of numbers; its words are slips.
LEAST_NUMBERS = 0.9
#: A contract's name for a kind of values, where it is another than the profile's.
NAMES = {"time": "timestamp"}


@dataclass(frozen=True)
class Column:
    """One column of a file.

    Attributes:
        type: as a contract names it.
        values: all values as texts where these are few; nothing where they are many.
        listed: whether a contract lists them.
        different: the number of different values, about.
        between: smallest and largest right value, where that is plain.
        admits: limits without which the contract would refuse what is in the file.
        unique: whether every row has a value of its own.
        gaps: the share of empty values.
        missing: words that mean an empty value, where they are others than usual.
        format: of times; `words`: of truth values, true ones first.
        notes: what its owner should look at, a sentence each.
    """

    type: str
    nullable: bool = False
    values: tuple[str, ...] = ()
    listed: bool = False
    different: float = 0
    between: tuple[Limit, Limit] | None = None
    admits: tuple[Limit, Limit] | None = None
    unique: bool = False
    gaps: float = 0.0
    missing: tuple[str, ...] = ()
    format: str = ""
    words: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    notes: tuple[str, ...] = ()

    @property
    def binary(self) -> bool:
        """Whether its values are two, of which one is known to be the positive one."""
        return bool(self.words) or (bool(self.values) and set(self.values) <= TRUTHS)

    @property
    def is_words(self) -> bool:
        return self.type in TEXT_TYPES


@dataclass(frozen=True)
class Description:
    """The columns of a file, its number of rows, and a sentence on how it is written, where that is not the plainest way."""

    columns: Mapping[str, Column]
    rows: int
    written: str = ""


def describe(file: Path) -> Description:
    """The columns of a file; of a profile, as far as it tells.

    Raises:
        CliError: there is no such file, or it has no row.
        UnreadableDatasetError: the file has no format that Noria reads, or more columns than an upload may have.
    """
    is_profile = file.suffix == files.PROFILE_SUFFIX
    if not is_profile:
        from cli.data.survey import check_names

        check_names(files.existing(file))
    profile = files.profile(file)
    if not profile.rows:
        raise CliError(f"{file} has names and no rows: what a column holds is read from its rows")
    if is_profile:
        return Description({name: _of_profile(column, profile.rows) for name, column in profile.columns.items()}, profile.rows)
    from cli.data.readings import column_of, written
    from cli.data.survey import survey

    seen = survey(file)
    columns = {name: column_of(name, column, profile.columns[name], seen.rows) for name, column in seen.columns.items()}
    return Description(columns, seen.rows, written(seen))


def time_of(columns: Mapping[str, Column]) -> str | None:
    """The name of the first column of times that orders the rows: every row has one, or nearly so, of the usual years."""
    times = {name: column.gaps for name, column in columns.items() if column.type == "timestamp" and not column.admits and not column.missing}
    least = min(times.values(), default=1.0)
    return next((name for name, gaps in times.items() if gaps == least), None) if least <= MOST_GAPS else None


#: Rows without a time are bad ones: a contract takes so many without a word (share).
MOST_GAPS = 0.01


def as_target(column: Column) -> Column:
    """A column as what a model predicts: words are classes, and a placeholder among them may be one as well."""
    return replace(column, missing=(), listed=False) if column.is_words and column.missing else column


def _of_profile(column: "ColumnProfile", rows: int) -> Column:
    """A column as its profile tells: its words may be cut, so none are listed that may be."""
    from noria.profile.column import INTEGER, NUMBER, TEXT
    from noria.profile.values import LONGEST_VALUE

    values, numbers = sum(column.kinds.values()), column.kinds.get(INTEGER, 0) + column.kinds.get(NUMBER, 0)
    kind = column.kind
    if kind == TEXT and values and numbers > LEAST_NUMBERS * values:
        kind = NUMBER if column.kinds.get(NUMBER) else INTEGER
    least, _, most = column.values.number()
    top = column.values.top(FEW_VALUES) if least <= FEW_VALUES and column.values.exact else []
    is_long = kind == TEXT and bool(column.lengths.count) and column.lengths.most >= LONGEST_VALUE
    between: tuple[Limit, Limit] | None = None
    if kind in (INTEGER, NUMBER) and column.numbers.count:
        between = range_of(kind, column.numbers.least, column.numbers.most, len(column.values.counts or ()))
    return Column(
        "text" if is_long else NAMES.get(kind, kind),
        bool(column.nulls + column.nans),
        tuple(sorted(value for value, _, _ in top)),
        kind == TEXT and not is_long and may_list([count for _, count, _ in top], rows),
        least,
        between,
        unique=column.nulls == 0 and most >= rows > 1 and kind != NUMBER,
        gaps=(column.nulls + column.nans) / rows,
    )


#: Rows that a listed word has on average, and each has at least.
ROWS_PER_VALUE, LEAST_SEEN = 10, 2
#: Whole numbers without a gap are a range, as long as there are no more than the minutes of an hour.
MOST_STEPS = 60


def may_list(counts: list[int], rows: int) -> bool:
    """Whether words with so many rows each are all that there is: they are few, two at least, and each is seen often enough."""
    return 1 < len(counts) <= max(2, rows // ROWS_PER_VALUE) and min(counts) >= LEAST_SEEN


def range_of(kind: str, least: float, most: float, different: int) -> tuple[Limit, Limit] | None:
    """The limits of numbers, where they are plain: whole ones without a gap, or none below zero."""
    if kind == "integer" and 1 < different <= MOST_STEPS and different == most - least + 1:
        return least, most
    return (0, None) if least >= 0 else None
