"""The catalogue of metrics: each one's tasks, direction and range, and its value for predictions beside their ground truth.

A new metric is one row of `METRICS` and its formula; the spec, the gates, the evaluation, monitoring and the command read the
catalogue. Definitions are those of scikit-learn 1.9; multiclass precision, recall and F1 are macro averages.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

BINARY, MULTICLASS, REGRESSION = "binary", "multiclass", "regression"
CLASSIFICATION = (BINARY, MULTICLASS)
#: The metric that monitoring follows where outcome counts do not tell the spec's own (`Metric.counted`).
STAND_INS = {BINARY: "accuracy", MULTICLASS: "accuracy", REGRESSION: "rmse"}


class Labels(NamedTuple):
    """Predictions of a classification beside the ground truth, one value a row, labels in one spelling.

    Attributes:
        binary: whether precision, recall and F1 are those of the positive label `1`, or averages over all labels.
        scores: the probability of label 1, of a multiclass task that of the prediction; empty where the model gives none.
    """

    truth: Sequence[str]
    predicted: Sequence[str]
    binary: bool
    scores: Sequence[float] = ()

    def take(self, rows: Sequence[int]) -> Labels:
        """Some of the rows, in this order."""
        scores = [self.scores[i] for i in rows] if self.scores else ()
        return Labels([self.truth[i] for i in rows], [self.predicted[i] for i in rows], self.binary, scores)


class Numbers(NamedTuple):
    """Predictions of a regression beside the ground truth, one value a row."""

    truth: Sequence[float]
    predicted: Sequence[float]

    def take(self, rows: Sequence[int]) -> Numbers:
        """Some of the rows, in this order."""
        return Numbers([self.truth[i] for i in rows], [self.predicted[i] for i in rows])

    def errors(self) -> list[float]:
        """Prediction minus truth of each row."""
        return [predicted - true for true, predicted in zip(self.truth, self.predicted, strict=True)]


def accuracy(rows: Labels) -> float:
    """The share of rows whose label is right."""
    return sum(true == predicted for true, predicted in zip(rows.truth, rows.predicted, strict=True)) / len(rows.truth)


def precision(rows: Labels) -> float:
    """Of the rows that were given a label, the share that has it."""
    return _mean([_ratio(hits, predicted) for hits, predicted, _ in _label_counts(rows)])


def recall(rows: Labels) -> float:
    """Of the rows that have a label, the share that was given it."""
    return _mean([_ratio(hits, actual) for hits, _, actual in _label_counts(rows)])


def f1(rows: Labels) -> float:
    """The harmonic mean of precision and recall of each label."""
    return _mean([_harmonic(_ratio(hits, predicted), _ratio(hits, actual)) for hits, predicted, actual in _label_counts(rows)])


def _harmonic(first: float, second: float) -> float:
    return 2 * first * second / (first + second) if first + second else 0.0


def _label_counts(rows: Labels) -> Iterator[tuple[int, int, int]]:
    """Of each label: rows where it is right, rows that were given it, rows that have it."""
    hits = Counter(true for true, predicted in zip(rows.truth, rows.predicted, strict=True) if true == predicted)
    predicted, actual = Counter(rows.predicted), Counter(rows.truth)
    for label in ["1"] if rows.binary else sorted({*actual, *predicted}):
        yield hits[label], predicted[label], actual[label]


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def mae(rows: Numbers) -> float:
    """The mean absolute error, in the target's unit."""
    return _mean([abs(error) for error in rows.errors()])


def rmse(rows: Numbers) -> float:
    """The root of the mean squared error, in the target's unit."""
    return math.sqrt(_mean([error**2 for error in rows.errors()]))


def r2(rows: Numbers) -> float:
    """The share of the target's variance that the predictions explain; 0 where the target does not vary."""
    mean = _mean(rows.truth)
    spread = sum((true - mean) ** 2 for true in rows.truth)
    return 1 - sum(error**2 for error in rows.errors()) / spread if spread else 0.0


#: Predictions beside the ground truth, as formulas take them.
Rows = Labels | Numbers


class Metric(NamedTuple):
    """One metric.

    Attributes:
        name: as a spec names it.
        tasks: that it is defined for.
        formula: its value for `Labels`, or for `Numbers` of a regression.
        counted: tasks in which counts of outcomes tell it (`noria.training.quality`); in others monitoring follows a stand-in.
        lowest, highest: the range of its values; None is unbounded.
        less_is_better: whether it measures an error.
        needs_scores: whether its formula reads probabilities; it is left out where the model gives none.
    """

    name: str
    tasks: tuple[str, ...]
    formula: Callable[[Any], float]
    counted: tuple[str, ...] = ()
    lowest: float | None = 0.0
    highest: float | None = 1.0
    less_is_better: bool = False
    needs_scores: bool = False


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("accuracy", CLASSIFICATION, accuracy, counted=CLASSIFICATION),
        Metric("f1", CLASSIFICATION, f1, counted=(BINARY,)),
        Metric("precision", CLASSIFICATION, precision, counted=(BINARY,)),
        Metric("recall", CLASSIFICATION, recall, counted=(BINARY,)),
        Metric("mae", (REGRESSION,), mae, counted=(REGRESSION,), highest=None, less_is_better=True),
        Metric("rmse", (REGRESSION,), rmse, counted=(REGRESSION,), highest=None, less_is_better=True),
        Metric("r2", (REGRESSION,), r2, lowest=None),
    )
}


def names(task: str) -> list[str]:
    """The metrics of a task."""
    return [metric.name for metric in METRICS.values() if task in metric.tasks]


def less_is_better(name: str) -> bool:
    """Whether a lower value of a metric is better."""
    return METRICS[name].less_is_better


def stand_in(name: str, task: str) -> str:
    """The metric that monitoring follows for a spec's own: the same, or the task's stand-in where outcome counts do not tell it."""
    return name if task in METRICS[name].counted else STAND_INS[task]


def measure(task: str, truth: Sequence[str], predicted: Sequence[str], scores: Sequence[float] = ()) -> dict[str, float]:
    """Every metric of a task.

    Args:
        truth, predicted: one value a row, as the files have them.
        scores: probabilities of a classification, where the model gives any.

    Raises:
        ValueError: a regression's value is no finite number.
    """
    rows = parse(task, truth, predicted, scores)
    return {name: METRICS[name].formula(rows) for name in names(task) if scores or not METRICS[name].needs_scores}


def parse(task: str, truth: Sequence[str], predicted: Sequence[str], scores: Sequence[float] = ()) -> Rows:
    """Texts of files as the formulas take them.

    Raises:
        ValueError: a regression's value is no finite number.
    """
    if task == REGRESSION:
        return Numbers([_finite(value) for value in truth], [_finite(value) for value in predicted])
    return Labels([label(value) for value in truth], [label(value) for value in predicted], task == BINARY, scores)


def label(text: str) -> str:
    """One spelling for a label: `1`, `1.0` and `true` are `1`."""
    if text in ("true", "True", "TRUE"):
        return "1"
    if text in ("false", "False", "FALSE"):
        return "0"
    try:
        number = float(text)
    except ValueError:
        return text
    return str(int(number)) if number.is_integer() else repr(number)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is no finite number")
    return number
