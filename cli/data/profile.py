"""Reads a profile for a program: facts of each column, and its histogram."""

from typing import TYPE_CHECKING, NotRequired, TypedDict

if TYPE_CHECKING:
    from noria.profile.column import ColumnProfile
    from noria.profile.dataset import Profile

SHARES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
#: Frequent values that a column reports.
TOP = 10


class Moments(TypedDict):
    """Range and mean of a column's numbers, or of its texts' lengths; `sd` is the standard deviation."""

    min: float
    max: float
    mean: float
    sd: NotRequired[float]


class ColumnReport(TypedDict):
    """One column: how many values of which kinds, how many different ones, their distribution.

    `distinct` is an estimate with its bounds; `top` has the most frequent values, each with the bounds of its count.
    """

    type: str
    nulls: int
    nans: int
    infinities: int
    kinds: dict[str, int]
    distinct: list[int]
    numbers: NotRequired[Moments]
    quantiles: NotRequired[dict[str, float | None]]
    rank_error: NotRequired[float]
    lengths: NotRequired[Moments]
    top: list[tuple[str, int, int]]


class TimeReport(TypedDict):
    """First and last event time (seconds since the epoch), and whether the rows are in its order."""

    first: float
    last: float
    ordered: bool


class ProfileReport(TypedDict):
    """A file: its rows and columns; `repeated_keys` are the bounds of how many rows repeat a key."""

    rows: int
    columns: dict[str, ColumnReport]
    repeated_keys: tuple[int, int] | None
    time: TimeReport | None


def report(profile: "Profile") -> ProfileReport:
    """A profile as a document without sketches."""
    time = profile.order
    return {
        "rows": profile.rows,
        "columns": {name: _column(column) for name, column in profile.columns.items()},
        "repeated_keys": profile.repeated(),
        "time": None if time.first is None or time.last is None else {"first": time.first, "last": time.last, "ordered": time.ordered},
    }


def _column(column: "ColumnProfile") -> ColumnReport:
    result: ColumnReport = {
        "type": column.kind,
        "nulls": column.nulls,
        "nans": column.nans,
        "infinities": column.infinities,
        "kinds": column.kinds,
        "distinct": [round(number) for number in different(column)],
        "top": column.values.top(TOP),
    }
    if column.numbers.count:
        numbers = column.numbers
        result["numbers"] = {"min": numbers.least, "max": numbers.most, "mean": numbers.mean, "sd": numbers.variance**0.5}
        result["quantiles"] = {f"{share:g}": column.quantile(share) for share in SHARES}
        result["rank_error"] = column.rank_error
    if column.lengths.count:
        result["lengths"] = {"min": column.lengths.least, "max": column.lengths.most, "mean": column.lengths.mean}
    return result


def different(column: "ColumnProfile") -> tuple[float, ...]:
    """The number of different values with its bounds; no more than there are values."""
    return tuple(min(number, column.rows - column.nulls) for number in column.values.number())
