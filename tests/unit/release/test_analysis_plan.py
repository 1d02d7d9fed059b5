"""The analysis plan: what is counted, by which metric of CloudWatch, and what the guard compares of it."""

import pytest

from noria.release.analysis_plan import plan_observation
from tests.samples import sample

SLOW = {"over_ms": 300.0, "harm": 1.0, "margin": 1.25, "tolerated": 0.01}
SOLD = {"name": "sold", "namespace": "Shop", "good": True, "harm": 1.5, "margin": 1.1, "tolerated": None}


def rollout(guard=None, **block):
    spec = sample("functions/release/plan_rollout.json")["spec"]["rollout"]
    return {**spec, **block, "guard": {**spec["guard"], **(guard or {})}}


def observation(capture=True, **guard):
    source = sample("functions/release/count_captured.json")["capture"]
    return plan_observation("e", "c", "progressive", rollout(guard), source if capture else None)


def counted(plan):
    """The metric and statistic of each counter."""
    return {
        query["Id"]: (query["MetricStat"]["Metric"]["Namespace"], query["MetricStat"]["Metric"]["MetricName"], query["MetricStat"]["Stat"])
        for query in plan["counters"]
    }


def test_each_metric_has_requests_and_hits_of_both_variants_by_the_minute():
    plan = observation(slow=SLOW, metrics=[SOLD])
    assert [metric["name"] for metric in plan["guard"]["metrics"]] == ["errors", "slow", "sold", "broken answers"]
    assert len(plan["counters"]) == 12
    counters = counted(plan)
    for side in ("champion", "challenger"):
        assert counters[f"{side}_requests_0"] == ("AWS/SageMaker", "Invocations", "Sum")
        assert counters[f"{side}_hits_0"] == ("AWS/SageMaker", "InvocationModelErrors", "Sum")
        assert counters[f"{side}_requests_1"] == ("AWS/SageMaker", "ModelLatency", "SampleCount")
        assert counters[f"{side}_hits_1"] == ("AWS/SageMaker", "ModelLatency", "TC(300000:)")
        assert (counters[f"{side}_requests_2"], counters[f"{side}_hits_2"]) == (("Shop", "sold", "SampleCount"), ("Shop", "sold", "Sum"))
    query = next(query for query in plan["counters"] if query["Id"] == "challenger_hits_0")
    assert query["MetricStat"]["Metric"]["Dimensions"] == [{"Name": "EndpointName", "Value": "e"}, {"Name": "VariantName", "Value": "challenger"}]
    assert (query["MetricStat"]["Period"], query["ReturnData"]) == (60, True)


def test_the_guard_has_each_metric_s_own_limits():
    errors, slow, sold, broken = observation(slow=SLOW, metrics=[SOLD])["guard"]["metrics"]
    assert errors == {"name": "errors", "harm": 1.0, "margin": 1.25, "tolerated": 0.01}
    assert slow == {"name": "slow", "harm": 1.0, "margin": 1.25, "tolerated": 0.01}
    assert sold == {"name": "sold", "good": True, "harm": 1.5, "margin": 1.1, "tolerated": None}
    assert broken == {"name": "broken answers", "captured": True, "harm": 1.0, "margin": 1.25, "tolerated": 0.01}


def test_captured_metrics_come_behind_the_counted_ones():
    answers = rollout()["guard"]["answers"]
    plan = observation(slow=SLOW, answers={**answers, "drift": 2.5})
    assert (plan["capture"]["first_metric"], plan["capture"]["kinds"]) == (2, 5)
    kinds = plan["guard"]["metrics"][3:]
    assert [kind["name"] for kind in kinds] == [f"predictions, kind {number}" for number in range(1, 6)]
    assert all((kind["harm"], kind["harm_only"], kind["captured"]) == (2.5, True, True) for kind in kinds)
    assert observation()["capture"]["kinds"] == 0


def test_nothing_is_captured_where_the_guard_compares_no_answers_or_nobody_reads_them():
    plan = observation(answers=None)
    assert (plan["capture"], [metric["name"] for metric in plan["guard"]["metrics"]]) == (None, ["errors"])
    assert observation(capture=False)["capture"] is None


def test_where_captured_answers_are_all_that_is_compared_cloudwatch_is_asked_one_thing():
    plan = observation(errors=None)
    assert counted(plan) == {"seen": ("AWS/SageMaker", "Invocations", "Sum")}
    assert [metric["name"] for metric in plan["guard"]["metrics"]] == ["broken answers"]


@pytest.mark.parametrize(("minutes", "look_seconds", "looks"), [(60, 60, 60), (90, 600, 9), (1, 600, 1), (10, 240, 2)])
def test_the_guard_looks_as_often_as_the_time_allows_and_once_at_least(minutes, look_seconds, looks):
    plan = plan_observation("e", "c", "progressive", rollout(minutes=minutes, look_seconds=look_seconds), None)
    assert (plan["guard"]["looks"], plan["look_seconds"]) == (looks, look_seconds)


def test_what_the_spec_says_of_the_end_is_the_guard_s():
    block = rollout(step_looks=7, undecided="hold", idle="undo", dry_run=True, guard={"confidence": 0.9})
    guard = plan_observation("e", "c", "progressive", block, None)["guard"]
    assert (guard["step_looks"], guard["undecided"], guard["idle"], guard["dry_run"], guard["confidence"]) == (7, "hold", "undo", True, 0.9)
