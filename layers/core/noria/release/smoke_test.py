"""The smoke test: a version predicts rows of its own holdout as it did in its evaluation, before it takes traffic."""

from __future__ import annotations

import math

from noria.kernel.errors import SmokeMismatchError

#: Predictions are numbers printed by the same code from the same model: nothing but the last bit may differ.
RELATIVE = 1e-9


def compare(predictions: list[list[str]], expected: list[list[str]], rows: int) -> None:
    """Compare the predictions of the smoke rows with the first ones of the holdout, each with all its values.

    Raises:
        SmokeMismatchError: there are fewer or more predictions than rows, or one differs; says which, with both.
    """
    if len(predictions) != rows or len(expected) != rows:
        raise SmokeMismatchError(f"{len(predictions)} answers to {rows} smoke rows, of which the evaluation has {len(expected)}; one line a row was expected")
    for row, (values, evaluated) in enumerate(zip(predictions, expected, strict=True), start=1):
        if len(values) != len(evaluated) or not all(map(_equal, values, evaluated)):
            raise SmokeMismatchError(f"row {row} of the holdout is answered {','.join(values)!r}, its evaluation had {','.join(evaluated)!r}")


def _equal(value: str, expected: str) -> bool:
    try:
        return value == expected or math.isclose(float(value), float(expected), rel_tol=RELATIVE)
    except ValueError:
        return False
