"""The guard: when it moves, and what it says of it."""

import pytest

from noria.release import findings
from noria.release.comparison import GuardMetric, MetricComparison
from noria.release.guard import Guard, decide
from noria.release.simulation import TrafficScenario, simulate

GUARD = Guard((GuardMetric("errors", tolerated=0.01),), 0.98, (0.1, 0.5), 3, 60, "undo")


def looked(*periods, guard_=GUARD, look=1, share=0.1, since=1):
    comparisons = guard_.comparisons()
    for period in periods:
        for comparison in comparisons:
            comparison.add(*period)
    return decide(guard_, comparisons, look, share, since)


def findings_of(comparisons):
    return [comparison.finding() for comparison in comparisons]


def test_a_challenger_that_fails_more_is_undone_at_once():
    assert looked((30, 15, 270, 0)) == ("undo", 0.0)


def test_one_error_of_a_challenger_is_no_harm():
    assert looked((30, 1, 270, 0))[0] == "wait"


def test_a_burst_that_hits_both_says_nothing_against_either():
    assert looked((300, 180, 2700, 1620))[0] != "undo"


def test_a_burst_that_hits_both_is_no_proof_that_one_is_no_worse():
    worse, burst = (3000, 30, 27000, 135), (3000, 1800, 27000, 16200)
    assert looked(burst)[0] == "wait"
    assert looked(worse, worse, burst, worse)[0] in ("wait", "undo")
    watching = Guard((GuardMetric("errors"),), 0.98, (0.1,), 10**6, 15, "hold")
    for burst_rate in (0.0, 0.6):
        scenario = TrafficScenario(0.005, 0.01, 50, burst=burst_rate, burst_seconds=60, burst_every_seconds=420)
        report, _ = simulate(watching, scenario, 60, 200, seed=5)
        assert report["promoted"] <= 0.02


def test_a_champion_that_fails_as_well_is_no_reason_to_undo():
    assert looked(*[(300, 90, 2700, 810)] * 5)[0] != "undo"


def test_no_traffic_is_no_evidence_and_ends_as_the_spec_says():
    assert looked((0, 0, 300, 3), look=59)[0] == "wait"
    assert looked((0, 0, 300, 3), look=60) == ("undo", 0.0)
    assert looked(look=60) == ("undo", 0.0)
    report = findings.verdict(GUARD, findings_of(GUARD.comparisons()), "undo", 60, 0.0)
    assert "no request reached the challenger" in report.reasons[0].text


def test_where_nobody_asks_the_spec_says_what_follows():
    idle = Guard(GUARD.metrics, 0.98, (0.1,), 3, 60, "undo", idle="promote")
    assert looked(guard_=idle, look=2)[0] == "wait"
    assert looked((0, 0, 0, 0), guard_=idle, look=3) == ("promote", 1.0)
    assert looked((0, 0, 5, 0), guard_=idle, look=3)[0] == "wait"
    assert findings.verdict(idle, findings_of(idle.comparisons()), "promote", 3, 1.0).reasons[0].code == "NobodyAsks"


def test_shares_rise_only_while_nothing_speaks_for_harm():
    assert looked((100, 0, 900, 0), since=2)[0] == "wait"
    assert looked((100, 0, 900, 0), since=3) == ("shift", 0.5)
    assert looked((100, 3, 900, 5), since=3)[0] == "wait"


def test_one_that_is_no_worse_is_promoted_early_by_its_own_rate_or_by_comparison():
    assert looked((600, 0, 5400, 0)) == ("promote", 1.0)
    equal = [(1500, 30, 1500, 30)] * 20
    assert looked(*equal) == ("promote", 1.0)


def test_a_dry_run_undoes_nothing_and_says_what_it_would_have_done():
    dry = Guard(GUARD.metrics, 0.98, (0.1,), 3, 60, "undo", dry_run=True)
    assert looked((30, 15, 270, 0), guard_=dry)[0] == "wait"
    assert looked((30, 15, 270, 0), guard_=dry, look=60)[0] == "hold"
    comparisons = dry.comparisons()
    comparisons[0].add(30, 15, 270, 0)
    assert findings.verdict(dry, findings_of(comparisons), "wait", 1, 0.1).reasons[0].code == "DryRun"


def test_an_agreed_sample_is_waited_for():
    ab = Guard(GUARD.metrics, 0.98, (0.5,), 3, 60, "undo", sample=1000)
    assert looked((600, 0, 600, 0), guard_=ab, share=0.5)[0] == "wait"
    assert looked((1000, 0, 1000, 0), guard_=ab, share=0.5)[0] == "promote"


def test_of_what_is_wanted_less_is_harm():
    sales = Guard((GuardMetric("sold", good=True),), 0.98, (0.5,), 3, 60, "undo")
    assert looked((1000, 20, 1000, 100), guard_=sales)[0] == "undo"
    assert looked(*[(1000, 100, 1000, 20)] * 5, guard_=sales)[0] == "promote"
    comparison = sales.comparisons()[0]
    comparison.add(1000, 20, 1000, 100)
    assert comparison.finding()["challenger"] == {"requests": 1000, "hits": 20}
    assert comparison.finding()["high"] < 1


def test_the_permitted_share_of_wrong_undoings_is_parted_among_all_that_is_watched():
    both = Guard((GuardMetric("errors"), GuardMetric("slow")), 0.98, (0.1,), 3, 60, "undo")
    assert [comparison.alpha for comparison in both.comparisons()] == pytest.approx([0.01, 0.01])
    assert isinstance(both.comparisons()[0], MetricComparison)


def test_captures_that_never_come_hold_a_promotion_up_for_two_steps_and_no_longer():
    both = Guard((GuardMetric("errors", tolerated=0.01), GuardMetric("broken answers", captured=True)), 0.98, (0.1,), 5, 60, "undo")
    comparisons = both.comparisons()
    comparisons[0].add(600, 0, 5400, 0)
    assert [decide(both, comparisons, look, 0.1, 1)[0] for look in (9, 10)] == ["wait", "promote"]
    # Once something was captured, it decides as well.
    comparisons[1].add(10, 0, 90, 0)
    assert decide(both, comparisons, 10, 0.1, 1)[0] == "wait"
