"""What the guard is started with, what one look at a release counts, and which weights follow."""

import pytest

from noria.release.analysis import weigh_traffic
from noria.release.analysis_plan import plan_observation
from noria.release.comparison import GuardMetric
from noria.release.findings import text, verdict
from noria.release.guard import CAPTURE_LOOKS, Guard, decide
from tests.samples import sample

ERRORS = {"harm": 1.0, "margin": 1.25, "tolerated": 0.01}


def observed(strategy="progressive", guard=None, **rollout):
    spec = sample("functions/release/plan_rollout.json")["spec"]["rollout"]
    block = {**spec["guard"], "errors": ERRORS, "slow": None, "answers": None, "metrics": [], **(guard or {})}
    return plan_observation("e", "c", strategy, {**spec, **rollout, "guard": block}, {"bucket": "b"})


@pytest.mark.parametrize(("minutes", "seconds", "looks"), [(60, 60, 60), (60, 90, 40), (10, 45, 13), (1, 120, 1)])
def test_a_release_is_looked_at_as_often_as_its_minutes_allow_and_once_at_least(minutes, seconds, looks):
    assert observed(minutes=minutes, look_seconds=seconds)["guard"]["looks"] == looks


@pytest.mark.parametrize(
    ("strategy", "share", "steps", "sample"),
    [("progressive", 0.1, [0.1, 0.5], 0), ("ab", 0.1, [0.1], 700), ("shadow", 1.0, [1.0], 0)],
)
def test_only_a_progressive_release_has_steps_and_only_an_ab_test_a_sample(strategy, share, steps, sample):
    plan = observed(strategy, steps=[0.1, 0.5], sample=700)
    assert (plan["share"], plan["guard"]["steps"], plan["guard"]["sample"]) == (share, steps, sample)


def counters(plan):
    return {one["Id"]: (one["MetricStat"]["Metric"]["MetricName"], one["MetricStat"]["Stat"], one["MetricStat"]["Period"]) for one in plan["counters"]}


def test_errors_are_counted_by_the_minute_of_each_variant():
    plan = observed()
    assert counters(plan) == {
        "champion_requests_0": ("Invocations", "Sum", 60),
        "champion_hits_0": ("InvocationModelErrors", "Sum", 60),
        "challenger_requests_0": ("Invocations", "Sum", 60),
        "challenger_hits_0": ("InvocationModelErrors", "Sum", 60),
    }
    variants = {one["Id"]: one["MetricStat"]["Metric"]["Dimensions"][1]["Value"] for one in plan["counters"]}
    assert (variants["champion_hits_0"], variants["challenger_hits_0"]) == ("main", "challenger")
    assert all(one["ReturnData"] for one in plan["counters"])


def test_slow_requests_are_those_over_so_many_microseconds():
    plan = observed(guard={"errors": None, "slow": {**ERRORS, "over_ms": 300.5}})
    assert counters(plan)["champion_hits_0"] == ("ModelLatency", "TC(300500:)", 60)
    assert counters(plan)["champion_requests_0"] == ("ModelLatency", "SampleCount", 60)
    assert plan["guard"]["metrics"] == [{"name": "slow", **ERRORS}]


def test_an_owners_metric_is_a_sum_over_its_samples():
    metric = {"name": "sold", "namespace": "Shop", "good": True, "harm": 1.0, "margin": 1.1, "tolerated": None}
    plan = observed(guard={"metrics": [metric]})
    assert counters(plan)["challenger_requests_1"] == ("sold", "SampleCount", 60)
    assert counters(plan)["challenger_hits_1"] == ("sold", "Sum", 60)
    assert [one["MetricStat"]["Metric"]["Namespace"] for one in plan["counters"]][::4] == ["AWS/SageMaker", "Shop"]
    assert plan["guard"]["metrics"][1] == {"name": "sold", "good": True, "harm": 1.0, "margin": 1.1, "tolerated": None}


def test_captured_answers_come_after_what_cloudwatch_counts():
    answers = {**ERRORS, "percent": 50, "drift": None}
    plan = observed(guard={"answers": answers})
    assert plan["capture"] == {"bucket": "b", "first_metric": 1, "kinds": 0}
    assert plan["guard"]["metrics"][1] == {"name": "broken answers", "captured": True, **ERRORS}
    drifting = observed(guard={"answers": {**answers, "drift": 2.0}})
    assert drifting["capture"]["kinds"] == 5
    kinds = drifting["guard"]["metrics"][2:]
    assert [metric["name"] for metric in kinds] == [f"predictions, kind {number}" for number in range(1, 6)]
    assert all((metric["harm"], metric["harm_only"], metric["captured"]) == (2.0, True, True) for metric in kinds)
    assert observed()["capture"] is None


def test_cloudwatch_is_asked_for_something_where_only_captured_answers_are_watched():
    plan = observed(guard={"errors": None, "answers": {**ERRORS, "percent": 50, "drift": None}})
    assert counters(plan) == {"seen": ("Invocations", "Sum", 60)}
    assert plan["capture"]["first_metric"] == 0


