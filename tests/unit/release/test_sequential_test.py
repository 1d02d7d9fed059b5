"""The sequential test is valid at every look."""

import random
from math import comb

from hypothesis import given
from hypothesis import strategies as st

from noria.release import sequential_test
from noria.release.sequential_test import HARM, HARMLESS, Counts


@given(st.integers(1, 500), st.integers(1, 500), st.floats(0.2, 5))
def test_the_expectation_of_the_evidence_is_at_most_one_where_the_hypothesis_holds(judged, other, ratio):
    """Exactly: over every way in which the hits of a period can fall on both variants, drawn without replacement."""
    hits = min(judged + other, 12)
    ways = [(k, _hypergeometric(k, judged, other, hits)) for k in range(max(0, hits - other), min(hits, judged) + 1)]
    for factors in (HARM, HARMLESS):
        expected = sum(p * sequential_test.e_process([Counts(judged, k, other, hits - k)], 1.0, factors).value for k, p in ways)
        assert expected <= 1 + 1e-9


def _hypergeometric(k, judged, other, hits):

    return comb(judged, k) * comb(other, hits - k) / comb(judged + other, hits)


def test_the_interval_holds_the_true_ratio_and_closes_in():
    drawn = random.Random(1)
    periods, widths = [], []
    for _ in range(120):
        challenger, champion = 300, 2700
        periods.append(Counts(challenger, drawn.binomialvariate(challenger, 0.03), champion, drawn.binomialvariate(champion, 0.02)))
        low, high = sequential_test.interval(periods, 0.02)
        assert low <= 1.5 <= high
        widths.append(high - low)
    assert widths[-1] < 0.6
    assert sequential_test.interval([], 0.02) == (0.0, float("inf"))


@given(st.integers(1, 60), st.floats(0.01, 0.9))
def test_the_evidence_against_a_rate_is_at_most_one_in_expectation_where_the_rate_is_that_high(requests, rate):
    """Exactly: over every number of hits."""
    expected = sum(
        comb(requests, hits) * rate**hits * (1 - rate) ** (requests - hits) * sequential_test.below(hits, requests, rate) for hits in range(requests + 1)
    )
    assert expected <= 1 + 1e-9


def test_requests_without_a_hit_are_evidence_of_a_low_rate():
    assert sequential_test.below(0, 400, 0.01) < 20 <= sequential_test.below(0, 600, 0.01)
    assert sequential_test.below(6, 600, 0.01) < 1
