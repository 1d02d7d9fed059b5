"""How much each column matters to a model: by how much its answers move when the column's values are dealt out anew.

Permutation importance (Breiman, 2001, Random forests) of the answers themselves, so that no truth is needed: the rows of a
sample of the holdout are asked again with one column shuffled at a time.
"""

import math
from collections.abc import Sequence

from noria.data.shuffle import sample


def importance(task: str, names: Sequence[str], answers: Sequence[Sequence[str]], again: Sequence[Sequence[str]]) -> dict[str, float] | None:
    """The share of each column in all that the answers move by; nothing where the answers do not move or do not fit.

    Args:
        names: of the columns, in the order in which they were shuffled.
        answers: of the holdout: prediction, and probability where there is one.
        again: of the shuffled rows.
    """
    chosen = [answers[number] for number in sample(len(answers), len(names))] if answers else []
    if not chosen or len(again) != len(chosen) * len(names):
        return None
    moved = {
        name: sum(_moved(task, before, after) for before, after in zip(chosen, again[number * len(chosen) : (number + 1) * len(chosen)], strict=True))
        for number, name in enumerate(names)
    }
    whole = sum(moved.values())
    return {name: round(value / whole, 4) for name, value in moved.items()} if math.isfinite(whole) and whole > 0 else None


def _moved(task: str, before: Sequence[str], after: Sequence[str]) -> float:
    """By how much an answer differs: a number; a label, and its probability where there is one."""
    if task != "regression" and len(before) > 1 and len(after) > 1:
        return _difference(before[1], after[1]) + (before[0] != after[0])
    return _difference(before[0], after[0])


def _difference(before: str, after: str) -> float:
    try:
        return abs(float(before) - float(after))
    except ValueError:
        return float(before != after)