TIMES = [f"2026-11-24T08:{minute:02}:00Z" for minute in range(10)]


def weighed(challenger=(100, 0), champion=(900, 0), times=TIMES, observe=None, drop=None, **changed):
    """One look at counters that are the same in each minute; `drop` lacks its last one."""
    counts = {"challenger_requests_0": challenger[0], "challenger_hits_0": challenger[1], "champion_requests_0": champion[0], "champion_hits_0": champion[1]}
    results = [{"Id": name, "Timestamps": list(times), "Values": [float(count)] * len(times)} for name, count in counts.items()]
    for result in results:
        if result["Id"] == drop:
            result["Timestamps"], result["Values"] = result["Timestamps"][:-1], result["Values"][:-1]
    plan = observed(steps=[0.1, 0.5], step_looks=3)
    event = {"observe": {**plan, **(observe or {})}, "results": results, "endpoint": {"EndpointStatus": "InService", "EndpointConfigName": "c"}, "lock": None}
    event |= {"look": 3, "share": 0.1, "looks_at_share": 3, "changes": ["2026-11-24T08:00:00Z"], "now": "2026-11-24T08:30:00Z"}
    return weigh_traffic({**event, **changed})


def requests(result):
    return result["findings"][0]["challenger"]["requests"]


@pytest.mark.parametrize(("now", "minutes"), [("08:10:00", 9), ("08:09:59", 8), ("08:10:59", 9), ("08:09:00", 8), ("08:01:00", 0)])
def test_a_minute_counts_once_it_has_ended(now, minutes):
    # The first minute is the one in which the weights were set.
    assert requests(weighed(now=f"2026-11-24T{now}Z")) == 100 * minutes


@pytest.mark.parametrize(
    ("drop", "now", "minutes"), [("champion_hits_0", "08:10:30", 8), ("challenger_hits_0", "08:10:30", 8), ("champion_hits_0", "08:11:00", 9)]
)
def test_a_minute_that_lacks_a_counter_is_left_to_the_next_look_and_then_taken_as_it_is(drop, now, minutes):
    assert requests(weighed(drop=drop, now=f"2026-11-24T{now}Z")) == 100 * minutes


@pytest.mark.parametrize(
    ("changes", "minutes"),
    [
        (["2026-11-24T08:00:00Z"], 9),
        (["2026-11-24T07:59:59Z"], 10),
        (["2026-11-24T08:03:30Z"], 6),
        (["2026-11-24T08:00:00Z", "2026-11-24T08:05:59Z"], 8),
        (["2026-11-24T08:00:00Z", "2026-11-24T08:06:00Z"], 8),
        ([], 10),
    ],
)
def test_a_minute_in_which_weights_changed_and_those_before_the_first_change_are_left_out(changes, minutes):
    assert requests(weighed(changes=changes)) == 100 * minutes


def test_no_more_requests_fail_than_there_were():
    finding = weighed(challenger=(10, 50), champion=(10, 50))["findings"][0]
    assert (finding["challenger"], finding["champion"]) == ({"requests": 90, "hits": 90}, {"requests": 90, "hits": 90})


def test_a_shift_asks_for_the_next_step_and_begins_to_count_anew():
    result = weighed(challenger=(10, 0), champion=(90, 0))
    assert (result["outcome"], result["share"], result["looks_at_share"]) == ("shift", 0.5, 0)
    assert result["changes"] == ["2026-11-24T08:00:00Z", "2026-11-24T08:30:00Z"]
    assert result["request"] == {
        "EndpointName": "e",
        "DesiredWeightsAndCapacities": [{"VariantName": "main", "DesiredWeight": 0.5}, {"VariantName": "challenger", "DesiredWeight": 0.5}],
    }


def test_a_look_that_changes_nothing_asks_for_nothing():
    result = weighed(challenger=(10, 0), champion=(90, 0), looks_at_share=2)
    assert (result["outcome"], result["share"], result["looks_at_share"], result["request"]) == ("wait", 0.1, 2, None)
    assert result["changes"] == ["2026-11-24T08:00:00Z"]


def test_harm_takes_all_weight_from_the_challenger():
    result = weighed(challenger=(100, 60))
    assert (result["outcome"], result["share"], result["looks_at_share"]) == ("undo", 0.0, 0)
    assert [one["DesiredWeight"] for one in result["request"]["DesiredWeightsAndCapacities"]] == [1.0, 0.0]


def test_a_release_whose_endpoint_is_being_updated_is_not_taken_for_one_changed_by_hand():
    updating = {"EndpointStatus": "Updating", "EndpointConfigName": "other"}
    assert weighed(challenger=(10, 0), champion=(90, 0), endpoint=updating)["outcome"] == "wait"
    by_hand = weighed(endpoint={"EndpointStatus": "InService", "EndpointConfigName": "other"})
    assert (by_hand["outcome"], by_hand["share"], by_hand["request"]) == ("changed", 0.1, None)


