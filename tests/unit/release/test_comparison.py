"""The record of one metric, and when it speaks."""

import pytest

from noria.release.comparison import GuardMetric, MetricComparison


def compared(*periods, alpha=0.02, **metric):
    comparison = MetricComparison(GuardMetric("errors", **metric), alpha)
    for period in periods:
        comparison.add(*period)
    return comparison


def test_requests_are_counted_by_side_and_in_all():
    comparison = compared((10, 1, 90, 2), (20, 0, 180, 3))
    assert (comparison.requests, comparison.challenger_requests) == (300, 30)
    assert comparison.finding()["challenger"] == {"requests": 30, "hits": 1}
    assert comparison.finding()["champion"] == {"requests": 270, "hits": 5}
    good = compared((10, 1, 90, 2), good=True)
    assert (good.requests, good.challenger_requests) == (100, 10)


def test_a_smaller_share_of_permitted_errors_asks_for_more_evidence():
    periods = [(300, 22, 2700, 54)]
    assert (compared(*periods, alpha=0.05).harmful, compared(*periods, alpha=1e-6).harmful) == (True, False)


def test_a_tolerated_rate_is_good_enough_whatever_the_champion_s():
    periods = [(600, 0, 5400, 0)]
    assert (compared(*periods, tolerated=0.01).harmless, compared(*periods).harmless) == (True, False)
    # It is a rate of unwanted hits: where hits are wanted, there is none that is good enough.
    assert not compared(*periods, tolerated=0.01, good=True).harmless


def test_what_may_only_undo_is_harmless_until_it_is_harmful():
    assert compared((10, 1, 90, 9), harm_only=True).harmless
    harmful = compared((300, 200, 2700, 54), harm_only=True)
    assert (harmful.harmful, harmful.harmless) == (True, False)


def test_equal_variants_are_no_worse_once_there_is_enough_of_both():
    assert not compared(*[(1500, 30, 1500, 30)] * 4).harmless
    assert compared(*[(1500, 30, 1500, 30)] * 20).harmless


def test_minutes_of_a_burst_that_hits_both_are_no_proof():
    steady, burst = (1500, 30, 1500, 30), (1500, 900, 1500, 900)
    assert not compared(*[steady] * 5, burst).harmless
    assert compared(*[steady] * 20, burst).harmless


def test_five_hits_more_than_three_times_the_baseline_are_a_burst_and_fewer_are_none():
    quiet = [(1500, 0, 1500, 0)] * 30
    assert compared(*quiet, *[(1500, 2, 1500, 3)] * 60).harmless
    assert not compared(*quiet, *[(1500, 2, 1500, 4)] * 60).harmless


def test_the_burst_rule_needs_some_periods_with_requests_to_know_the_baseline():
    huge = (150_000, 3000, 150_000, 3000)
    assert not compared(*[huge] * 4, (0, 0, 0, 0)).harmless
    assert compared(*[huge] * 5).harmless


@pytest.mark.parametrize(("period", "suspicious"), [((100, 3, 900, 5), True), ((100, 0, 900, 20), False), ((0, 0, 0, 0), False)])
def test_evidence_that_leans_to_harm_is_suspicious(period, suspicious):
    assert compared(period).suspicious is suspicious


def test_an_interval_is_unbounded_as_long_as_nothing_is_known():
    finding = compared((0, 0, 10, 1)).finding()
    assert (finding["low"], finding["high"]) == (0.0, None)
    good = compared((0, 0, 10, 1), good=True).finding()
    assert (good["low"], good["high"]) == (0.0, None)
