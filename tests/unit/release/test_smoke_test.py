"""The smoke test compares predictions with those of the evaluation."""

import pytest

from noria.kernel.errors import SmokeMismatchError
from noria.release import smoke_test


def test_smoke_answers_equal_those_of_the_evaluation_up_to_the_last_bit():
    expected = [["1.0", "x"], ["0.3", "x"], ["nan", "x"]]
    smoke_test.compare([["1", "x"], ["0.30000000000000004", "x"], ["nan", "x"]], expected, 3)
    for answers in ([["1", "x"], ["0.31", "x"], ["nan", "x"]], expected[:2], [], [["1", "y"], *expected[1:]], [["1"], *expected[1:]]):
        with pytest.raises(SmokeMismatchError):
            smoke_test.compare(answers, expected, 3)
