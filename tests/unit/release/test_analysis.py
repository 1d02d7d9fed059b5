"""One look at a release under way: what becomes of the counters, and of the traffic."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noria.release.analysis import weigh_traffic
from noria.release.analysis_plan import plan_observation
from tests.samples import sample


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
    for now in ("2026-11-24T08:32:00.000Z", "2026-11-24T08:32:10.000Z"):
        event["now"] = now
        assert weigh_traffic(event)["findings"][0]["challenger"]["requests"] == whole + 300


def test_shares_are_not_moved_while_somebody_else_changes_the_endpoint():
    event = sample("functions/release/weigh_traffic.json")
    assert weigh_traffic(event)["outcome"] == "shift"
    event["endpoint"]["EndpointStatus"] = "Updating"
    assert (weigh_traffic(event)["outcome"], weigh_traffic(event)["request"]) == ("wait", None)


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
    event["lock"]["stop_request"] = {"S": stop_request}
    answer = weigh_traffic(event)
    assert (answer["outcome"], answer["verdict"]["reasons"][0]["code"]) == ("undo", code)
    assert {entry["VariantName"]: entry["DesiredWeight"] for entry in answer["request"]["DesiredWeightsAndCapacities"]} == {"main": 1, "challenger": 0}


def test_a_shadow_has_no_weight_to_take_away():
    event = sample("functions/release/weigh_traffic.json")
    event["observe"]["weighted"] = False
    event["lock"]["stop_request"] = {"S": "supersede"}
    assert weigh_traffic(event)["request"] is None


@pytest.mark.parametrize(("share", "outcome"), [(0.6, "undo"), (0.25, "promote")])
def test_predictions_that_have_shifted_beyond_what_the_spec_allows_are_harm_and_others_are_not(share, outcome):
    spec = sample("functions/release/plan_rollout.json")["spec"]["rollout"]
    rollout = {**spec, "guard": {**spec["guard"], "answers": {**spec["guard"]["answers"], "drift": 2.0}}}
    source = sample("functions/release/count_captured.json")["capture"]
    observe = plan_observation("e", "c", "progressive", rollout, source)
    assert (observe["capture"]["first_metric"], observe["capture"]["kinds"], len(observe["guard"]["metrics"])) == (1, 5, 7)
    times = [f"2026-11-24T08:{minute}:00Z" for minute in range(11, 21)]
    # Of one kind; whatever the others are, it is this one that has grown.
    seen = {"champion": (900, 900 * 0.2), "challenger": (100, 100 * share)}
    results = [
        {"Id": f"{side}_{kind}_{number}", "Timestamps": times, "Values": [requests if kind == "requests" else (hits if number == 2 else 0)] * len(times)}
        for side, (requests, hits) in seen.items()
        for kind in ("requests", "hits")
        for number in range(7)
    ]
    event = {"observe": observe, "results": results, "endpoint": {"EndpointStatus": "InService", "EndpointConfigName": "c"}, "lock": None}
    event |= {"look": 1, "share": 0.1, "looks_at_share": 1, "changes": ["2026-11-24T08:10:00Z"], "now": "2026-11-24T08:30:00Z"}
    weighed = weigh_traffic(event)
    assert weighed["outcome"] == outcome
    assert any("predictions, kind 1" in reason["text"] for reason in weighed["verdict"]["reasons"])
