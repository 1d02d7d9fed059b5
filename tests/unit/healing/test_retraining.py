"""From the news that a model got worse to the request of a training: what is read, asked and recorded."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from noria.healing.announce_healing import announce_healing
from noria.healing.decide_healing import decide_healing
from tests.samples import sample

NOW = datetime(2026, 11, 2, 18, 53, 3, tzinfo=UTC)


def attempt(run="r", ago=timedelta(days=100), labelled=1):
    return {"time": (NOW - ago).isoformat(), "run": run, "dataset": "d", "labelled": labelled, "reasons": []}


def run_of(run, status, seconds=None):
    return {"sk": {"S": f"RUN#{run}"}, "status": {"S": status}, "document": {"S": json.dumps({"train_seconds": seconds})}}


def decided(heal=None, attempts=(), report=None, data=None, time=None, **changed):
    event = {**sample("functions/healing/decide_healing.json"), **changed}
    event["spec"]["heal"] |= {"cooldown_days": 7, "min_rows": 500, "min_share": 0, "data": "recent", "recent_days": 90, **(heal or {})}
    event["data"] |= data or {}
    event["cause"] = {**event["cause"], "time": time or NOW.isoformat()}
    if attempts:
        event["heal"] = {"attempts": list(attempts), "attempts_at_escalation": report}
    return decide_healing(event)


def code(answer):
    return answer["verdict"]["reasons"][0]["code"]


def test_a_training_that_has_told_nothing_for_two_days_is_taken_for_one_that_failed():
    under_way, lost = (decided(attempts=[attempt(ago=timedelta(days=days))], runs=[]) for days in (1.9, 2))
    assert (code(under_way), code(lost)) == ("HealingUnderWay", "Cooldown")
    # It failed, so the cooldown is doubled.
    assert "14 days later" in lost["verdict"]["reasons"][0]["text"]


def test_an_unfinished_run_is_one_that_has_told_nothing():
    assert code(decided(attempts=[attempt(ago=timedelta(days=1))], runs=[run_of("r", "running")])) == "HealingUnderWay"


@pytest.mark.parametrize(("status", "days"), [("registered", 7), ("rejected", 14), ("failed", 14)])
def test_how_the_last_run_ended_decides_how_long_the_next_one_waits(status, days):
    answer = decided(attempts=[attempt(ago=timedelta(days=1))], runs=[run_of("other", "running"), run_of("r", status)])
    assert f"{days} days later" in answer["verdict"]["reasons"][0]["text"]


def test_the_same_labelled_rows_as_last_time_ask_for_nothing():
    runs = [run_of("r", "registered")]
    assert code(decided(attempts=[attempt(labelled=2184)], runs=runs, data={"labelled_rows": 2184})) == "NothingNew"
    assert decided(attempts=[attempt(labelled=2183)], runs=runs, data={"labelled_rows": 2184})["outcome"] == "retrain"
    assert decided(data={"labelled_rows": 2184})["outcome"] == "retrain"


def test_new_rows_are_counted_by_their_times_and_without_times_since_the_last_healing():
    runs, timed, untimed = (
        [run_of("r", "registered")],
        sample("functions/healing/decide_healing.json")["spec"],
        sample("functions/healing/decide_healing.json")["spec"],
    )
    untimed["data"]["time"] = None
    given = {"fresh_rows": 600, "labelled_rows": 5_000}
    assert decided(attempts=[attempt(labelled=4_700)], runs=runs, data=given, spec=timed)["outcome"] == "retrain"
    few = decided(attempts=[attempt(labelled=4_700)], runs=runs, data=given, spec=untimed)
    assert (code(few), few["verdict"]["reasons"][0]["observed"]) == ("TooFewNewRows", 300)
    assert decided(data=given, spec=untimed)["outcome"] == "retrain"


def test_rows_are_put_together_as_the_spec_says():
    recent = decided()["assemble"]
    assert (recent["recent_days"], recent["backtest"], recent["base"]) == (90, False, "fe2a3db6a766")
    assert recent["folder"] == f"curated/bikeshare/{recent['dataset']}/"
    assert decided({"data": "all"})["assemble"]["recent_days"] is None
    tried = decided({"data": "backtest"})["assemble"]
    assert (tried["recent_days"], tried["backtest"]) == (90, True)


def test_a_healing_that_waits_says_until_when_and_pages_nobody():
    answer = decided(attempts=[attempt(ago=timedelta(days=1))], runs=[run_of("r", "registered")])
    data = answer["entry"]["Detail"]["data"]
    assert (answer["outcome"], answer["entry"]["DetailType"], data.get("page"), data["cause"]) == ("defer", "RetrainingDeferred", None, "quality")
    assert (data["until"], answer["transaction"], answer["assemble"]) == ((NOW + timedelta(days=6)).isoformat(), None, None)
    assert decided(data={"fresh_rows": 1})["entry"]["Detail"]["data"]["until"] is None


def test_what_is_ignored_says_nothing():
    answer = decided({"on": []})
    assert (answer["outcome"], answer["entry"], answer["transaction"], answer["assemble"]) == ("ignore", None, None, None)


def test_a_person_is_asked_once_for_as_many_failures_and_again_after_one_more():
    stuck = [attempt(run, timedelta(days=10 - number)) for number, run in enumerate("abc")]
    runs = [run_of(run, "rejected") for run in "abcd"]
    pages = [decided(attempts=stuck, report=report, runs=runs)["entry"]["Detail"]["data"]["page"] for report in (None, 2, 3)]
    assert pages == [True, True, False]
    assert decided(attempts=[*stuck, attempt("d", timedelta(days=1))], report=3, runs=runs)["entry"]["Detail"]["data"]["page"] is True


def test_what_is_recorded_of_a_page_replaces_only_what_was_read():
    stuck = [attempt(run, timedelta(days=10 - number)) for number, run in enumerate("abc")]
    answer = decided(attempts=stuck, runs=[run_of(run, "rejected") for run in "abc"], requested_at="2026-01-01T00:00:00+00:00")
    put = answer["transaction"]["TransactItems"][0]["Put"]
    assert json.loads(put["Item"]["document"]["S"]) == {"attempts": stuck, "attempts_at_escalation": 3}
    assert put["ConditionExpression"] == "#document = :before OR #document = :mine"
    assert put["ExpressionAttributeValues"][":mine"] == put["Item"]["document"]
    assert json.loads(put["ExpressionAttributeValues"][":before"]["S"]) == {"attempts": stuck, "attempts_at_escalation": None}
    assert put["Item"]["requested_at"] == {"S": "2026-01-01T00:00:00+00:00"}


def test_what_the_serving_version_cost_stands_for_a_healing_that_was_none_yet():
    budget = {"budget": {"a_month": 10, "per_hour": 3600}}
    assert decided(budget, runs=[run_of("e04d88285938", "registered", 10)])["outcome"] == "retrain"
    assert code(decided(budget, runs=[run_of("e04d88285938", "registered", 11)])) == "Budget"
    assert decided(budget, runs=[run_of("e04d88285938", "registered", None)])["outcome"] == "retrain"
    assert decided(budget, runs=[run_of("another", "registered", 99)])["outcome"] == "retrain"


def announced(output=None, **changed):
    event = {**sample("functions/healing/announce_healing.json"), **changed}
    event["assembled"] |= output or {}
    return announce_healing(event)


@pytest.mark.parametrize(("rows", "outcome"), [(499, "defer"), (500, "retrain")])
def test_rows_that_came_together_are_as_many_as_the_contract_asks(rows, outcome):
    answer = announced({"rows": rows})
    assert answer["outcome"] == outcome
    if outcome == "defer":
        data = answer["entry"]["Detail"]["data"]
        assert (data.get("page"), data["cause"], data["until"]) == (None, None, None)
        assert (data["reasons"][0]["code"], data["reasons"][0]["observed"], data["reasons"][0]["limit"]) == ("TooFewRows", 499, 500)


def test_a_dataset_of_a_healing_is_one_as_any_other():
    answer = announced()
    dataset, heal = (item["Put"] for item in answer["transaction"]["TransactItems"])
    data = json.loads(dataset["Item"]["document"]["S"])
    assert (dataset["Item"]["status"], dataset["ConditionExpression"]) == ({"S": "accepted"}, "attribute_not_exists(claims)")
    assert (data["train"], data["rows"], data["location"]) == (True, 8761, "curated/bikeshare/4dc982d6fef6/data.parquet")
    assert answer["entry"]["Detail"]["data"] == data
    assert heal["ConditionExpression"] == "attribute_not_exists(#document) OR #document = :mine"


def test_no_more_than_fifty_healings_are_remembered_the_newest_of_them():
    before = {"attempts": [attempt(str(number)) for number in range(50)], "attempts_at_escalation": 3}
    heal = announced(heal=before)["transaction"]["TransactItems"][1]["Put"]
    remaining = json.loads(heal["Item"]["document"]["S"])
    assert (len(remaining["attempts"]), remaining["attempts"][0]["run"], remaining["attempts_at_escalation"]) == (50, "1", None)
    assert remaining["attempts"][-1]["dataset"] == "4dc982d6fef6"
