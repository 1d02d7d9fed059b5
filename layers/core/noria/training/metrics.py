"""Quality of predictions against the truth, and of two models' on the same rows.

Definitions are those of scikit-learn 1.9; multiclass precision, recall and F1 are macro averages.
"""

import math
import random
from collections.abc import Callable, Sequence

Values = Sequence[float] | Sequence[str]
#: Resamples of the paired bootstrap (Efron 1979): the 5 % quantile of 1,000 has a standard error of 0.7 percentage points.
RESAMPLES = 1_000


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


def classification(truth: Sequence[str], predicted: Sequence[str], binary: bool) -> dict[str, float]:
    """accuracy, precision, recall and F1; for a binary task of the positive label `1`."""
    labels = ["1"] if binary else sorted({*truth, *predicted})
    per_label = [_precision_recall(truth, predicted, positive) for positive in labels]
    right = sum(t == p for t, p in zip(truth, predicted, strict=True))
    names = ("precision", "recall", "f1")
    return {"accuracy": right / len(truth), **{name: sum(values[i] for values in per_label) / len(labels) for i, name in enumerate(names)}}


def _precision_recall(truth: Sequence[str], predicted: Sequence[str], positive: str) -> tuple[float, float, float]:
    hit = sum(t == p == positive for t, p in zip(truth, predicted, strict=True))
    message, there = sum(p == positive for p in predicted), sum(t == positive for t in truth)
    precision, recall = hit / message if message else 0.0, hit / there if there else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def regression(truth: Sequence[float], predicted: Sequence[float]) -> dict[str, float]:
    """mae, rmse and r2."""
    errors = [p - t for t, p in zip(truth, predicted, strict=True)]
    mean = sum(truth) / len(truth)
    spread = sum((t - mean) ** 2 for t in truth)
    squared = sum(error**2 for error in errors)
    return {
        "mae": sum(abs(error) for error in errors) / len(errors),
        "rmse": math.sqrt(squared / len(errors)),
        "r2": 1 - squared / spread if spread else 0.0,
    }


def quality(task: str, truth: Sequence[str], predicted: Sequence[str]) -> dict[str, float]:
    """Every metric of a task.

    Args:
        truth, predicted: one value a row, as the files have them.

    Raises:
        ValueError: a regression's value is no finite number.
    """
    if task == "regression":
        return regression([_finite(value) for value in truth], [_finite(value) for value in predicted])
    return classification([label(value) for value in truth], [label(value) for value in predicted], task == "binary")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is no finite number")
    return number


def lower_bound(
    task: str, metric: str, truth: Sequence[str], candidate: Sequence[str], champion: Sequence[str], confidence: float, less_is_better: bool, seed: str
) -> float:
    """The one-sided lower confidence bound of how much better the candidate is, by a paired bootstrap over rows.

    Args:
        confidence: 0.95 gives the 5 % quantile.
        seed: the same seed draws the same rows.
    """
    score = _scorer(task, metric, truth, candidate, champion)
    drawn, rows, sign = random.Random(seed), range(len(truth)), -1 if less_is_better else 1
    differences = sorted(sign * score(drawn.choices(rows, k=len(rows))) for _ in range(_resamples(len(rows))))
    return differences[int((1 - confidence) * len(differences))]


def _resamples(rows: int) -> int:
    """Fewer for large holdouts, where the bound hardly moves: two million draws in all, at least 200 resamples."""
    return max(200, min(RESAMPLES, 2_000_000 // rows))


def _scorer(task: str, metric: str, truth: Sequence[str], candidate: Sequence[str], champion: Sequence[str]) -> Callable[[Sequence[int]], float]:
    if metric == "accuracy":
        gains = [(label(t) == label(a)) - (label(t) == label(b)) for t, a, b in zip(truth, candidate, champion, strict=True)]
        return lambda chosen: sum(gains[i] for i in chosen) / len(chosen)

    def difference(chosen: Sequence[int]) -> float:
        real = [truth[i] for i in chosen]
        better = quality(task, real, [candidate[i] for i in chosen])[metric]
        return better - quality(task, real, [champion[i] for i in chosen])[metric]

    return difference
