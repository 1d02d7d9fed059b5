"""The quality baseline of a version: the metric of its evaluation, its confidence bound, and the design effect of its days."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import TYPE_CHECKING

from noria.training.metrics import less_is_better
from noria.training.quality import QualityBaseline, harms, merge_counts, sum_counts, value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from noria.training.quality import Counts

#: Resamples of days for the bound of a baseline, and its confidence.
RESAMPLES, CONFIDENCE = 400, 0.95
#: Fewer days neither show a design effect nor can be resampled.
LEAST_DAYS = 10
#: Without a single failure the bootstrap sees none: three in all rows is what 95 % of such samples exclude.
UNSEEN_FAILURES = 3
#: Parts that single predictions are resampled in, at most.
MOST_PARTS = 1_000


def measure_baseline(metric: str, days: Mapping[str, Counts], cap: float = 0.0) -> QualityBaseline | None:
    """The baseline of an evaluation; None where its outcome counts do not tell the metric.

    Args:
        metric: one that outcome counts tell.
        days: outcome counts of the holdout by day.
        cap: of a regression, the error at which the last bin begins.
    """
    measured = value(metric, merge_counts(days), cap)
    if measured is None:
        return None
    limit = _bound(metric, days, cap, measured)
    if not less_is_better(metric):
        harm = harms(metric, 0.5, cap)
        rows = sum(count for outcome, count in merge_counts(days).items() if harm(outcome))
        limit = min(limit, max(0.0, 1 - UNSEEN_FAILURES / rows))
    return QualityBaseline(metric, measured, limit, _design_effect(metric, days, cap, measured), cap)


def _bound(metric: str, days: Mapping[str, Counts], cap: float, measured: float) -> float:
    """The worst value to expect on other days: a bootstrap of whole days, or of single predictions where there are few days."""
    parts: list[Counts] = list(days.values())
    if len(parts) < LEAST_DAYS:
        parts = _singles(merge_counts(days))
    generator = random.Random(0)
    values = [value(metric, sum_counts(generator.choices(parts, k=len(parts))), cap) for _ in range(RESAMPLES)]
    ordered = sorted((resampled for resampled in values if resampled is not None), reverse=not less_is_better(metric))
    return ordered[int(CONFIDENCE * len(ordered))] if ordered else measured


def _singles(counts: Counts) -> list[Counts]:
    """Single predictions, or parts of equal size where there are more than `MOST_PARTS`."""
    size = max(1.0, sum(counts.values()) / MOST_PARTS)
    return [{outcome: size} for outcome, count in counts.items() for _ in range(max(1, round(count / size)))]


def _design_effect(metric: str, days: Mapping[str, Counts], cap: float, measured: float) -> float:
    """The variance of a day's mean over its variance if predictions were independent.

    Only neighbouring days are compared (von Neumann, 1941), so that a season is not taken for a correlation within days.
    """
    harm = harms(metric, measured, cap)
    means, sizes, squares = [], [], 0.0
    for _, counts in sorted(days.items()):
        rows = sum(counts.values())
        if rows:
            means.append(sum(count * harm(outcome) for outcome, count in counts.items()) / rows)
            sizes.append(rows)
            squares += sum(count * harm(outcome) ** 2 for outcome, count in counts.items())
    if len(means) < LEAST_DAYS or not squares:
        return 1.0
    variance = squares / sum(sizes)
    ratios = [(a - b) ** 2 / (variance * (1 / m + 1 / n)) for (a, m), (b, n) in pairwise(zip(means, sizes, strict=True))]
    return max(1.0, sum(ratios) / len(ratios))
