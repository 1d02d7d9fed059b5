"""Permutation importance: how much a model's predictions move when one column's values are shuffled (Breiman, 2001, Random forests).

It is measured on the predictions themselves, so it needs no ground truth: the model predicts a sample of the holdout once for each
column, with that column shuffled (`noria.data.shuffle`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from noria.data.shuffle import sample
from noria.training.metrics import REGRESSION

if TYPE_CHECKING:
    from collections.abc import Sequence


def importance(task: str, names: Sequence[str], predictions: Sequence[Sequence[str]], shuffled: Sequence[Sequence[str]]) -> dict[str, float] | None:
    """Each column's share in the sum of all movements; None where no prediction moves, or the files do not fit each other.

    Args:
        names: of the columns, in the order in which they were shuffled.
        predictions: of the holdout: prediction, and probability where there is one.
        shuffled: predictions of the shuffled rows.
    """
    before = [predictions[number] for number in sample(len(predictions), len(names))] if predictions else []
    if not before or len(shuffled) != len(before) * len(names):
        return None
    moves = {
        name: sum(_move(task, *pair) for pair in zip(before, shuffled[number * len(before) : (number + 1) * len(before)], strict=True))
        for number, name in enumerate(names)
    }
    whole = sum(moves.values())
    return {name: round(move / whole, 4) for name, move in moves.items()} if math.isfinite(whole) and whole > 0 else None


def _move(task: str, before: Sequence[str], after: Sequence[str]) -> float:
    """By how much a prediction differs: a number; a label, and its probability where there is one."""
    if task != REGRESSION and len(before) > 1 and len(after) > 1:
        return _difference(before[1], after[1]) + (before[0] != after[0])
    return _difference(before[0], after[0])


def _difference(before: str, after: str) -> float:
    try:
        return abs(float(before) - float(after))
    except ValueError:
        return float(before != after)
