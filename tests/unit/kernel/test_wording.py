"""Counts with their nouns."""

import pytest

from noria.kernel.wording import count


@pytest.mark.parametrize(("number", "text"), [(0, "0 blocks"), (1, "1 block"), (1.0, "1 block"), (2_400, "2,400 blocks"), (0.5, "0.5 blocks")])
def test_a_noun_is_singular_after_one_alone(number, text):
    assert count(number, "block") == text


def test_a_noun_may_name_its_plural():
    assert [count(number, "row of truth", "rows of truth") for number in (1, 2)] == ["1 row of truth", "2 rows of truth"]
