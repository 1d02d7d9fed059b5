"""The confidence bound of a candidate's gain over the champion."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.training.bootstrap import lower_bound
from noria.training.metrics import parse


def bound(task: str, metric: str, truth: list[str], candidate: list[str], champion: list[str]) -> float:
    return lower_bound(metric, parse(task, truth, candidate), parse(task, truth, champion), 0.95, "s")


@given(st.lists(st.sampled_from(["0", "1"]), min_size=1, max_size=50))
def test_a_model_is_never_better_than_itself(truth):
    assert bound("binary", "accuracy", truth, truth, truth) == 0


def test_a_much_better_candidate_has_a_positive_bound_and_a_worse_one_a_negative():
    generator = random.Random(1)
    truth = [generator.choice("01") for _ in range(500)]
    worse = [value if generator.random() < 0.7 else "0" for value in truth]
    for metric in ("accuracy", "f1"):
        assert bound("binary", metric, truth, truth, worse) > 0
        assert bound("binary", metric, truth, worse, truth) < 0


def test_less_is_better_for_errors():
    truth = [str(i) for i in range(200)]
    off = [str(i + 1) for i in range(200)]
    assert bound("regression", "mae", truth, truth, off) == pytest.approx(1)
