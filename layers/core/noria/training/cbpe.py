"""Quality while no truth has come: what a classifier's own probabilities say of it.

The method is known as confidence-based performance estimation (CBPE; NannyML documentation, "How it works"). The evaluation
tells how often an answer of such a probability was right; answers of today are taken to be right as often. It sees that a model
is asked harder questions. It does not see that the world answers the same questions otherwise than it did, so an estimate is
told as one and never starts an alarm.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from noria.training import quality
from noria.training.metrics import label

if TYPE_CHECKING:
    from noria.training.shapes import EstimateShape

METHOD = "confidence-based performance estimation"
#: Answers of about the same probability are put together, at most so many bins of each label, each of so many rows of the holdout.
BINS, LEAST_ROWS = 20, 30
#: Draws for the interval, and how much of them it spans.
DRAWS, SPAN = 400, 0.95
#: Probabilities are told apart by their log-odds to one decimal, up to these: near certainty, small differences are great ones.
FARTHEST = 16.0
#: Fewer answers are no sample.
LEAST_ANSWERS = 50

#: Of each label, from where a bin reaches (the least log-odds in it), its rows in the holdout, and how many were right.
Calibration = Mapping[str, Sequence[tuple[float, int, int]]]


def seen(task: str, message: str, score: str) -> str | None:
    """An answer as it is counted: `<label>|<log-odds of the probability>`; nothing where it has no probability.

    Args:
        message: the prediction.
        score: the second value of the answer: of a binary task the probability of label 1, of a multiclass one that of the prediction.
    """
    try:
        number = float(score)
    except ValueError:
        return None
    if task == "regression" or not 0 <= number <= 1:
        return None
    odds = math.log(number / (1 - number)) if 0 < number < 1 else math.copysign(FARTHEST, number - 0.5)
    return f"{label(message) if task == 'binary' else ''}|{min(max(odds, -FARTHEST), FARTHEST):.1f}"


def calibrate(task: str, held: Iterable[tuple[str, str, str]]) -> Calibration | None:
    """How often an answer is right, by its label and probability; nothing where the answers have no probabilities.

    Args:
        held: truth, prediction and probability of each row of the holdout.
    """
    result: dict[str, dict[float, tuple[int, int]]] = {}
    for truth, message, score in held:
        counted = seen(task, message, score)
        if counted is None:
            return None
        kind, _, number = counted.partition("|")
        rows, hits = result.setdefault(kind, {}).get(float(number), (0, 0))
        result[kind][float(number)] = (rows + 1, hits + (label(truth) == label(message)))
    return {kind: _bins(scores) for kind, scores in result.items()} or None


def _bins(scores: Mapping[float, tuple[int, int]]) -> list[tuple[float, int, int]]:
    """Bins of about equally many answers; equal probabilities stay together."""
    size = max(LEAST_ROWS, sum(rows for rows, _ in scores.values()) // BINS)
    results: list[tuple[float, int, int]] = []
    for number, (rows, hits) in sorted(scores.items()):
        low, before, right = results.pop() if results and results[-1][1] < size else (number, 0, 0)
        results.append((low, before + rows, right + hits))
    if len(results) > 1 and results[-1][1] < LEAST_ROWS:
        (_, rows, hits), (low, before, right) = results.pop(), results.pop()
        results.append((low, before + rows, right + hits))
    return results


def estimate(metric: str, calibration: Calibration, counts: Mapping[str, int], design_effect: float = 1.0) -> EstimateShape | None:
    """What the metric is likely to be on answers without truth.

    Args:
        metric: `accuracy`, or of a binary task also `f1`, `precision` or `recall`.
        counts: answers by `seen`.
        alike: how many rows of the holdout count as one (`noria.training.quality.Level`).

    Returns:
        `{method, metric, value, low, high, rows}`, with an interval of 95 %; or nothing, where there are too few answers, or
        some of a label that the holdout has none of.
    """
    rows = sum(counts.values())
    placed: dict[tuple[str, int], int] = {}
    for counted, count in counts.items():
        kind, _, number = counted.partition("|")
        if kind not in calibration:
            return None
        place = max((i for i, (low, _, _) in enumerate(calibration[kind]) if low <= float(number)), default=0)
        placed[kind, place] = placed.get((kind, place), 0) + count
    if rows < LEAST_ANSWERS:
        return None
    known = {where: calibration[where[0]][where[1]] for where in placed}
    value = quality.value(metric, _expected({where: (hits + 0.5) / (size + 1) for where, (_, size, hits) in known.items()}, placed))
    drawn = random.Random(0)
    records: list[float] = []
    for _ in range(DRAWS):
        shares = {where: drawn.betavariate(hits / design_effect + 0.5, (size - hits) / design_effect + 0.5) for where, (_, size, hits) in known.items()}
        sampled = {where: min(1.0, max(0.0, drawn.gauss(share, (share * (1 - share) / placed[where]) ** 0.5))) for where, share in shares.items()}
        result = quality.value(metric, _expected(sampled, placed))
        if result is not None:
            records.append(result)
    if value is None or not records:
        return None
    records.sort()
    edge = int((1 - SPAN) / 2 * len(records))
    return {"method": METHOD, "metric": metric, "value": value, "low": min(value, records[edge]), "high": max(value, records[-1 - edge]), "rows": rows}


def _expected(right: Mapping[tuple[str, int], float], placed: Mapping[tuple[str, int], int]) -> dict[str, float]:
    """Answers by kind, as many of each as are to be expected."""
    result: dict[str, float] = {}
    for (kind, place), count in placed.items():
        hit, miss = {"1": ("tp", "fp"), "0": ("tn", "fn")}.get(kind, ("right", "wrong"))
        share = right[kind, place]
        result[hit] = result.get(hit, 0) + count * share
        result[miss] = result.get(miss, 0) + count * (1 - share)
    return result
