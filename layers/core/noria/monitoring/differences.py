"""Measures of the difference of one column in two profiles: effect size and statistical evidence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from noria.monitoring import two_sample_tests
from noria.profile.column import INTEGER, NUMBER, TIME

if TYPE_CHECKING:
    from noria.profile.column import ColumnProfile

#: The share of whole checks that may alarm though nothing has changed.
ALPHA = 0.01
#: Smaller differences are none, however certain: the largest distance between distribution functions; half the sum of differences of
#: shares; the share outside of the reference's range; the share of values that the reference lacks; the share of empty values.
FLOORS = {"distance": 0.07, "categories": 0.06, "outside": 0.02, "unseen": 0.02, "empty": 0.05}
#: Fewer rows show nothing.
LEAST_ROWS = 20
#: Points at which two distributions are compared.
POINTS = 128
SHARES = [i / POINTS for i in range(POINTS + 1)]


@dataclass(frozen=True)
class Difference:
    """The difference of one column by one measure.

    Attributes:
        effect: its size, between 0 and 1.
        evidence: its probability, were there no difference (a p-value).
    """

    measure: str
    effect: float
    evidence: float


def differences(reference: ColumnProfile, current: ColumnProfile) -> list[Difference]:
    """Every measure of one column."""
    results = [_empty(reference, current)]
    if reference.kind in (INTEGER, NUMBER):
        results += [_distance(reference, current), _outside(reference, current)]
    elif reference.kind != TIME and reference.values.counts is not None and current.values.counts is not None:
        results += [_categories(reference, current), _unseen(reference, current)]
    return results


def _empty(reference: ColumnProfile, current: ColumnProfile) -> Difference:
    mine, theirs = (column.nulls + column.nans for column in (current, reference))
    effect = abs(mine / current.rows - theirs / reference.rows) if current.rows and reference.rows else 0.0
    both = (
        two_sample_tests.of_share(mine, current.rows, theirs, reference.rows),
        two_sample_tests.of_share(current.rows - mine, current.rows, reference.rows - theirs, reference.rows),
    )
    return Difference("empty", effect, min(1.0, 2 * min(both)))


def _distance(reference: ColumnProfile, current: ColumnProfile) -> Difference:
    points = sorted({value for column in (reference, current) for value in column.quantiles(SHARES)})
    distance = max((abs(a - b) for a, b in zip(reference.ranks(points), current.ranks(points), strict=False)), default=0.0)
    # Both sketches err independently.
    certain = distance - math.hypot(reference.rank_error, current.rank_error)
    return Difference("distance", distance, two_sample_tests.of_distance(certain, reference.numbers.count, current.numbers.count))


def _outside(reference: ColumnProfile, current: ColumnProfile) -> Difference:
    """Numbers below the least or above the most that was ever seen."""
    least, most = reference.numbers.least, reference.numbers.most
    ranks = current.ranks([least - abs(least) * 1e-6 - 1e-12, most + abs(most) * 1e-6 + 1e-12])
    share = max(0.0, ranks[0] + 1 - ranks[1] - current.rank_error) if ranks else 0.0
    if current.numbers.count and least <= current.numbers.least and current.numbers.most <= most:
        share = 0.0
    return Difference("outside", share, two_sample_tests.of_share(share * current.numbers.count, current.numbers.count, 1.0, reference.numbers.count))


def _counts(column: ColumnProfile) -> dict[str, float]:
    return {str(value): float(count) for value, count in (column.values.counts or {}).items()}


def _categories(reference: ColumnProfile, current: ColumnProfile) -> Difference:
    mine, theirs = _counts(current), _counts(reference)
    sizes = sum(mine.values()) or 1.0, sum(theirs.values()) or 1.0
    effect = sum(abs(mine.get(name, 0) / sizes[0] - theirs.get(name, 0) / sizes[1]) for name in {**mine, **theirs}) / 2
    return Difference("categories", effect, two_sample_tests.of_categories(mine, theirs))


def _unseen(reference: ColumnProfile, current: ColumnProfile) -> Difference:
    mine, theirs = _counts(current), _counts(reference)
    new = sum(count for name, count in mine.items() if name not in theirs)
    once = sum(count == 1 for count in theirs.values())
    # What was never seen has about the share of what was seen once (Good, 1953).
    size = sum(mine.values())
    return Difference("unseen", new / size if size else 0.0, two_sample_tests.of_share(new, size, once + 1, sum(theirs.values())))
