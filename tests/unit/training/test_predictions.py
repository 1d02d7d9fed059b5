"""Files of predictions."""

import pytest

from noria.training.predictions import first_column, lines, probabilities


def test_lines_without_values_are_none_and_spaces_around_values_do_not_count():
    assert lines(' 1 , 0.9\r\n\n"a, b",0.2\n') == [["1", "0.9"], ["a, b", "0.2"]]
    assert first_column("1,0.9\n0,0.1\n") == ["1", "0"]


def test_probabilities_are_the_second_values():
    assert probabilities([["1", "0.9"], ["0", "0"]]) == [0.9, 0.0]


@pytest.mark.parametrize("second", ["", "high", "1.5", "-0.1", "nan", "inf"])
def test_where_one_is_no_probability_there_are_none(second):
    assert probabilities([["1", "0.9"], ["0", second]]) == []
    assert probabilities([["1", "0.9"], ["0"]]) == []
