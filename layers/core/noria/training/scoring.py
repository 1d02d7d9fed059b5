"""Predictions of a holdout against its truth: Noria's own count, never the user's word."""

import csv
from typing import Any

from noria.adapters import objects
from noria.kernel.errors import EvaluationError
from noria.training import metrics
from noria.training.gates import LESS_IS_BETTER

Json = dict[str, Any]


def score_holdout(event: Json) -> Json:
    """Score the candidate, and the champion where it answered the same rows.

    Args:
        event: `{bucket, truth, predictions: {side: key}, task, compared: [{metric, confidence}], run}`

    Returns:
        `{rows, candidate: {metric: value}, champion: {…}|null, bounds: {metric: lower bound of the gain}, incomparable}`

    Raises:
        EvaluationError: another number of answers than of rows, or an answer that is none.
    """
    truth = first_column(objects.read(event["bucket"], event["truth"]).decode())
    answers = {side: first_column(objects.read(event["bucket"], key).decode()) for side, key in event["predictions"].items()}
    scored = evaluate(event["task"], truth, answers, event["compared"], event["run"])
    return {**scored, "incomparable": event.get("incomparable", False)}


def evaluate(task: str, truth: list[str], answers: dict[str, list[str]], compared: list[Json], seed: str) -> Json:
    """The evaluation of `score_holdout`, without its files."""
    for side, predicted in answers.items():
        if len(predicted) != len(truth):
            raise EvaluationError(
                f"the {side} answered {len(predicted)} lines for {len(truth)} rows of the holdout; "
                "output_fn must write one line a row, its first value the prediction"
            )
    try:
        scored = {side: metrics.quality(task, truth, predicted) for side, predicted in answers.items()}
    except ValueError as error:
        raise EvaluationError(f"a {task} task needs numbers as predictions: {error}") from error
    bounds = {
        gate["metric"]: metrics.lower_bound(
            task, gate["metric"], truth, answers["candidate"], answers["champion"], gate["confidence"], gate["metric"] in LESS_IS_BETTER, seed
        )
        for gate in compared
        if "champion" in answers
    }
    return {"rows": len(truth), "candidate": scored["candidate"], "champion": scored.get("champion"), "bounds": bounds}


def first_column(text: str) -> list[str]:
    """The first value of each line: the prediction."""
    return [row[0].strip() for row in csv.reader(text.splitlines()) if row]
