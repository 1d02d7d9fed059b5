"""Evaluates a candidate on the holdout, and the champion on the same rows: Noria's own count, never the user's word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.kernel.errors import EvaluationError
from noria.kernel.values import parse_timestamp
from noria.training import metrics
from noria.training.bootstrap import lower_bound
from noria.training.quality import cap_of, count_outcome, outcome_of
from noria.training.quality_baseline import measure_baseline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from noria.training.shapes import Comparison, QualityBaselineShape, Scores, Side

DAY_SECONDS = 86_400
#: Rows of a holdout without times are spread over so many parts that stand for days.
PARTS = 1_000


def evaluate(
    task: str,
    holdout: Sequence[Sequence[str]],
    predictions: Mapping[Side, Sequence[str]],
    comparisons: Sequence[Comparison],
    seed: str,
    monitored_metric: str,
    probabilities: Mapping[Side, Sequence[float]] | None = None,
) -> Scores:
    """Score the candidate, and compare it with the champion where there is one.

    Args:
        holdout: the ground truth of each row, and its time where there is one.
        predictions: one value a row of each side.
        seed: of the bootstrap.
        monitored_metric: the one that the quality baseline is for.
        probabilities: one value a row of each side that gives any.

    Raises:
        EvaluationError: the candidate has another number of predictions than there are rows, or one that is no number. A
            champion of which this is true is not compared.
    """
    truth, scores = [row[0] for row in holdout], probabilities or {}
    candidate = _score("candidate", task, truth, predictions["candidate"], scores.get("candidate", ()))
    champion, incomparable = None, None
    if "champion" in predictions:
        try:
            champion = _score("champion", task, truth, predictions["champion"], scores.get("champion", ()))
        except EvaluationError as error:
            incomparable = str(error)
    bounds = _bounds(task, truth, predictions, scores, comparisons, seed) if champion is not None else {}
    return {
        "rows": len(truth),
        "candidate": candidate,
        "champion": champion,
        "bounds": bounds,
        "quality_baseline": _baseline(task, monitored_metric, holdout, predictions["candidate"]),
        "incomparable": incomparable,
    }


def _bounds(
    task: str,
    truth: Sequence[str],
    predictions: Mapping[Side, Sequence[str]],
    scores: Mapping[Side, Sequence[float]],
    comparisons: Sequence[Comparison],
    seed: str,
) -> dict[str, float]:
    """The lower confidence bound of the candidate's gain, by metric."""
    ours, theirs = (metrics.parse(task, truth, predictions[side], scores.get(side, ())) for side in ("candidate", "champion"))
    return {gate["metric"]: lower_bound(gate["metric"], ours, theirs, gate["confidence"], seed) for gate in comparisons}


def _baseline(task: str, metric: str, holdout: Sequence[Sequence[str]], predicted: Sequence[str]) -> QualityBaselineShape | None:
    """What monitoring later holds the live metric against: the holdout's outcomes by day."""
    numeric = task == metrics.REGRESSION
    cap = cap_of([float(prediction) - float(row[0]) for row, prediction in zip(holdout, predicted, strict=True)]) if numeric else 0.0
    days: dict[str, dict[str, float]] = {}
    for number, (row, prediction) in enumerate(zip(holdout, predicted, strict=True)):
        true, answer = (row[0], prediction) if numeric else (metrics.label(row[0]), metrics.label(prediction))
        count_outcome(days, _day(number, row), outcome_of(task, true, answer, cap))
    baseline = measure_baseline(metrics.stand_in(metric, task), days, cap)
    return baseline.to_json() if baseline else None


def _day(number: int, row: Sequence[str]) -> str:
    """The day of a row, so that texts sort as days do; without times, one of `PARTS`."""
    return str(int(parse_timestamp(row[1]) // DAY_SECONDS)).zfill(6) if len(row) > 1 else str(number % PARTS)


def _score(side: Side, task: str, truth: Sequence[str], predicted: Sequence[str], scores: Sequence[float]) -> dict[str, float]:
    if len(predicted) != len(truth):
        raise EvaluationError(
            f"the {side} answered {len(predicted)} lines for {len(truth)} rows of the holdout; "
            "output_fn must write one line a row, its first value the prediction"
        )
    try:
        return metrics.measure(task, truth, predicted, scores)
    except ValueError as error:
        raise EvaluationError(f"a {task} task needs numbers as predictions of the {side}: {error}") from error
