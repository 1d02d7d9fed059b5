"""The dataset of an automatic retraining in the ledger, and the request of its run."""

import json

from noria.healing.announce_healing import MOST_ATTEMPTS, announce_healing
from noria.kernel.identity import event_id, run_id
from tests.samples import sample


def test_the_run_of_a_healing_is_known_before_it_begins():
    event = sample("functions/healing/announce_healing.json")
    result = announce_healing(event)
    metadata = result["entry"]["Detail"]["metadata"]
    (dataset, healing) = [item["Put"]["Item"] for item in result["transaction"]["TransactItems"]]
    assert metadata["id"] == event_id("TrainingRequested", f"{event['model']}/{event['dataset']}")
    assert run_id(event["model"], event["dataset"], metadata["id"], event["bucket"]) in healing["document"]["S"]
    assert dataset["sk"]["S"] == f"DATASET#{event['dataset']}"


def test_rows_that_make_no_dataset_ask_for_no_training():
    event = sample("functions/healing/announce_healing.json")
    lacking = announce_healing({**event, "assembled": {**event["assembled"], "missing": ["wind"]}})
    few = announce_healing({**event, "assembled": {**event["assembled"], "rows": 3}})
    assert [record["entry"]["Detail"]["data"]["reasons"][0]["code"] for record in (lacking, few)] == ["SchemaChanged", "TooFewRows"]
    assert lacking["transaction"] is None


def test_a_person_s_request_outlives_the_next_retraining():
    event = {**sample("functions/healing/announce_healing.json"), "requested_at": "2026-11-01T00:00:00+00:00"}
    retained = announce_healing(event)["transaction"]["TransactItems"][1]["Put"]["Item"]
    assert retained["requested_at"] == {"S": event["requested_at"]}


def test_the_record_holds_the_newest_retrainings_and_is_written_over_the_one_that_was_read():
    event = sample("functions/healing/announce_healing.json")
    attempt = {"time": "2026-01-01T00:00:00Z", "run": "r", "dataset": "d", "labelled": 1, "reasons": []}
    event["heal"] = {"attempts": [attempt] * MOST_ATTEMPTS, "attempts_at_escalation": 3}
    put = announce_healing(event)["transaction"]["TransactItems"][1]["Put"]
    document = json.loads(put["Item"]["document"]["S"])
    assert (len(document["attempts"]), document["attempts"][-1]["dataset"]) == (MOST_ATTEMPTS, event["dataset"])
    assert document["attempts_at_escalation"] is None
    assert put["ConditionExpression"] == "#document = :before OR #document = :mine"
    assert json.loads(put["ExpressionAttributeValues"][":before"]["S"]) == event["heal"]
    assert put["ExpressionAttributeValues"][":mine"] == put["Item"]["document"]


def test_the_first_record_overwrites_none():
    put = announce_healing(sample("functions/healing/announce_healing.json"))["transaction"]["TransactItems"][1]["Put"]
    assert put["ConditionExpression"] == "attribute_not_exists(#document) OR #document = :mine"
    assert put["ExpressionAttributeValues"] == {":mine": put["Item"]["document"]}


def test_a_run_s_request_names_where_its_rows_come_from():
    event = sample("functions/healing/announce_healing.json")
    data = announce_healing(event)["entry"]["Detail"]["data"]
    assert data["source"] == {"healing": event["cause"]["causation_id"], **{name: event["assembled"][name] for name in ("base", "since", "backtest")}}
    assert (data["location"], data["verdict"]) == (f"curated/bikeshare/{event['dataset']}/data.parquet", None)
