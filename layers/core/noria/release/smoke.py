"""A version's answers before it takes traffic, against those of its evaluation."""

import math
from typing import Any

from noria.adapters import objects
from noria.kernel.errors import SmokeMismatchError
from noria.training.scoring import first_column

Json = dict[str, Any]
#: Answers are numbers printed by the same code from the same model: nothing but the last bit may differ.
RELATIVE = 1e-9


def check_answers(event: Json) -> Json:
    """Compare the answers to the smoke rows with the first ones of the holdout.

    Args:
        event: `{bucket, answers, expected}`: keys of both files.

    Raises:
        SmokeMismatchError: one differs; says which, with both answers.
    """
    answers = first_column(objects.read(event["bucket"], event["answers"]).decode())
    expected = first_column(objects.read(event["bucket"], event["expected"]).decode())[: len(answers)]
    compare(answers, expected)
    return {"outcome": "equal", "rows": len(answers)}


def compare(answers: list[str], expected: list[str]) -> None:
    """Raise at the first difference."""
    if not answers or len(answers) != len(expected):
        raise SmokeMismatchError(f"{len(answers)} answers to the smoke rows, {len(expected)} were expected")
    for row, (got, wanted) in enumerate(zip(answers, expected, strict=True), start=1):
        if not _equal(got, wanted):
            raise SmokeMismatchError(f"row {row} of the holdout is answered {got!r}, its evaluation had {wanted!r}")


def _equal(got: str, wanted: str) -> bool:
    try:
        return math.isclose(float(got), float(wanted), rel_tol=RELATIVE)
    except ValueError:
        return got == wanted
