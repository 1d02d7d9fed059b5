"""Loss of quality: the live metric against the level at release, to be looked at as often as one likes.

Answers whose truth is known are counted by day and by kind (true and false positives and the like; errors by their size).
From such counts a betting e-process tests that the metric is still at least what it was in the evaluation: it is above 50
with a chance of at most 2 %, however often it is looked at (Ville, 1939; Waudby-Smith and Ramdas, 2023, Estimating means of
bounded random variables by betting). A third of it begins at the release, the rest begins anew every day with ever
smaller weights, so a loss after a long good time is seen as well. Errors of one day resemble each other: by how much is measured in the evaluation, and
that many answers count as one.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from noria.training.shapes import FindingShape, QualityBaselineShape

#: Answers by kind: `tp`, `fp`, `fn`, `tn`; `right`, `wrong`; or the number of a bin of errors.
Counts = Mapping[str, float]
#: The share of models whose quality has not fallen that are flagged at any time.
ALPHA = 0.02
#: Which share of the most that may be bet is bet: small losses need small bets. What is staked on each goes with its root, for a
#: large loss is worth days, and a small one takes weeks to show whatever is staked.
BETS = (0.02, 0.04, 0.08, 0.16)
STAKES = tuple(math.sqrt(bet) / sum(map(math.sqrt, BETS)) for bet in BETS)
#: Errors of a regression are told apart by so many bins, up to this many times the largest error but one in a hundred.
BINS, CAP_FACTOR, CAP_SHARE = 64, 2.0, 0.99
#: Resamples of days for the bound of a level, and its confidence.
RESAMPLES, CONFIDENCE = 400, 0.95
#: More days than these are put together two by two.
MOST_DAYS = 400
#: Metrics of which less is better.
LESS_IS_BETTER = frozenset({"mae", "rmse"})
#: More evidence than e to this is told as this much.
LARGEST = 100.0
#: Fewer days tell nothing of how alike the answers of one day are.
LEAST_DAYS = 10


@dataclass(frozen=True)
class QualityBaseline:
    """What a version's quality was in its evaluation.

    Attributes:
        metric: `accuracy`, `f1`, `precision`, `recall`, `mae` or `rmse`.
        value: in the evaluation.
        limit: what may be expected of the same model on other days: the bound of the value with 95 % confidence.
        alike: how many answers count as one, since those of a day resemble each other.
        cap: of a regression, the error that the last bin begins at (in the target's unit).
    """

    metric: str
    value: float
    limit: float
    design_effect: float = 1.0
    cap: float = 0.0

    def to_json(self) -> QualityBaselineShape:
        return {"metric": self.metric, "value": self.value, "limit": self.limit, "design_effect": self.design_effect, "cap": self.cap}

    @classmethod
    def of(cls, document: QualityBaselineShape) -> Self:
        """Out of an evaluation or a run's document."""
        return cls(**document)


def watched(metric: str, task: str) -> str:
    """The metric that stands for another one: counts of answers do not tell every one."""
    if task == "regression":
        return "mae" if metric == "mae" else "rmse"
    return metric if task == "binary" else "accuracy"


def outcome_of(task: str, truth: str, predicted: str, cap: float) -> str:
    """The kind that an answer is counted as.

    Args:
        truth, predicted: labels in one spelling, or numbers as texts.

    Raises:
        ValueError: a regression's value is no number.
    """
    if task == "regression":
        error = abs(float(predicted) - float(truth))
        return str(min(BINS - 1, int(error / cap * BINS))) if cap and math.isfinite(error) else str(BINS - 1)
    if task == "multiclass":
        return "right" if truth == predicted else "wrong"
    return ("tp" if truth == "1" else "fp") if predicted == "1" else ("fn" if truth == "1" else "tn")


def count_outcome(days: dict[str, dict[str, float]], day: str, kind: str) -> None:
    """Count one answer under its day."""
    counts = days.setdefault(day, {})
    counts[kind] = counts.get(kind, 0) + 1


def best_of(metric: str, first: float, second: float | None) -> float:
    """The better of two values of a metric."""
    if second is None:
        return first
    return min(first, second) if metric in LESS_IS_BETTER else max(first, second)


def cap_of(errors: Sequence[float]) -> float:
    """The error that the last bin begins at."""
    ordered = sorted(abs(error) for error in errors)
    return CAP_FACTOR * ordered[min(len(ordered) - 1, int(CAP_SHARE * len(ordered)))] or 1.0


def merge_counts(days: Mapping[str, Counts]) -> dict[str, float]:
    """The counts of several days in one."""
    result: dict[str, float] = {}
    for counts in days.values():
        for kind, count in counts.items():
            result[kind] = result.get(kind, 0) + count
    return result


def value(metric: str, counts: Counts, cap: float = 0.0) -> float | None:
    """The metric of some answers; nothing where they do not tell it."""
    get = counts.get
    if metric in LESS_IS_BETTER:
        rows = sum(counts.values())
        mean = sum(count * _size(metric, kind) for kind, count in counts.items()) / rows if rows else math.nan
        return None if not rows else cap * (mean if metric == "mae" else math.sqrt(mean))
    if metric == "accuracy":
        rows = sum(counts.values())
        return (get("tp", 0) + get("tn", 0) + get("right", 0)) / rows if rows else None
    missed = {"f1": get("fp", 0) + get("fn", 0), "precision": 2 * get("fp", 0), "recall": 2 * get("fn", 0)}[metric]
    hit = 2 * get("tp", 0)
    return hit / (hit + missed) if hit + missed else None


def _size(metric: str, kind: str) -> float:
    """An error as a share of the cap, or its square: the middle of its bin."""
    share = (int(kind) + 0.5) / BINS
    return share if metric == "mae" else share * share


def level(metric: str, days: Mapping[str, Counts], cap: float = 0.0) -> QualityBaseline | None:
    """The level that an evaluation shows; nothing where its answers do not tell the metric."""
    result = value(metric, merge_counts(days), cap)
    if result is None:
        return None
    limit = _bound(metric, days, cap, result)
    if metric not in LESS_IS_BETTER:
        # Without a single failure the bootstrap sees none: three in all rows is what 95 % of such samples exclude.
        harms = _harms(metric, 0.5, cap)
        rows = sum(count for kind, count in merge_counts(days).items() if harms(kind))
        limit = min(limit, max(0.0, 1 - 3 / rows))
    return QualityBaseline(metric, result, limit, _design_effect(metric, days, cap, result), cap)


def _bound(metric: str, days: Mapping[str, Counts], cap: float, result: float) -> float:
    """How bad it may be on other days: a bootstrap of whole days, or of single answers where there are few days."""
    parts: list[Counts] = list(days.values())
    if len(parts) < LEAST_DAYS:
        parts = _singles(merge_counts(days))
    drawn = random.Random(0)
    values = [value(metric, merge_counts(dict(enumerate(drawn.choices(parts, k=len(parts))))), cap) for _ in range(RESAMPLES)]  # type: ignore[arg-type]
    ordered = sorted((record for record in values if record is not None), reverse=metric not in LESS_IS_BETTER)
    return ordered[int(CONFIDENCE * len(ordered))] if ordered else result


def _singles(counts: Counts) -> list[Counts]:
    """At most a thousand parts, as many as there are answers where these are fewer."""
    rows = sum(counts.values())
    size = max(1.0, rows / 1_000)
    return [{kind: size} for kind, count in counts.items() for _ in range(max(1, round(count / size)))]


def _design_effect(metric: str, days: Mapping[str, Counts], cap: float, result: float) -> float:
    """The variance of a day's mean over what it were if answers had nothing to do with each other.

    Only neighbouring days are compared (von Neumann, 1941): a season is no likeness of one day's answers.
    """
    harms = _harms(metric, result, cap)
    means, sizes, squares = [], [], 0.0
    for _, counts in sorted(days.items()):
        rows = sum(counts.values())
        if rows:
            means.append(sum(count * harms(kind) for kind, count in counts.items()) / rows)
            sizes.append(rows)
            squares += sum(count * harms(kind) ** 2 for kind, count in counts.items())
    if len(means) < LEAST_DAYS or not squares:
        return 1.0
    pairs = list(zip(means, sizes, strict=True))
    variance = squares / sum(sizes)
    ratios = [(a - b) ** 2 / (variance * (1 / m + 1 / n)) for (a, m), (b, n) in pairwise(pairs)]
    return max(1.0, sum(ratios) / len(ratios))


def _harms(metric: str, limit: float, cap: float) -> Callable[[str], float]:
    """What an answer of each kind adds: at most nothing on average, as long as the metric is at its limit or better."""
    if metric in LESS_IS_BETTER:
        mean = limit / cap if metric == "mae" else (limit / cap) ** 2
        return lambda kind: _size(metric, kind) - mean
    hit, miss = 1 - limit, limit
    weights = {
        "accuracy": {"tp": -hit, "tn": -hit, "right": -hit, "fp": miss, "fn": miss, "wrong": miss},
        "f1": {"tp": -2 * hit, "fp": miss, "fn": miss},
        "precision": {"tp": -hit, "fp": miss},
        "recall": {"tp": -hit, "fn": miss},
    }[metric]
    return lambda kind: weights.get(kind, 0.0)


def _least(metric: str, limit: float, cap: float) -> float:
    """The most that a good answer may take off: what is bet stays below its inverse, so that nothing can be lost but the stake."""
    if metric in LESS_IS_BETTER:
        return limit / cap if metric == "mae" else (limit / cap) ** 2
    return (2 if metric == "f1" else 1) * (1 - limit)


@dataclass(frozen=True)
class Finding:
    """What the answers since a release say.

    Attributes:
        rows: answers whose truth is known.
        value: the metric of all of them.
        evidence: the largest e-value so far; above `needed` the quality has fallen.
        fallen: the first day on which it was; nothing where it has not.
        since: the day from which on the loss shows most.
    """

    rows: float
    value: float | None
    evidence: float
    needed: float
    fallen: str | None
    since: str | None

    def to_json(self) -> FindingShape:
        return {
            "rows": self.rows,
            "value": self.value,
            "evidence": self.evidence,
            "needed": self.needed,
            "fallen": self.fallen,
            "since": self.since,
        }


def detect_degradation(at_release: QualityBaseline, days: Mapping[str, Counts], margin: float = 0.0) -> Finding:
    """Whether the quality has fallen since the release.

    Args:
        days: counts of the answers of each day, `YYYY-MM-DD`. Counts that come late only correct them: the same days give the
            same finding, in whatever order they came.
        margin: by which share the loss may be larger than at the level's limit: the error of a regression, else what the
            metric lacks to 1.
    """
    loss = at_release.limit if at_release.metric in LESS_IS_BETTER else 1 - at_release.limit
    loss = max(loss, 1e-6) * (1 + margin)
    worse = loss if at_release.metric in LESS_IS_BETTER else max(1e-6, 1 - loss)
    ordered = list(pooled(days).items())
    harms = _harms(at_release.metric, worse, at_release.cap)
    kinds = {kind for _, counts in ordered for kind in counts}
    bets = [share / _least(at_release.metric, worse, at_release.cap) for share in BETS]
    logs = {kind: [math.log1p(bet * harms(kind)) / at_release.design_effect for bet in bets] for kind in kinds}
    sums = [[0.0] * len(bets)]
    for _, counts in ordered:
        sums.append([before + sum(count * logs[kind][i] for kind, count in counts.items()) for i, before in enumerate(sums[-1])])
    needed, largest, fallen, since = 1 / ALPHA, 0.0, None, None
    for now in range(1, len(sums)):
        parts = [math.log(_weight(begin)) + _log_mean(sums[now], sums[begin]) for begin in range(now)]
        most = max(parts)
        evidence = math.exp(min(LARGEST, most + math.log(sum(math.exp(part - most) for part in parts))))
        if evidence > largest:
            largest = evidence
            since = ordered[max(range(now), key=parts.__getitem__)][0]
        if fallen is None and evidence >= needed:
            fallen = ordered[now - 1][0]
    counts = merge_counts(days)
    report = value(at_release.metric, counts, at_release.cap)
    return Finding(sum(counts.values()), report, largest, needed, fallen, since if fallen else None)


def _weight(begin: int) -> float:
    """Of the e-process that begins after so many days: a third, a sixth, a tenth and so on; all of them are one."""
    return 2 / ((begin + 2) * (begin + 3))


def _log_mean(now: Sequence[float], before: Sequence[float]) -> float:
    """What all bets have grown to since some day, from a stake of one."""
    grown = [a - b for a, b in zip(now, before, strict=True)]
    most = max(grown)
    return most + math.log(sum(stake * math.exp(one - most) for stake, one in zip(STAKES, grown, strict=True)))


def pooled(days: Mapping[str, Counts], most: int = MOST_DAYS) -> dict[str, Counts]:
    """Days in their order, neighbours put together two by two until there are few enough."""
    ordered = sorted(days.items())
    while len(ordered) > max(1, most):
        ordered = [(pair[0][0], merge_counts(dict(pair))) for pair in (ordered[i : i + 2] for i in range(0, len(ordered), 2))]
    return dict(ordered)
