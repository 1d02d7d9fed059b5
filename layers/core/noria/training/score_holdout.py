"""Scores the predictions of a holdout against its ground truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.adapters import objects
from noria.kernel.verdict import root_cause
from noria.training.evaluation import evaluate
from noria.training.importance import importance
from noria.training.predictions import lines, probabilities

if TYPE_CHECKING:
    from noria.training.shapes import Evaluation, ScoreHoldoutInput


def score_holdout(event: ScoreHoldoutInput) -> Evaluation:
    """Score the candidate, and the champion where it predicted the same rows.

    Raises:
        EvaluationError: the candidate has another number of predictions than there are rows, or one that is no number.
    """
    bucket, failure = event["bucket"], event["champion_failure"]
    holdout = lines(objects.read(bucket, event["truth"]).decode())
    keys = {side: key for side, key in event["predictions"].items() if side != "champion" or not failure}
    rows = {side: lines(objects.read(bucket, key).decode()) for side, key in keys.items()}
    scores = evaluate(
        event["task"],
        holdout,
        {side: [row[0] for row in read] for side, read in rows.items()},
        event["comparisons"],
        event["run"],
        event["monitored_metric"],
        {side: probabilities(read) for side, read in rows.items()},
    )
    shuffled = objects.read_if_there(bucket, event["shuffled"])
    shares = importance(event["task"], event["features"], rows["candidate"], lines(shuffled.decode())) if shuffled else None
    broken = f"the champion cannot answer these rows ({root_cause(failure)})" if failure else None
    return {**scores, "importance": shares, "incomparable": event["incomparable"] or broken or scores["incomparable"]}
