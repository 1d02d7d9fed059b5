"""Predictions of a holdout against its truth: Noria's own count, never the user's word."""

import csv
import io
from typing import Any

from noria.adapters import objects
from noria.kernel.errors import EvaluationError
from noria.kernel.verdict import innermost
from noria.training import metrics
from noria.training.gates import LESS_IS_BETTER

Json = dict[str, Any]


def score_holdout(event: Json) -> Json:
    """Score the candidate, and the champion where it answered the same rows.

    Args:
        event: `{bucket, truth, predictions: {side: key}, task, compared: [{metric, confidence}], run, incomparable, unable}`;
            `unable` is why the champion could not answer, or null.

    Returns:
        `{rows, candidate: {metric: value}, champion: {…}|null, bounds: {metric: lower bound of the gain}, incomparable}`;
        `incomparable` is a sentence where a champion serves and was not compared.

    Raises:
        EvaluationError: another number of answers than of rows, or an answer that is none.
    """
    unable = innermost(event["unable"]) if event.get("unable") else None
    truth = first_column(objects.read(event["bucket"], event["truth"]).decode())
    answered = {side: key for side, key in event["predictions"].items() if side != "champion" or not unable}
    answers = {side: first_column(objects.read(event["bucket"], key).decode()) for side, key in answered.items()}
    scored = evaluate(event["task"], truth, answers, event["compared"], event["run"])
    untold = f"the champion cannot answer these rows ({unable})" if unable else None
    return {**scored, "incomparable": event["incomparable"] or untold}


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


def lines(text: str) -> list[list[str]]:
    """The values of each line that is not empty."""
    return [[value.strip() for value in row] for row in csv.reader(io.StringIO(text, newline="")) if row]


def first_column(text: str) -> list[str]:
    """The first value of each line: the prediction."""
    return [row[0] for row in lines(text)]
