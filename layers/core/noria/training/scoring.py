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
    unable = event.get("unable")
    truth = first_column(objects.read(event["bucket"], event["truth"]).decode())
    answered = {side: key for side, key in event["predictions"].items() if side != "champion" or not unable}
    answers = {side: first_column(objects.read(event["bucket"], key).decode()) for side, key in answered.items()}
    scored = evaluate(event["task"], truth, answers, event["compared"], event["run"])
    untold = f"the champion cannot answer these rows ({innermost(unable)})" if unable else None
    return {**scored, "incomparable": event.get("incomparable") or untold or scored["incomparable"]}


def evaluate(task: str, truth: list[str], answers: dict[str, list[str]], compared: list[Json], seed: str) -> Json:
    """The evaluation of `score_holdout`, without its files."""
    candidate, champion, incomparable = answers["candidate"], answers.get("champion"), None
    scored = _quality("candidate", task, truth, candidate)
    held = None
    if champion is not None:
        try:
            held = _quality("champion", task, truth, champion)
        except EvaluationError as error:
            champion, incomparable = None, str(error)
    bounds = {
        gate["metric"]: metrics.lower_bound(task, gate["metric"], truth, candidate, champion, gate["confidence"], gate["metric"] in LESS_IS_BETTER, seed)
        for gate in compared
        if champion is not None
    }
    return {"rows": len(truth), "candidate": scored, "champion": held, "bounds": bounds, "incomparable": incomparable}


def _quality(side: str, task: str, truth: list[str], predicted: list[str]) -> dict[str, float]:
    if len(predicted) != len(truth):
        raise EvaluationError(
            f"the {side} answered {len(predicted)} lines for {len(truth)} rows of the holdout; "
            "output_fn must write one line a row, its first value the prediction"
        )
    try:
        return metrics.quality(task, truth, predicted)
    except ValueError as error:
        raise EvaluationError(f"a {task} task needs numbers as predictions of the {side}: {error}") from error


def lines(text: str) -> list[list[str]]:
    """The values of each line that is not empty."""
    return [[value.strip() for value in row] for row in csv.reader(io.StringIO(text, newline="")) if row]


def first_column(text: str) -> list[str]:
    """The first value of each line: the prediction."""
    return [row[0] for row in lines(text)]