def guard(**changed):
    return Guard(
        **{
            "metrics": (GuardMetric("errors", tolerated=0.01),),
            "confidence": 0.98,
            "steps": (0.1, 0.5),
            "step_looks": 3,
            "looks": 60,
            "undecided": "undo",
            **changed,
        }
    )


def decided(*periods, look=1, share=0.1, since=1, **changed):
    request = guard(**changed)
    comparisons = request.comparisons()
    for period in periods:
        for comparison in comparisons:
            comparison.add(*period)
    return decide(request, comparisons, look, share, since)


@pytest.mark.parametrize(("undecided", "share"), [("undo", 0.0), ("promote", 1.0), ("hold", 0.1)])
def test_what_stays_undecided_ends_as_the_spec_says_at_the_last_look_and_not_before(undecided, share):
    assert decided((30, 0, 270, 3), look=59, undecided=undecided)[0] == "wait"
    assert decided((30, 0, 270, 3), look=60, undecided=undecided) == (undecided, share)
    assert decided((30, 0, 270, 3), look=61, undecided=undecided) == (undecided, share)


@pytest.mark.parametrize(("undecided", "outcome"), [("undo", "hold"), ("promote", "promote"), ("hold", "hold")])
def test_a_dry_run_undoes_nothing_at_its_end_either(undecided, outcome):
    assert decided((30, 0, 270, 3), look=60, undecided=undecided, dry_run=True)[0] == outcome


@pytest.mark.parametrize(("share", "following"), [(0.1, 0.25), (0.25, 0.5), (0.3, 0.5), (0.5, None)])
def test_the_next_step_is_the_first_that_is_larger(share, following):
    outcome = decided((10, 0, 90, 0), since=3, share=share, steps=(0.1, 0.25, 0.5))
    assert outcome == (("shift", following) if following else ("wait", share))


@pytest.mark.parametrize(("sample", "outcome"), [(600, "promote"), (601, "wait")])
def test_an_agreed_sample_is_reached_by_its_very_number(sample, outcome):
    assert decided((600, 0, 5400, 0), sample=sample)[0] == outcome


@pytest.mark.parametrize(("idle", "share"), [("promote", 1.0), ("undo", 0.0), ("hold", 0.1)])
def test_an_endpoint_that_nobody_asks_ends_as_the_spec_says_after_the_looks_of_one_step(idle, share):
    assert decided(look=2, idle=idle)[0] == "wait"
    assert decided(look=3, idle=idle) == (idle, share)
    assert decided(look=3, idle="wait")[0] == "wait"


def test_captures_that_never_come_do_not_hold_a_release_up():
    metrics = (GuardMetric("errors", tolerated=0.01), GuardMetric("broken answers", captured=True))
    request = guard(metrics=metrics)

    def at(look):
        comparisons = request.comparisons()
        comparisons[0].add(2_000, 0, 18_000, 0)
        return decide(request, comparisons, look, 0.1, 1)[0]

    late = CAPTURE_LOOKS * request.step_looks
    assert (at(late - 1), at(late)) == ("wait", "promote")


def entry(**changed):
    finding = {"metric": "errors", "challenger": {"requests": 200.0, "hits": 5.0}, "champion": {"requests": 1800.0, "hits": 9.0}, "low": 1.234, "high": 8.5}
    return {**finding, "harmful": False, "harmless": False, **changed}


def test_a_finding_in_words_has_both_rates_and_the_interval():
    assert text(entry()) == "errors: 2.50% of 200 against 0.50% of 1,800, 1.23 to 8.50 times the champion's: not decided"
    assert text(entry(high=None, harmful=True)).endswith("1.23 to any number of times the champion's: harm")
    assert text(entry(harmless=True)).endswith(": no worse")
    nobody = {"requests": 0, "hits": 0}
    assert "no request against" in text(entry(challenger=nobody))
    assert text(entry(challenger=nobody, champion=nobody)) == "errors: none was counted yet: not decided"


def first(outcome, look, *entries, **changed):
    return verdict(guard(**changed), entries or [entry()], outcome, look, 0.25).reasons[0]


def test_a_verdict_begins_with_what_it_rests_on():
    assert (first("shift", 3).code, first("shift", 3).limit, "25%" in first("shift", 3).text) == ("NoHarmSoFar", 0.25, True)
    undecided = first("undo", 60)
    assert (undecided.code, undecided.observed, undecided.limit) == ("Undecided", 60, 60)
    assert "the evidence decides neither way after 60 looks" in undecided.text
    assert first("undo", 59).code == "NotDecided"
    assert first("undo", 60, entry(harmful=True)).code == "Harm"
    assert first("promote", 60, entry(harmless=True)).code == "NoWorse"
    assert first("wait", 3, entry(harmful=True), dry_run=True).code == "DryRun"
    assert first("wait", 3, entry(), dry_run=True).code == "NotDecided"
    request = verdict(guard(), [entry()], "wait", 3, 0.1).reasons[0]
    assert (request.observed, request.limit) == ([1.234, 8.5], [1.0, 1.25])
