"""When a model is trained again by itself, and when not."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from noria.healing import policy
from noria.healing.announce_healing import announce_healing
from noria.healing.decide_healing import decide_healing
from noria.kernel.identity import digest, event_id
from noria.spec.monitoring import HealSpec
from tests.samples import sample

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def rule(**changed):
    return policy.Policy.of(HealSpec(**changed).model_dump(mode="json"))


def attempts(*outcomes, days=30):
    """One every so many days, the last one so many days ago."""
    return [policy.Attempt(NOW - timedelta(days=days * (len(outcomes) - i)), outcome) for i, outcome in enumerate(outcomes)]


def decide(changed=None, **state):
    return policy.decide(rule(**(changed or {})), policy.State(**{"now": NOW, "causes": ("quality",), "new_rows": 5000, **state}))


def codes(decision):
    return [reason.code for reason in decision.verdict.reasons]


def test_a_model_that_got_worse_is_trained_again():
    assert decide().verdict.outcome == "retrain"


def test_what_is_no_cause_starts_nothing():
    assert decide(causes=("drift",)).verdict.outcome == "ignore"
    assert decide({"on": ("quality", "drift")}, causes=("drift",)).verdict.outcome == "retrain"
    assert decide({"on": ()}).verdict.outcome == "ignore"


def test_drift_in_columns_that_matter_little_to_the_model_starts_nothing():
    watching = {"on": ("quality", "drift"), "drift_weight": 0.2}
    assert codes(decide(watching, causes=("drift",), weight=0.19)) == ["DriftMattersLittle"]
    assert decide(watching, causes=("drift",), weight=0.2).verdict.outcome == "retrain"
    assert decide(watching, causes=("drift",)).verdict.outcome == "retrain"
    assert decide(watching, causes=("quality", "drift"), weight=0.0).verdict.outcome == "retrain"


def spent(*seconds):
    """Healings ten days apart, the last one ten days ago, and what each was billed for."""
    return [policy.Attempt(NOW - timedelta(days=10 * (len(seconds) - i)), "improved", float(item)) for i, item in enumerate(seconds)]


def test_a_training_that_would_exceed_the_budget_waits_until_enough_is_free_again():
    budget = {"budget": {"a_month": 10, "per_hour": 2}}
    assert decide(budget, training_seconds=5 * 3600).verdict.outcome == "retrain"
    assert codes(decide(budget, training_seconds=5 * 3600 + 1)) == ["Budget"]
    assert decide(budget, attempts=spent(3600, 3600)).verdict.outcome == "retrain"
    held = decide(budget, attempts=spent(2 * 3600, 2 * 3600, 2 * 3600)[1:] + spent(2 * 3600))
    assert (held.verdict.outcome, codes(held)) == ("defer", ["Budget"])
    assert held.until == NOW - timedelta(days=10) + policy.MONTH
    assert "healings have cost 12.00 in 30 days, another one costs about 4.00" in held.verdict.reasons[0].text


@pytest.mark.parametrize(
    ("code", "changed", "state"),
    [
        ("ReleaseUnderWay", {}, {"releasing": True}),
        ("HealingUnderWay", {}, {"attempts": attempts("running")}),
        ("TooFewNewRows", {}, {"new_rows": 499}),
        ("NothingNew", {}, {"unchanged": True}),
        ("Cooldown", {"cooldown_days": 31}, {"attempts": attempts("improved")}),
        ("Cap", {"a_month": 2}, {"attempts": attempts("improved", "improved", days=9)}),
        ("OffPeak", {"off_peak": "22:00-06:00"}, {}),
    ],
)
def test_each_reason_to_wait_is_told(code, changed, state):
    decision = decide(changed, **state)
    assert (decision.verdict.outcome, codes(decision)) == ("defer", [code])


def test_when_waiting_ends_is_told_where_it_is_known():
    assert decide({"cooldown_days": 31}, attempts=attempts("improved")).until == NOW + timedelta(days=1)
    assert decide({"off_peak": "22:00-06:00"}).until == datetime(2026, 3, 1, 22, tzinfo=UTC)
    assert decide(new_rows=1).until is None
    assert decide({"off_peak": "11:00-13:00"}).verdict.outcome == "retrain"


def test_each_retraining_without_improvement_doubles_the_cooldown():
    assert decide({"cooldown_days": 7}, attempts=attempts("no_improvement", days=13)).verdict.outcome == "defer"
    assert decide({"cooldown_days": 7}, attempts=attempts("no_improvement", days=15)).verdict.outcome == "retrain"


def test_a_person_is_asked_after_several_that_did_not_help_and_a_later_try_is_made_all_the_same():
    stuck = attempts("improved", "no_improvement", "failed", "no_improvement")
    assert decide(attempts=stuck).verdict.outcome == "escalate"
    assert decide(attempts=stuck, requested_at=NOW).verdict.outcome == "retrain"
    assert decide(attempts=attempts("no_improvement", "no_improvement", "no_improvement", days=57)).verdict.outcome == "retrain"


def run_of(number, status):
    return {"sk": {"S": f"RUN#{number}"}, "status": {"S": status}, "ended": {"S": "2026-11-02T12:00:00Z"}}


def heal(*runs):
    return {
        "attempts_at_escalation": None,
        "attempts": [{"time": "2026-11-01T10:00:00+00:00", "run": run, "dataset": "d", "labelled": 1, "reasons": []} for run in runs],
    }


def test_how_a_healing_ended_is_read_from_its_run():
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


def test_the_run_of_a_healing_is_known_before_it_begins():
    event = sample("functions/healing/announce_healing.json")
    result = announce_healing(event)
    metadata = result["entry"]["Detail"]["metadata"]
    (dataset, healing) = [item["Put"]["Item"] for item in result["transaction"]["TransactItems"]]
    assert metadata["id"] == event_id("TrainingRequested", f"{event['model']}/{event['dataset']}")
    assert digest(event["model"], event["dataset"], metadata["id"]) in healing["document"]["S"]
    assert dataset["sk"]["S"] == f"DATASET#{event['dataset']}"


def test_rows_that_make_no_dataset_ask_for_no_training():
    event = sample("functions/healing/announce_healing.json")
    lacking = announce_healing({**event, "assembled": {**event["assembled"], "missing": ["wind"]}})
    few = announce_healing({**event, "assembled": {**event["assembled"], "rows": 3}})
    assert [record["entry"]["Detail"]["data"]["reasons"][0]["code"] for record in (lacking, few)] == ["SchemaChanged", "TooFewRows"]
    assert lacking["transaction"] is None


def test_that_a_person_asked_is_not_forgotten_by_the_next_healing():
    event = {**sample("functions/healing/announce_healing.json"), "requested_at": "2026-11-01T00:00:00+00:00"}
    retained = announce_healing(event)["transaction"]["TransactItems"][1]["Put"]["Item"]
    assert retained["requested_at"] == {"S": event["requested_at"]}


def test_the_weight_of_a_drift_and_what_trainings_cost_reach_the_decision():
    event = {**sample("functions/healing/decide_healing.json"), "name": "DriftDetected"}
    event["spec"]["heal"] |= {"on": ["quality", "drift"], "drift_weight": 0.3, "budget": {"a_month": 1, "per_hour": 3600}}
    event["data"]["weight"] = 0.1
    assert decide_healing(event)["verdict"]["reasons"][0]["code"] == "DriftMattersLittle"
    event["data"]["weight"] = 0.4
    run = event["runs"][0]
    run["document"]["S"] = json.dumps({**json.loads(run["document"]["S"]), "train_seconds": 2})
    assert "Budget" in [reason["code"] for reason in decide_healing(event)["verdict"]["reasons"]]
