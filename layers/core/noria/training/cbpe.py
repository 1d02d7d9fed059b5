"""Confidence-based performance estimation (CBPE): a classifier's metric without ground truth, from its own probabilities.

The evaluation shows how often a prediction of some probability is right; predictions without ground truth are taken to be right as
often (NannyML documentation, "How it works"). The estimate sees that requests become harder. It does not see that the relation of
inputs and truth changes, so it is reported as an estimate and never raises an alarm.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from noria.training import quality
from noria.training.metrics import BINARY, REGRESSION, label

if TYPE_CHECKING:
    from noria.training.shapes import EstimateShape

METHOD = "confidence-based performance estimation"
#: Predictions of similar probability share a bin: at most so many bins of each label, each of at least so many rows of the holdout.
BINS, LEAST_ROWS = 20, 30
#: Draws for the interval, and its coverage.
DRAWS, COVERAGE = 400, 0.95
#: Probabilities are counted by their log-odds to one decimal, up to these: near certainty, small differences matter.
FARTHEST = 16.0
#: Fewer predictions are no sample.
LEAST_PREDICTIONS = 50


class Bin(NamedTuple):
    """Rows of the holdout with one predicted label and similar probabilities: the least log-odds, all rows, and the right ones."""

    low: float
    rows: int
    hits: int


#: The bins of each predicted label, by ascending log-odds.
Calibration = Mapping[str, Sequence[Bin]]
#: A predicted label, and the index of one of its bins.
Place = tuple[str, int]


def count_key(task: str, predicted: str, score: str) -> str | None:
    """The key that a prediction is counted under: `<label>|<log-odds>`; None where it has no probability.

    Args:
        score: the second value of the prediction: of a binary task the probability of label 1, of a multiclass one that of the
            prediction.
    """
    try:
        probability = float(score)
    except ValueError:
        return None
    if task == REGRESSION or not 0 <= probability <= 1:
        return None
    odds = math.log(probability / (1 - probability)) if 0 < probability < 1 else math.copysign(FARTHEST, probability - 0.5)
    return f"{label(predicted) if task == BINARY else ''}|{min(max(odds, -FARTHEST), FARTHEST):.1f}"


def calibrate(task: str, holdout: Iterable[tuple[str, str, str]]) -> Calibration | None:
    """How often predictions are right, by label and probability; None where they have no probabilities.

    Args:
        holdout: truth, prediction and probability of each row.
    """
    counts: dict[str, dict[float, tuple[int, int]]] = {}
    for truth, predicted, score in holdout:
        key = count_key(task, predicted, score)
        if key is None:
            return None
        name, odds = _parse(key)
        rows, hits = counts.setdefault(name, {}).get(odds, (0, 0))
        counts[name][odds] = (rows + 1, hits + (label(truth) == label(predicted)))
    return {name: _bins(by_odds) for name, by_odds in counts.items()} or None


def _parse(key: str) -> tuple[str, float]:
    name, _, odds = key.partition("|")
    return name, float(odds)


def _bins(by_odds: Mapping[float, tuple[int, int]]) -> list[Bin]:
    """Bins of about equally many rows; equal probabilities share one."""
    size = max(LEAST_ROWS, sum(rows for rows, _ in by_odds.values()) // BINS)
    bins: list[Bin] = []
    for odds, (rows, hits) in sorted(by_odds.items()):
        bins.append(_merge(bins.pop(), rows, hits) if bins and bins[-1].rows < size else Bin(odds, rows, hits))
    if len(bins) > 1 and bins[-1].rows < LEAST_ROWS:
        last = bins.pop()
        bins.append(_merge(bins.pop(), last.rows, last.hits))
    return bins


def _merge(lower: Bin, rows: int, hits: int) -> Bin:
    return Bin(lower.low, lower.rows + rows, lower.hits + hits)


def estimate(metric: str, calibration: Calibration, counts: Mapping[str, int], design_effect: float = 1.0) -> EstimateShape | None:
    """The expected metric of predictions without ground truth, with an interval of 95 %.

    Args:
        metric: `accuracy`, or of a binary task also `f1`, `precision` or `recall`.
        counts: predictions by `count_key`.
        design_effect: how many rows of the holdout count as one (`noria.training.quality.QualityBaseline`).

    Returns:
        None where there are too few predictions, or some of a label that the holdout has none of.
    """
    placed = _place(calibration, counts)
    if placed is None or sum(counts.values()) < LEAST_PREDICTIONS:
        return None
    bins = {place: calibration[place[0]][place[1]] for place in placed}
    shares = {place: (part.hits + 0.5) / (part.rows + 1) for place, part in bins.items()}
    expected, draws = quality.value(metric, _expected_counts(shares, placed)), _draws(metric, bins, placed, design_effect)
    if expected is None or not draws:
        return None
    edge = int((1 - COVERAGE) / 2 * len(draws))
    low, high = min(expected, draws[edge]), max(expected, draws[-1 - edge])
    return {"method": METHOD, "metric": metric, "value": expected, "low": low, "high": high, "rows": sum(counts.values())}


def _place(calibration: Calibration, counts: Mapping[str, int]) -> dict[Place, int] | None:
    """Predictions by bin; None where a label has none."""
    placed: dict[Place, int] = {}
    for key, count in counts.items():
        name, odds = _parse(key)
        if name not in calibration:
            return None
        place = name, max((i for i, part in enumerate(calibration[name]) if part.low <= odds), default=0)
        placed[place] = placed.get(place, 0) + count
    return placed


def _draws(metric: str, bins: Mapping[Place, Bin], placed: Mapping[Place, int], design_effect: float) -> list[float]:
    """The metric for random shares of right predictions, ascending: each bin's by its posterior, and by the size of the sample."""
    generator = random.Random(0)
    values: list[float] = []
    for _ in range(DRAWS):
        shares = {place: generator.betavariate(part.hits / design_effect + 0.5, (part.rows - part.hits) / design_effect + 0.5) for place, part in bins.items()}
        sampled = {place: min(1.0, max(0.0, generator.gauss(share, (share * (1 - share) / placed[place]) ** 0.5))) for place, share in shares.items()}
        drawn = quality.value(metric, _expected_counts(sampled, placed))
        if drawn is not None:
            values.append(drawn)
    return sorted(values)


def _expected_counts(shares: Mapping[Place, float], placed: Mapping[Place, int]) -> dict[str, float]:
    """The expected predictions by outcome, where `shares` are right."""
    expected: dict[str, float] = {}
    for (name, index), count in placed.items():
        hit, miss = {"1": ("tp", "fp"), "0": ("tn", "fn")}.get(name, ("right", "wrong"))
        share = shares[name, index]
        expected[hit] = expected.get(hit, 0) + count * share
        expected[miss] = expected.get(miss, 0) + count * (1 - share)
    return expected
