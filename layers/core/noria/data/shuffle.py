"""Rows of a holdout with one column dealt out anew at a time: what a model is asked again, to see which columns matter to it."""

import random
from collections.abc import Sequence

#: Rows of the holdout that are asked again for each column, and for all columns together.
MOST_ROWS, MOST_ASKED = 200, 10_000


def sample(rows: int, columns: int) -> list[int]:
    """Which rows of a holdout are asked again: evenly over all of it."""
    size = max(1, min(rows, MOST_ROWS, MOST_ASKED // max(1, columns)))
    return [number * rows // size for number in range(size)]


def shuffled(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """The sample of a holdout once for each column, that column's values dealt out anew."""
    if not rows:
        return []
    chosen = [list(rows[number]) for number in sample(len(rows), len(rows[0]))]
    order = random.Random(0).sample(range(len(chosen)), len(chosen))
    return [[*row[:column], chosen[other][column], *row[column + 1 :]] for column in range(len(rows[0])) for row, other in zip(chosen, order, strict=True)]
