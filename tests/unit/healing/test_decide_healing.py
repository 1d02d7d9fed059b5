"""The decision on an automatic retraining, from an event and the ledger."""

import json

import pytest

from noria.healing.decide_healing import decide_healing
from tests.samples import sample


def run_of(number, status):
    return {"sk": {"S": f"RUN#{number}"}, "status": {"S": status}, "ended": {"S": "2026-11-02T12:00:00Z"}}


def heal(*runs):
    return {
        "attempts_at_escalation": None,
        "attempts": [{"time": "2026-11-01T10:00:00+00:00", "run": run, "dataset": "d", "labelled": 1, "reasons": []} for run in runs],
    }


def test_the_outcome_of_a_retraining_is_that_of_its_run():
    event = sample("functions/healing/decide_healing.json")
    event["spec"]["heal"]["cooldown_days"] = 7
    assert decide_healing({**event, "heal": heal("r"), "runs": []})["verdict"]["reasons"][0]["code"] == "HealingUnderWay"
    late = {**event["cause"], "time": "2026-11-09T10:00:00.000Z"}
    assert decide_healing({**event, "heal": heal("r"), "runs": [run_of("r", "registered")], "cause": late})["outcome"] == "retrain"
    assert decide_healing({**event, "heal": heal("r"), "runs": [run_of("r", "rejected")], "cause": late})["outcome"] == "defer"


def test_a_person_is_paged_once_for_the_same_failures():
    event = sample("functions/healing/decide_healing.json")
    event["spec"]["heal"]["cooldown_days"] = 7
    event |= {"heal": heal("a", "b", "c"), "runs": [run_of(run, "rejected") for run in "abc"]}
    first = decide_healing(event)
    assert (first["entry"]["DetailType"], first["entry"]["Detail"]["data"]["page"]) == ("RetrainingEscalated", True)
    assert first["transaction"]["TransactItems"][0]["Put"]["Item"]["sk"]["S"] == "HEAL"
    again = decide_healing({**event, "heal": {**event["heal"], "attempts_at_escalation": 3}})
    assert (again["entry"]["Detail"]["data"]["page"], again["transaction"]) == (False, None)


def test_the_weight_of_a_drift_and_what_trainings_cost_reach_the_decision():
    event = {**sample("functions/healing/decide_healing.json"), "name": "DriftDetected"}
    event["spec"]["heal"] |= {"on": ["quality", "drift"], "drift_weight": 0.3, "budget": {"a_month": 1, "per_hour": 3600}}
    event["data"]["weight"] = 0.1
    assert decide_healing(event)["verdict"]["reasons"][0]["code"] == "DriftMattersLittle"
    event["data"]["weight"] = 0.4
    run = event["runs"][0]
    run["document"]["S"] = json.dumps({**json.loads(run["document"]["S"]), "train_seconds": 2})
    assert "Budget" in [reason["code"] for reason in decide_healing(event)["verdict"]["reasons"]]


def test_a_run_without_a_result_counts_as_failed_after_two_days():
    event = sample("functions/healing/decide_healing.json")
    event["spec"]["heal"]["cooldown_days"] = 2
    for time, code in (("2026-11-03T09:59:59.000Z", "HealingUnderWay"), ("2026-11-03T10:00:00.000Z", "Cooldown")):
        decided = decide_healing({**event, "heal": heal("r"), "runs": [], "cause": {**event["cause"], "time": time}})
        assert decided["verdict"]["reasons"][0]["code"] == code, time


def test_without_event_times_the_rows_since_the_last_retraining_are_the_new_ones():
    event = sample("functions/healing/decide_healing.json")
    event["spec"]["heal"] |= {"min_rows": 500, "min_share": 0.0, "cooldown_days": 0}
    event |= {"heal": heal("r"), "runs": [run_of("r", "registered")]}
    event["data"] |= {"labelled_rows": 500, "fresh_rows": 10_000}
    assert decide_healing(event)["outcome"] == "retrain"
    event["spec"]["data"]["time"] = None
    assert decide_healing(event)["verdict"]["reasons"][0]["observed"] == 499


@pytest.mark.parametrize(("data", "recent_days", "backtest"), [("all", None, False), ("recent", 90, False), ("backtest", 90, True)])
def test_the_rows_of_a_retraining_follow_the_spec(data, recent_days, backtest):
    event = sample("functions/healing/decide_healing.json")
    event["spec"]["heal"] |= {"data": data, "recent_days": 90}
    request = decide_healing(event)["assemble"]
    assert (request["recent_days"], request["backtest"]) == (recent_days, backtest)
    assert request["folder"] == f"curated/{event['model']}/{request['dataset']}/"


def test_a_deferral_says_until_when_and_changes_no_record():
    event = sample("functions/healing/decide_healing.json")
    event["spec"]["heal"]["off_peak"] = "22:00-06:00"
    decided = decide_healing(event)
    data = decided["entry"]["Detail"]["data"]
    assert (decided["entry"]["DetailType"], data["cause"], data["until"]) == ("RetrainingDeferred", "quality", "2026-11-02T22:00:00+00:00")
    assert (decided["transaction"], decided["assemble"]) == (None, None)
