"""Bins of a column's numbers: edges that a reader expects, and the rows of each."""

from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from cli.base.distributions import HOURS, NUMBERS, TIMES, Axis
from cli.data import cells

if TYPE_CHECKING:
    from collections.abc import Mapping

    from noria.profile.column import ColumnProfile
    from noria.profile.values import Value

#: Bins of a histogram; whole numbers within so many steps have a bin each.
BINS, MOST_STEPS = 24, 40
#: Where numbers lie further than so many times the span of the middle 98 % beyond it, the bins end with the middle on that side.
FAR = 1.0
EDGE = 0.01
#: Larger numbers overflow on an axis; up to this size whole numbers have halves between them.
LARGEST, EXACT = 1e300, 1e15


@dataclass(frozen=True)
class Bins:
    """The edges of the bins, whether each is one whole number, and whether numbers lie below the first or above the last."""

    edges: list[float]
    whole: bool = False
    below: bool = False
    above: bool = False


def are_drawn(*columns: "ColumnProfile") -> bool:
    """Whether each has numbers, of a size for which an axis can be drawn."""
    return all(column.numbers.count and max(abs(column.numbers.least), abs(column.numbers.most)) < LARGEST for column in columns)


def bins(*columns: "ColumnProfile", steps: int = MOST_STEPS) -> Bins:
    """The bins that suit all the numbers of some columns; one of them has some.

    Args:
        steps: whole numbers within so many steps have a bin each.
    """
    known = [column for column in columns if column.numbers.count]
    least, most = min(column.numbers.least for column in known), max(column.numbers.most for column in known)
    if all(column.kind == "integer" for column in known) and most - least <= steps and max(-least, most) < EXACT:
        return Bins([least - 0.5 + step for step in range(round(most - least) + 2)], whole=True)
    if least == most:
        return Bins([least - max(0.5, abs(least) / 10), most + max(0.5, abs(most) / 10)])
    low = min(column.quantile(EDGE) or 0.0 for column in known)
    high = max(column.quantile(1 - EDGE) or 0.0 for column in known)
    far = FAR * (high - low)
    if not far or low - least <= far:
        low = least
    if not far or most - high <= far:
        high = most
    return Bins([low * (1 - step / BINS) + high * (step / BINS) for step in range(BINS + 1)], below=least < low, above=high < most)


def shares(column: "ColumnProfile", edges: list[float]) -> list[float]:
    """The share of a column's numbers in each bin; the least edge is in the first."""
    if column.values.counts is not None:
        return _counted(column.values.counts, edges)
    ranks = column.ranks(edges)
    if not ranks:
        return [0.0] * (len(edges) - 1)
    first = 0.0 if edges[0] <= column.numbers.least else column.ranks([edges[0] - (edges[1] - edges[0]) * 1e-3])[0]
    return [max(0.0, after - before) for before, after in pairwise([first, *ranks[1:]])]


def _counted(counts: "Mapping[Value, int]", edges: list[float]) -> list[float]:
    """Of numbers that are counted one by one, in double precision; a sketch has single precision."""
    numbers = [(value, count) for value, count in counts.items() if not isinstance(value, str)]
    total, rows = sum(count for _, count in numbers) or 1, [0] * (len(edges) - 1)
    for value, count in numbers:
        if edges[0] <= value <= edges[-1]:
            rows[max(0, bisect_left(edges, value) - 1)] += count
    return [count / total for count in rows]


def in_a_line(column: "ColumnProfile") -> list[float]:
    """Shares of a column for a line of a terminal: of its numbers by bin, or of the most frequent words."""
    if column.numbers.count:
        return shares(column, bins(column, steps=BINS - 1).edges)
    return [least / max(1, column.rows) for _, least, _ in column.values.top(BINS)]


def outside(column: "ColumnProfile", drawn: Bins) -> str:
    """A sentence on the numbers that no bin holds, and on how sure the bins are."""
    low, high = (cells.amount(column, edge) for edge in (drawn.edges[0], drawn.edges[-1]))
    parts = [*([f"below {low}"] if drawn.below else []), *([f"above {high}"] if drawn.above else [])]
    text = f"Up to 1% of the values {'each ' if len(parts) > 1 else ''}lie {' and '.join(parts)} and are not drawn. " if parts else ""
    return text + (f"Estimated: a share may be wrong by {column.rank_error:.1%}." if column.rank_error else "")


def axis(name: str, column: "ColumnProfile", whole: bool = False) -> Axis:
    """The axis of a column."""
    return Axis(name, HOURS if cells.is_time_of_day(column) else TIMES if cells.is_time(column) else NUMBERS, whole)
