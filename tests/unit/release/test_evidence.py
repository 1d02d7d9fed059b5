"""The evidence of a release, number by number: what one period weighs, what is certain, and what is left out as a burst."""

import math
import random

import pytest

from noria.release import sequential_test, simulation
from noria.release.comparison import GuardMetric, MetricComparison
from noria.release.guard import Guard
from noria.release.sequential_test import Counts

#: The alternatives and their weights, as the module's sources give them: harm and its opposite.
HARM = {1.2: 0.03, 1.5: 0.78, 4.0: 0.19}
HARMLESS = {1 / 1.1: 0.1, 1 / 1.25: 0.4, 1 / 1.5: 0.3, 1 / 2: 0.1, 1 / 4: 0.1}


def share(ratio: float, judged: float, other: float) -> float:
    return judged * ratio / (judged * ratio + other)


@pytest.mark.parametrize("ratio", [1.0, 1.25])
@pytest.mark.parametrize("factors", [HARM, HARMLESS])
def test_a_period_weighs_the_likelihood_of_where_its_hits_fell(ratio, factors):
    output = sequential_test.e_process([Counts(100, 4, 900, 6), Counts(50, 1, 450, 2)], ratio, factors)
    expected = 0.0
    for factor, weight in factors.items():
        likelihood = 1.0
        for judged, hits, other, other_hits in ((100, 4, 900, 6), (50, 1, 450, 2)):
            there, here = share(ratio * factor, judged, other), share(ratio, judged, other)
            likelihood *= (there / here) ** hits * ((1 - there) / (1 - here)) ** other_hits
        expected += weight * likelihood
    assert output.value == pytest.approx(expected)


def test_the_mixtures_are_of_one_whole_each():
    for factors in (sequential_test.HARM, sequential_test.HARMLESS):
        assert sum(factors.values()) == pytest.approx(1)
    assert sequential_test.e_process([], 1.0, sequential_test.HARM).value == pytest.approx(1)
    # What is looked for, and how hard, is the product's word on which harm matters.
    assert (dict(sequential_test.HARM), dict(sequential_test.HARMLESS)) == (HARM, HARMLESS)


@pytest.mark.parametrize(
    ("period", "comparable"),
    [
        (Counts(1, 1, 1, 0), True),
        (Counts(1, 0, 1, 1), True),
        (Counts(1, 0, 1, 0), False),
        (Counts(0, 0, 5, 1), False),
        (Counts(5, 1, 0, 0), False),
    ],
)
def test_a_period_says_something_where_both_served_and_anything_was_hit(period, comparable):
    assert period.comparable is comparable
    assert (sequential_test.e_process([period], 1.0, HARM).value != pytest.approx(1)) is comparable


def test_periods_add_up():
    assert Counts(1, 2, 3, 4) + Counts(10, 20, 30, 40) == Counts(11, 22, 33, 44)


def test_evidence_beyond_all_measure_is_a_number_all_the_same():
    assert math.isfinite(sequential_test.e_process([Counts(1e6, 1e6, 1e6, 0)] * 10, 1.0, HARM).value)
    assert math.isfinite(sequential_test.below(0, 1e9, 0.5))


def test_a_rate_by_itself_is_weighed_against_what_is_tolerated():
    rate, hits, requests = 0.01, 2, 1_000
    expected = sum(0.9 * weight * factor**hits * ((1 - rate * factor) / (1 - rate)) ** (requests - hits) for factor, weight in HARMLESS.items())
    assert sequential_test.below(hits, requests, rate) == pytest.approx(expected)
    # Without a single hit, that there is none at all is an alternative as well.
    none = sum(0.9 * weight * ((1 - rate * factor) / (1 - rate)) ** 500 for factor, weight in HARMLESS.items())
    assert sequential_test.below(0, 500, rate) == pytest.approx(none + 0.1 * (1 - rate) ** -500)


def test_the_bounds_of_the_ratio_are_those_that_the_evidence_does_not_reject():
    periods = [Counts(500, 30, 4_500, 90)]
    low, high = sequential_test.interval(periods, 0.02)
    assert (
        sequential_test.e_process(periods, low * 0.999, sequential_test.HARM).value
        >= 50
        > sequential_test.e_process(periods, low * 1.001, sequential_test.HARM).value
    )
    assert (
        sequential_test.e_process(periods, high * 1.001, sequential_test.HARMLESS).value
        >= 50
        > sequential_test.e_process(periods, high * 0.999, sequential_test.HARMLESS).value
    )
    # 6 % against 2 %.
    assert low < 3 < high
    wider = sequential_test.interval(periods, 0.001)
    assert wider[0] < low
    assert wider[1] > high


