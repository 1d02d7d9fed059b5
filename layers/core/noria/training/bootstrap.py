"""The paired bootstrap: by how much a candidate is better than the champion on the same rows, with confidence (Efron, 1979)."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from noria.training.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from noria.training.metrics import Rows

#: The 5 % quantile of 1,000 resamples has a standard error of 0.7 percentage points.
RESAMPLES = 1_000
#: Large holdouts are resampled less often, for their bound hardly moves: so many draws in all, and at least so many resamples.
MOST_DRAWS, LEAST_RESAMPLES = 2_000_000, 200


def lower_bound(metric: str, candidate: Rows, champion: Rows, confidence: float, seed: str) -> float:
    """The one-sided lower confidence bound of the candidate's gain over the champion; an error that shrinks is a gain.

    Args:
        candidate, champion: their predictions of the same rows.
        confidence: 0.95 gives the 5 % quantile.
        seed: the same seed draws the same rows.
    """
    gain = _gain(metric, candidate, champion)
    generator, rows, sign = random.Random(seed), range(len(candidate.truth)), -1 if METRICS[metric].less_is_better else 1
    gains = sorted(sign * gain(generator.choices(rows, k=len(rows))) for _ in range(_resamples(len(rows))))
    return gains[int((1 - confidence) * len(gains))]


def _resamples(rows: int) -> int:
    return max(LEAST_RESAMPLES, min(RESAMPLES, MOST_DRAWS // rows))


def _gain(metric: str, candidate: Rows, champion: Rows) -> Callable[[Sequence[int]], float]:
    """The difference of a metric between two models, of some rows."""
    if metric == "accuracy":
        # A mean over rows: each row's part of the difference is calculated once.
        gains = [(true == a) - (true == b) for true, a, b in zip(candidate.truth, candidate.predicted, champion.predicted, strict=True)]
        return lambda rows: sum(gains[i] for i in rows) / len(rows)
    formula = METRICS[metric].formula
    return lambda rows: formula(candidate.take(rows)) - formula(champion.take(rows))
