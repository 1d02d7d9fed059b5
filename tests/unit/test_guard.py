"""The guard: what it makes of counters, when it moves, and that it is right however often it looks."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noria.release import guard, sequential_test, simulation
from noria.release.analysis import weigh_traffic
from noria.release.guard import Guard, Tally, Watch
from noria.release.sequential_test import HARM, HARMLESS, Counts
from tests.samples import sample

GUARD = Guard((Watch("errors", tolerated=0.01),), 0.98, (0.1, 0.5), 3, 60, "undo")


def looked(*periods, guard_=GUARD, look=1, share=0.1, since=1):
    tallies = guard_.tallies()
    for period in periods:
        for tally in tallies:
            tally.add(*period)
    return guard.decide(guard_, tallies, look, share, since)


def counts_of(tallies):
    return [tally.to_json() for tally in tallies]


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
    watching = Guard((Watch("errors"),), 0.98, (0.1,), 10**6, 15, "hold")
    for burst_rate in (0.0, 0.6):
        world = simulation.World(0.005, 0.01, 50, burst=burst_rate, burst_seconds=60, burst_every_seconds=420)
        report, _ = simulation.simulate(watching, world, 60, 200, seed=5)
        assert report["promoted"] <= 0.02


def test_a_challenger_that_fails_everything_is_told_in_numbers_that_json_has():
    event = sample("functions/release/weigh_traffic.json")
    for result in event["results"]:
        if "hits" in result["Id"]:
            result["Values"] = [300.0 if "challenger" in result["Id"] else 0.0] * 20
    answer = weigh_traffic(event)
    assert answer["outcome"] == "undo"
    assert json.dumps(answer, allow_nan=False)


def test_a_minute_under_way_and_a_counter_that_is_not_there_yet_are_left_to_the_next_look():
    event = sample("functions/release/weigh_traffic.json")
    whole = weigh_traffic(event)["findings"][0]["challenger"]["requests"]
    late = next(result for result in event["results"] if result["Id"] == "champion_hits_0")
    event["now"] = "2026-11-24T08:31:30.000Z"
    late["Timestamps"], late["Values"] = late["Timestamps"][:-1], late["Values"][:-1]
    assert weigh_traffic(event)["findings"][0]["challenger"]["requests"] == whole
    event["now"] = "2026-11-24T08:32:10.000Z"
    assert weigh_traffic(event)["findings"][0]["challenger"]["requests"] == whole + 300


def test_shares_are_not_moved_while_somebody_else_changes_the_endpoint():
    event = sample("functions/release/weigh_traffic.json")
    assert weigh_traffic(event)["outcome"] == "shift"
    event["endpoint"]["EndpointStatus"] = "Updating"
    assert (weigh_traffic(event)["outcome"], weigh_traffic(event)["request"]) == ("wait", None)


def test_a_champion_that_fails_as_well_is_no_reason_to_undo():
    assert looked(*[(300, 90, 2700, 810)] * 5)[0] != "undo"


def test_no_traffic_is_no_evidence_and_ends_as_the_spec_says():
    assert looked((0, 0, 300, 3), look=59)[0] == "wait"
    assert looked((0, 0, 300, 3), look=60) == ("undo", 0.0)
    assert looked(look=60) == ("undo", 0.0)
    report = guard.verdict(GUARD, counts_of(GUARD.tallies()), "undo", 60, 0.0)
    assert "no request reached the challenger" in report.reasons[0].text


def test_where_nobody_asks_the_spec_says_what_follows():
    idle = Guard(GUARD.watches, 0.98, (0.1,), 3, 60, "undo", idle="promote")
    assert looked(guard_=idle, look=2)[0] == "wait"
    assert looked((0, 0, 0, 0), guard_=idle, look=3) == ("promote", 1.0)
    assert looked((0, 0, 5, 0), guard_=idle, look=3)[0] == "wait"
    assert guard.verdict(idle, counts_of(idle.tallies()), "promote", 3, 1.0).reasons[0].code == "NobodyAsks"


def test_shares_rise_only_while_nothing_speaks_for_harm():
    assert looked((100, 0, 900, 0), since=2)[0] == "wait"
    assert looked((100, 0, 900, 0), since=3) == ("shift", 0.5)
    assert looked((100, 3, 900, 5), since=3)[0] == "wait"


def test_one_that_is_no_worse_is_promoted_early_by_its_own_rate_or_by_comparison():
    assert looked((600, 0, 5400, 0)) == ("promote", 1.0)
    equal = [(1500, 30, 1500, 30)] * 20
    assert looked(*equal) == ("promote", 1.0)


def test_a_dry_run_undoes_nothing_and_says_what_it_would_have_done():
    dry = Guard(GUARD.watches, 0.98, (0.1,), 3, 60, "undo", dry_run=True)
    assert looked((30, 15, 270, 0), guard_=dry)[0] == "wait"
    assert looked((30, 15, 270, 0), guard_=dry, look=60)[0] == "hold"
    tallies = dry.tallies()
    tallies[0].add(30, 15, 270, 0)
    assert guard.verdict(dry, counts_of(tallies), "wait", 1, 0.1).reasons[0].code == "DryRun"


def test_an_agreed_sample_is_waited_for():
    ab = Guard(GUARD.watches, 0.98, (0.5,), 3, 60, "undo", sample=1000)
    assert looked((600, 0, 600, 0), guard_=ab, share=0.5)[0] == "wait"
    assert looked((1000, 0, 1000, 0), guard_=ab, share=0.5)[0] == "promote"


def test_of_what_is_wanted_less_is_harm():
    sales = Guard((Watch("sold", good=True),), 0.98, (0.5,), 3, 60, "undo")
    assert looked((1000, 20, 1000, 100), guard_=sales)[0] == "undo"
    assert looked(*[(1000, 100, 1000, 20)] * 5, guard_=sales)[0] == "promote"
    tally = sales.tallies()[0]
    tally.add(1000, 20, 1000, 100)
    assert tally.to_json()["challenger"] == {"requests": 1000, "hits": 20}
    assert tally.to_json()["high"] < 1


@given(st.integers(1, 500), st.integers(1, 500), st.floats(0.2, 5))
def test_the_expectation_of_the_evidence_is_at_most_one_where_the_hypothesis_holds(judged, other, ratio):
    """Exactly: over every way in which the hits of a period can fall on both variants, drawn without replacement."""
    hits = min(judged + other, 12)
    ways = [(k, _hypergeometric(k, judged, other, hits)) for k in range(max(0, hits - other), min(hits, judged) + 1)]
    for factors in (HARM, HARMLESS):
        expected = sum(p * sequential_test.process([Counts(judged, k, other, hits - k)], 1.0, factors).value for k, p in ways)
        assert expected <= 1 + 1e-9


def _hypergeometric(k, judged, other, hits):
    from math import comb

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


@pytest.mark.parametrize("burst", [0.0, 0.4])
def test_an_equal_challenger_is_hardly_ever_undone(burst):
    watching = Guard((Watch("errors", margin=1.001),), 0.98, (0.1,), 10**6, 180, "hold")
    report, _ = simulation.simulate(watching, simulation.World(0.02, 0.02, 50, burst=burst), 20, 300, seed=3)
    assert report["undone"] <= 0.03


def test_a_challenger_with_four_times_the_errors_is_always_undone_soon():
    watching = Guard((Watch("errors"),), 0.98, (0.1,), 10**6, 360, "hold")
    report, _ = simulation.simulate(watching, simulation.World(0.02, 0.08, 50), 10, 200)
    assert report["undone"] == 1
    assert report["exposed_median"] <= 200


@settings(max_examples=25)
@given(st.permutations(range(20)))
def test_counters_that_come_late_twice_or_out_of_order_change_nothing(order):
    event = sample("functions/release/weigh_traffic.json")
    expected = weigh_traffic(event)
    for result in event["results"]:
        pairs = [(result["Timestamps"][i], result["Values"][i]) for i in order]
        result["Timestamps"], result["Values"] = [list(part) for part in zip(*pairs, strict=True)]
        result["Timestamps"].append(result["Timestamps"][0])
        result["Values"].append(result["Values"][0])
    assert weigh_traffic(event) == expected


def test_a_period_in_which_the_weights_changed_is_left_out():
    event = sample("functions/release/weigh_traffic.json")
    whole = weigh_traffic(event)["findings"][0]["challenger"]["requests"]
    event["changes"].append("2026-11-24T08:15:30.000Z")
    assert weigh_traffic(event)["findings"][0]["challenger"]["requests"] == whole - 300


def test_an_endpoint_that_was_changed_by_hand_is_told_and_left_alone():
    event = sample("functions/release/weigh_traffic.json")
    event["endpoint"]["EndpointConfigName"] = "by-hand"
    answer = weigh_traffic(event)
    assert (answer["outcome"], answer["request"], answer["verdict"]["reasons"][0]["code"]) == ("changed", None, "ChangedByHand")


@pytest.mark.parametrize(("stop_request", "code"), [("supersede", "Superseded"), ("wrong prices", "RollbackRequested")])
def test_a_release_that_somebody_wants_to_end_undoes_itself(stop_request, code):
    event = sample("functions/release/weigh_traffic.json")
    event["lock"]["asked"] = {"S": stop_request}
    answer = weigh_traffic(event)
    assert (answer["outcome"], answer["verdict"]["reasons"][0]["code"]) == ("undo", code)
    assert {entry["VariantName"]: entry["DesiredWeight"] for entry in answer["request"]["DesiredWeightsAndCapacities"]} == {"main": 1, "challenger": 0}


def test_a_shadow_has_no_weight_to_take_away():
    event = sample("functions/release/weigh_traffic.json")
    event["observe"]["strategy"] = "shadow"
    event["lock"]["asked"] = {"S": "supersede"}
    assert weigh_traffic(event)["request"] is None


def test_the_permitted_share_of_wrong_undoings_is_parted_among_all_that_is_watched():
    both = Guard((Watch("errors"), Watch("slow")), 0.98, (0.1,), 3, 60, "undo")
    assert [tally.alpha for tally in both.tallies()] == pytest.approx([0.01, 0.01])
    assert isinstance(both.tallies()[0], Tally)
