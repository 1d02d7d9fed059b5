"""Reads a version's predictions of the smoke rows, and those of its evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.adapters import objects
from noria.release import smoke_test
from noria.training.predictions import lines

if TYPE_CHECKING:
    from noria.release.shapes.deployment import ComparePredictionsInput, ComparePredictionsResult


def compare_predictions(event: ComparePredictionsInput) -> ComparePredictionsResult:
    """Compare them.

    Raises:
        SmokeMismatchError: they differ; says where.
    """
    predictions = lines(objects.read(event["bucket"], event["predictions"]).decode())
    expected = lines(objects.read(event["bucket"], event["expected"]).decode())[: event["rows"]]
    smoke_test.compare(predictions, expected, event["rows"])
    return {"outcome": "equal", "rows": len(predictions)}