def test_a_ratio_is_unbounded_where_nothing_speaks_against_it():
    assert sequential_test.interval([Counts(100, 0, 900, 0)], 0.02) == (0.0, math.inf)
    low, high = sequential_test.interval([Counts(100, 0, 900, 200)], 0.02)
    assert (low, high < 1) == (0.0, True)
    low, high = sequential_test.interval([Counts(100, 60, 900, 0)], 0.02)
    assert (low > 1, high) == (True, math.inf)


def compared(*periods, alpha=0.02, **watch) -> MetricComparison:
    output = MetricComparison(GuardMetric("errors", **watch), alpha)
    for period in periods:
        output.add(*period)
    return output


def test_harm_is_evidence_of_one_in_fifty():
    result = compared((100, 12, 900, 20))
    value = sequential_test.e_process(result.periods, 1.0, sequential_test.HARM).value
    assert compared((100, 12, 900, 20), alpha=1 / (value * 0.999)).harmful
    assert not compared((100, 12, 900, 20), alpha=1 / (value * 1.001)).harmful


@pytest.mark.parametrize(("harm", "harmful"), [(1.0, True), (2.0, False)])
def test_a_rate_may_be_so_many_times_the_champions(harm, harmful):
    assert compared((1_000, 40, 9_000, 200), harm=harm).harmful is harmful


def test_harm_needs_a_suspicion_first():
    assert not compared((100, 1, 900, 9)).suspicious
    assert compared((100, 4, 900, 9)).suspicious
    assert not compared().suspicious


def test_a_rate_that_is_good_enough_by_itself_is_harmless_whatever_the_champions():
    assert compared((1_000, 0, 9_000, 0), tolerated=0.01).harmless
    assert not compared((1_000, 0, 9_000, 0)).harmless
    assert not compared((100, 0, 900, 0), tolerated=0.01).harmless
    value = sequential_test.below(3, 1_000, 0.01)
    assert compared((1_000, 3, 9_000, 30), tolerated=0.01).harmless is (value >= 20)


def test_one_that_may_only_harm_is_harmless_until_it_does():
    assert compared(harm_only=True).harmless
    assert not compared((100, 60, 900, 0), harm_only=True).harmless
    assert not compared((100, 60, 900, 0)).harmless


def test_no_worse_by_comparison_takes_five_periods():
    equal = (5_000, 100, 5_000, 100)
    assert not compared(*[equal] * 4).harmless
    assert compared(*[equal] * 5).harmless
    # A margin that is narrower asks for more.
    assert not compared(*[equal] * 5, margin=1.02).harmless


def test_a_burst_is_three_times_the_usual_rate_and_five_hits_more():
    usual = [(500, 5, 500, 5)] * 8
    for hits, remaining in ((17, True), (18, False)):
        # The usual rate is one in a hundred: of a thousand requests, thirty hits and five are no burst yet.
        result = compared(*usual, (500, hits, 500, 18))
        assert (len(result._without_bursts()) == 9) is remaining


def test_the_usual_rate_is_the_lower_quartile():
    # Half of the periods fail ten times as often: what is usual is told by the quiet ones.
    result = compared(*[(500, 1, 500, 1)] * 4, *[(500, 50, 500, 50)] * 4)
    assert len(result._without_bursts()) == 4
    assert compared(*[(500, 1, 500, 1)] * 4)._without_bursts() == []
    assert len(compared(*[(500, 1, 500, 1)] * 5, (0, 0, 0, 0))._without_bursts()) == 5


def test_of_what_is_wanted_fewer_is_harm():
    lost = compared((1_000, 100, 9_000, 2_700), good=True)
    result = lost.finding()
    assert lost.harmful
    assert (result["challenger"], result["champion"]) == ({"requests": 1_000, "hits": 100}, {"requests": 9_000, "hits": 2_700})
    # A tenth against three: a third of the champion's rate.
    assert result["low"] < 1 / 3 < result["high"] < 1
    assert (lost.challenger_requests, compared((1_000, 1, 9_000, 1)).challenger_requests) == (1_000, 1_000)
    assert not compared((1_000, 400, 9_000, 2_700), good=True).harmful


