"""Loss of quality: tests the live metric against the baseline of the evaluation, at any time and as often as one likes.

Predictions with ground truth are counted by day and outcome (true and false positives and the like; errors by their size). From
such counts a betting e-process tests that the metric is still at least its limit: under that hypothesis it exceeds 50 with a
probability of at most 2 %, however often it is read (Ville, 1939; Waudby-Smith and Ramdas, 2023, Estimating means of bounded random
variables by betting). A third of the stake begins at the release, the rest begins anew every day with ever smaller weights, so a
loss after a long good time shows as well. Errors of one day are correlated: the evaluation measures the design effect, and that many
predictions count as one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from noria.kernel.errors import InvariantError
from noria.training.metrics import MULTICLASS, REGRESSION, less_is_better

if TYPE_CHECKING:
    from noria.training.shapes import FindingShape, QualityBaselineShape

#: Predictions by outcome: `tp`, `fp`, `fn`, `tn`; `right`, `wrong`; or the number of a bin of errors.
Counts = Mapping[str, float]
#: The share of models without a loss of quality that the test ever flags.
ALPHA = 0.02
#: Bets as shares of the largest that is safe: small losses need small bets. The stake on each is proportional to its root, because a
#: large loss shows within days, and a small one takes weeks whatever the stake.
BETS = (0.02, 0.04, 0.08, 0.16)
STAKES = tuple(math.sqrt(bet) / sum(map(math.sqrt, BETS)) for bet in BETS)
#: Bins of a regression's errors, up to this many times the error that one in a hundred exceeds.
BINS, CAP_FACTOR, CAP_SHARE = 64, 2.0, 0.99
#: The power of an error's size whose mean is the metric, or its square.
ERROR_POWERS = {"mae": 1, "rmse": 2}
#: More days than these are merged two by two.
MOST_DAYS = 400
#: Logarithm of the largest evidence that is reported.
LARGEST = 100.0


@dataclass(frozen=True)
class QualityBaseline:
    """A version's quality in its evaluation.

    Attributes:
        metric: one that outcome counts tell (`noria.training.metrics.stand_in`).
        value: in the evaluation.
        limit: the 95 % confidence bound of the value: what the same model may show on other days.
        design_effect: how many predictions count as one, since those of a day are correlated.
        cap: of a regression, the error at which the last bin begins (in the target's unit).
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


def outcome_of(task: str, truth: str, predicted: str, cap: float) -> str:
    """The outcome that a prediction counts as.

    Args:
        truth, predicted: labels in one spelling, or numbers as texts.

    Raises:
        ValueError: a regression's value is no number.
    """
    if task == REGRESSION:
        error = abs(float(predicted) - float(truth))
        return str(min(BINS - 1, int(error / cap * BINS))) if cap and math.isfinite(error) else str(BINS - 1)
    if task == MULTICLASS:
        return "right" if truth == predicted else "wrong"
    return ("tp" if truth == "1" else "fp") if predicted == "1" else ("fn" if truth == "1" else "tn")


def count_outcome(days: dict[str, dict[str, float]], day: str, outcome: str) -> None:
    """Count one prediction under its day."""
    counts = days.setdefault(day, {})
    counts[outcome] = counts.get(outcome, 0) + 1


def best_of(metric: str, first: float, second: float | None) -> float:
    """The better of two values of a metric."""
    if second is None:
        return first
    return min(first, second) if less_is_better(metric) else max(first, second)


def cap_of(errors: Sequence[float]) -> float:
    """The error at which the last bin begins."""
    ordered = sorted(abs(error) for error in errors)
    return CAP_FACTOR * ordered[min(len(ordered) - 1, int(CAP_SHARE * len(ordered)))] or 1.0


def merge_counts(days: Mapping[str, Counts]) -> dict[str, float]:
    """The counts of several days in one."""
    return sum_counts(days.values())


def sum_counts(parts: Iterable[Counts]) -> dict[str, float]:
    """The sum of counts, by outcome."""
    total: dict[str, float] = {}
    for counts in parts:
        for outcome, count in counts.items():
            total[outcome] = total.get(outcome, 0) + count
    return total


def value(metric: str, counts: Counts, cap: float = 0.0) -> float | None:
    """A metric out of outcome counts; None where these are none of its own.

    Raises:
        InvariantError: outcome counts do not tell such a metric.
    """
    rows = sum(counts.values())
    if less_is_better(metric):
        power = _entry(ERROR_POWERS, metric)
        mean = sum(count * _size(metric, outcome) for outcome, count in counts.items()) / rows if rows else math.nan
        return cap * math.pow(mean, 1 / power) if rows else None
    if metric == "accuracy":
        return (counts.get("tp", 0) + counts.get("tn", 0) + counts.get("right", 0)) / rows if rows else None
    fp, fn, hits = counts.get("fp", 0), counts.get("fn", 0), 2 * counts.get("tp", 0)
    misses = _entry({"f1": fp + fn, "precision": 2 * fp, "recall": 2 * fn}, metric)
    return hits / (hits + misses) if hits + misses else None


def _entry[Value](table: Mapping[str, Value], metric: str) -> Value:
    """What a table has for a metric."""
    if metric not in table:
        raise InvariantError(f"outcome counts do not tell {metric}: give it formulas in noria.training.quality, or no task in its `counted`")
    return table[metric]


def _size(metric: str, outcome: str) -> float:
    """An error as a share of the cap, or its square: the middle of its bin."""
    return ((int(outcome) + 0.5) / BINS) ** _entry(ERROR_POWERS, metric)


def harms(metric: str, limit: float, cap: float) -> Callable[[str], float]:
    """What a prediction of each outcome adds: at most 0 on average, as long as the metric is at its limit or better.

    Raises:
        InvariantError: outcome counts do not tell such a metric.
    """
    if less_is_better(metric):
        mean = _largest_credit(metric, limit, cap)
        return lambda outcome: _size(metric, outcome) - mean
    hit, miss = 1 - limit, limit
    weights = _entry(
        {
            "accuracy": {"tp": -hit, "tn": -hit, "right": -hit, "fp": miss, "fn": miss, "wrong": miss},
            "f1": {"tp": -2 * hit, "fp": miss, "fn": miss},
            "precision": {"tp": -hit, "fp": miss},
            "recall": {"tp": -hit, "fn": miss},
        },
        metric,
    )
    return lambda outcome: weights.get(outcome, 0.0)


def _largest_credit(metric: str, limit: float, cap: float) -> float:
    """The most that a good prediction subtracts: a bet below its inverse cannot lose more than the stake."""
    if less_is_better(metric):
        return (limit / cap) ** _entry(ERROR_POWERS, metric)
    return (2 if metric == "f1" else 1) * (1 - limit)


@dataclass(frozen=True)
class Finding:
    """What the predictions since a release show.

    Attributes:
        rows: predictions with ground truth.
        value: the metric of all of them.
        evidence: the largest e-value so far; from `needed` on, the quality has fallen.
        fallen: the first day with that evidence; None where there is none.
        since: the day from which the loss shows most.
    """

    rows: float
    value: float | None
    evidence: float
    needed: float
    fallen: str | None
    since: str | None

    def to_json(self) -> FindingShape:
        return {"rows": self.rows, "value": self.value, "evidence": self.evidence, "needed": self.needed, "fallen": self.fallen, "since": self.since}


def detect_degradation(baseline: QualityBaseline, days: Mapping[str, Counts], margin: float = 0.0) -> Finding:
    """Test whether the quality has fallen since the release.

    Args:
        days: outcome counts of each day, `YYYY-MM-DD`. Late counts only correct them: the same days give the same finding, in
            whatever order they came.
        margin: the share by which the loss may exceed that of the baseline's limit; the loss is the error of a regression, else
            what the metric lacks to 1.
    """
    limit = _limit(baseline, margin)
    ordered = list(pooled(days).items())
    sums = _log_growth(baseline, limit, [counts for _, counts in ordered])
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
    return Finding(sum(counts.values()), value(baseline.metric, counts, baseline.cap), largest, needed, fallen, since if fallen else None)


def _limit(baseline: QualityBaseline, margin: float) -> float:
    """The worst value of the metric that is no loss."""
    errors = less_is_better(baseline.metric)
    loss = max(baseline.limit if errors else 1 - baseline.limit, 1e-6) * (1 + margin)
    return loss if errors else max(1e-6, 1 - loss)


def _log_growth(baseline: QualityBaseline, limit: float, days: Sequence[Counts]) -> list[list[float]]:
    """The logarithm of each bet's growth from the release to the end of each day; the first entry is the release itself."""
    harm, credit = harms(baseline.metric, limit, baseline.cap), _largest_credit(baseline.metric, limit, baseline.cap)
    bets = [share / credit for share in BETS]
    outcomes = {outcome for counts in days for outcome in counts}
    logs = {outcome: [math.log1p(bet * harm(outcome)) / baseline.design_effect for bet in bets] for outcome in outcomes}
    sums = [[0.0] * len(bets)]
    for counts in days:
        sums.append([before + sum(count * logs[outcome][i] for outcome, count in counts.items()) for i, before in enumerate(sums[-1])])
    return sums


def _weight(begin: int) -> float:
    """Weight of the e-process that begins after so many days: a third, a sixth, a tenth and so on; they sum to one."""
    return 2 / ((begin + 2) * (begin + 3))


def _log_mean(now: Sequence[float], before: Sequence[float]) -> float:
    """The logarithm of what all bets have grown to since a day, from a stake of one."""
    grown = [a - b for a, b in zip(now, before, strict=True)]
    most = max(grown)
    return most + math.log(sum(stake * math.exp(one - most) for stake, one in zip(STAKES, grown, strict=True)))


def pooled(days: Mapping[str, Counts], most: int = MOST_DAYS) -> dict[str, Counts]:
    """Days in their order, neighbours merged two by two until there are at most `most`."""
    ordered = sorted(days.items())
    while len(ordered) > max(1, most):
        ordered = [(pair[0][0], merge_counts(dict(pair))) for pair in (ordered[i : i + 2] for i in range(0, len(ordered), 2))]
    return dict(ordered)
