"""Predictions of a holdout against its truth: Noria's own count, never the user's word."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from noria.adapters import objects
from noria.kernel.errors import EvaluationError
from noria.kernel.json import Json
from noria.kernel.values import parse_timestamp
from noria.kernel.verdict import root_cause
from noria.training import metrics, quality
from noria.training.gates import LESS_IS_BETTER
from noria.training.importance import importance

if TYPE_CHECKING:
    from noria.training.shapes import QualityBaselineShape


def score_holdout(event: Json) -> Json:
    """Score the candidate, and the champion where it answered the same rows.

    Args:
        event: `{bucket, truth, predictions: {side: key}, shuffled, features, task, compared: [{metric, confidence}], watch, run,
            incomparable, unable}`; `shuffled` is the key of the candidate's answers to the shuffled rows; `watch` is the metric that
            is watched once it serves; `unable` is why the champion could not answer, or null.

    Returns:
        `{rows, candidate: {metric: value}, champion: {…}|null, bounds: {metric: lower bound of the gain}, level, importance,
        incomparable}`; `level` is what the watched metric may be held against later, `importance` the share of each column in what
        moves the answers, either may be null; `incomparable` is a sentence where a champion serves and was not compared.

    Raises:
        EvaluationError: another number of answers than of rows, or an answer that is none.
    """
    unable = event.get("unable")
    truth = lines(objects.read(event["bucket"], event["truth"]).decode())
    answered = {side: key for side, key in event["predictions"].items() if side != "champion" or not unable}
    texts = {side: objects.read(event["bucket"], key).decode() for side, key in answered.items()}
    answers = {side: first_column(text) for side, text in texts.items()}
    scored = evaluate(event["task"], truth, answers, event["compared"], event["run"], event["watch"])
    again = objects.read_if_there(event["bucket"], event["shuffled"]) if event.get("shuffled") else None
    scored["importance"] = importance(event["task"], event["features"], lines(texts["candidate"]), lines(again.decode())) if again else None
    untold = f"the champion cannot answer these rows ({root_cause(unable)})" if unable else None
    return {**scored, "incomparable": event.get("incomparable") or untold or scored["incomparable"]}


def evaluate(task: str, held: list[list[str]], answers: dict[str, list[str]], compared: list[Json], seed: str, watch: str) -> Json:
    """The evaluation of `score_holdout`, without its files.

    Args:
        held: of each row of the holdout the truth, and its time where there is one.
    """
    truth = [row[0] for row in held]
    candidate, champion, incomparable = answers["candidate"], answers.get("champion"), None
    scored = _quality("candidate", task, truth, candidate)
    other = None
    if champion is not None:
        try:
            other = _quality("champion", task, truth, champion)
        except EvaluationError as error:
            champion, incomparable = None, str(error)
    bounds = {
        gate["metric"]: metrics.lower_bound(task, gate["metric"], truth, candidate, champion, gate["confidence"], gate["metric"] in LESS_IS_BETTER, seed)
        for gate in compared
        if champion is not None
    }
    return {
        "rows": len(truth),
        "candidate": scored,
        "champion": other,
        "bounds": bounds,
        "level": _level(task, watch, held, candidate),
        "incomparable": incomparable,
    }


def _level(task: str, metric: str, held: list[list[str]], predicted: list[str]) -> QualityBaselineShape | None:
    """What the live metric may be held against later: the holdout's answers by day."""
    numbers = task == "regression"
    cap = quality.cap_of([float(answer) - float(row[0]) for row, answer in zip(held, predicted, strict=True)]) if numbers else 0.0
    days: dict[str, dict[str, float]] = {}
    for number, (row, answer) in enumerate(zip(held, predicted, strict=True)):
        message, true = (answer, row[0]) if numbers else (metrics.label(answer), metrics.label(row[0]))
        kind = quality.outcome_of(task, true, message, cap)
        day = str(int(parse_timestamp(row[1]) // 86_400)).zfill(6) if len(row) > 1 else str(number % 1_000)
        quality.count_outcome(days, day, kind)
    result = quality.level(quality.watched(metric, task), days, cap)
    return result.to_json() if result else None


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