def test_a_finding_has_counts_and_the_interval():
    result = compared((500, 30, 4_500, 90)).finding()
    low, high = sequential_test.interval([Counts(500, 30, 4_500, 90)], 0.02)
    assert (result["low"], result["high"]) == (round(low, 4), round(high, 4))
    assert (result["metric"], result["harmful"], result["harmless"]) == ("errors", True, False)
    assert compared((500, 30, 4_500, 0)).finding()["high"] is None
    assert compared((500, 0, 500, 0), good=True).finding()["high"] is None


def test_the_permitted_share_of_wrong_undoings_is_shared_by_all_watches():
    guard = Guard((GuardMetric("a"), GuardMetric("b"), GuardMetric("c")), 0.97, (0.1,), 3, 60, "undo")
    assert [one.alpha for one in guard.comparisons()] == [pytest.approx(0.01)] * 3


def played(
    world: simulation.TrafficScenario, looks: int = 60, undecided: str = "undo", look_seconds: float = 60.0, seed: int = 1, **watch
) -> simulation.SimulatedRelease:
    guard = Guard((GuardMetric("errors", **watch),), 0.98, (0.1, 0.5), 3, looks, undecided)
    return simulation.simulate_release(guard, world, look_seconds, random.Random(seed))


def test_a_simulated_release_exposes_the_share_of_its_requests():
    # Nothing fails, and nothing is tolerated: shares rise after three looks, and it ends undecided.
    result = played(simulation.TrafficScenario(0.0, 0.0, 10.0), looks=6)
    assert (result.outcome, result.minutes) == ("undecided", 6)
    assert result.exposed == pytest.approx(3 * 60 + 3 * 300, abs=120)


def test_a_simulated_release_ends_at_the_look_that_decides_it():
    undone = played(simulation.TrafficScenario(0.0, 0.5, 10.0))
    assert (undone.outcome, undone.minutes) == ("undo", 1)
    assert undone.exposed == pytest.approx(60, abs=25)
    promoted = played(simulation.TrafficScenario(0.0, 0.0, 100.0), tolerated=0.01)
    assert (promoted.outcome, promoted.minutes) == ("promote", 1)


def test_a_burst_of_a_simulation_hits_both_alike():
    # One long burst from the first look on, that fails half of all requests.
    world = simulation.TrafficScenario(0.0, 0.0, 10.0, burst=0.5, burst_seconds=1e9, burst_every_seconds=1.0)
    assert {played(world, looks=10, seed=seed).outcome for seed in range(20)} <= {"undecided", "promote"}


def test_a_learnt_rate_is_drawn_for_each_release():
    outcomes = {played(simulation.TrafficScenario(0.02, 0.08, 20.0, learnt=True), seed=seed, look_seconds=30.0).exposed for seed in range(8)}
    assert len(outcomes) > 1


def test_a_learnt_rate_may_be_lower_or_higher_than_the_one_that_was_given():
    # A rate of 4 % is tolerated, and what was given is 8 %: only lower ones are promoted by themselves.
    world = simulation.TrafficScenario(0.08, 0.08, 200.0, learnt=True)
    outcomes = [played(world, looks=3, seed=seed, tolerated=0.04).outcome for seed in range(40)]
    assert 5 <= outcomes.count("promote") <= 35
    assert all(played(simulation.TrafficScenario(0.08, 0.08, 200.0), looks=3, seed=seed, tolerated=0.04).outcome != "promote" for seed in range(10))


def test_many_simulated_releases_are_told_in_shares_and_medians():
    guard = Guard((GuardMetric("errors"),), 0.98, (0.1,), 3, 5, "undo")
    report, result = simulation.simulate(guard, simulation.TrafficScenario(0.0, 0.5, 10.0), 60, 20)
    assert (report["undone"], report["promoted"], report["undecided"], report["minutes_median"], len(result)) == (1, 0, 0, 1, 20)
    again, _ = simulation.simulate(guard, simulation.TrafficScenario(0.0, 0.5, 10.0), 60, 20)
    assert again == report
    none, _ = simulation.simulate(guard, simulation.TrafficScenario(0.0, 0.0, 1.0), 60, 10)
    assert (none["undone"], none["undecided"], none["minutes_median"]) == (0, 1, 5)
