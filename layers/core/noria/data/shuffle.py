"""Shuffles a sample of the holdout one column at a time, for the permutation importance of each column."""

import random
from collections.abc import Sequence

#: Rows of the sample, and rows that the model predicts for all columns together.
MOST_ROWS, MOST_PREDICTIONS = 200, 10_000


def sample(rows: int, columns: int) -> list[int]:
    """The numbers of the holdout rows in the sample, evenly spread."""
    size = max(1, min(rows, MOST_ROWS, MOST_PREDICTIONS // max(1, columns)))
    return [number * rows // size for number in range(size)]


def shuffled(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """The sample of a holdout once for each column, with that column's values in a random order."""
    if not rows:
        return []
    chosen = [list(rows[number]) for number in sample(len(rows), len(rows[0]))]
    order = random.Random(0).sample(range(len(chosen)), len(chosen))
    return [[*row[:column], chosen[other][column], *row[column + 1 :]] for column in range(len(rows[0])) for row, other in zip(chosen, order, strict=True)]
