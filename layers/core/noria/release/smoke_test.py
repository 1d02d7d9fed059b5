"""A version's answers before it takes traffic, against those of its evaluation."""

import math

from noria.adapters import objects
from noria.kernel.errors import SmokeMismatchError
from noria.kernel.json import Json
from noria.training.score_holdout import lines

#: Answers are numbers printed by the same code from the same model: nothing but the last bit may differ.
RELATIVE = 1e-9


def compare_predictions(event: Json) -> Json:
    """Compare the answers to the smoke rows with the first ones of the holdout.

    Args:
        event: `{bucket, answers, expected, rows}`: keys of both files, and how many rows there are to answer.

    Raises:
        SmokeMismatchError: there are fewer or more answers than rows, or one differs; says which, with both answers.
    """
    answers = lines(objects.read(event["bucket"], event["answers"]).decode())
    expected = lines(objects.read(event["bucket"], event["expected"]).decode())[: event["rows"]]
    compare(answers, expected, event["rows"])
    return {"outcome": "equal", "rows": len(answers)}


def compare(answers: list[list[str]], expected: list[list[str]], rows: int) -> None:
    """Raise at the first difference; a line is compared with all its values."""
    if len(answers) != rows or len(expected) != rows:
        raise SmokeMismatchError(f"{len(answers)} answers to {rows} smoke rows, of which the evaluation has {len(expected)}; one line a row was expected")
    for row, (got, name) in enumerate(zip(answers, expected, strict=True), start=1):
        if len(got) != len(name) or not all(map(_equal, got, name)):
            raise SmokeMismatchError(f"row {row} of the holdout is answered {','.join(got)!r}, its evaluation had {','.join(name)!r}")


def _equal(got: str, expected: str) -> bool:
    try:
        return got == expected or math.isclose(float(got), float(expected), rel_tol=RELATIVE)
    except ValueError:
        return False
