"""The ledger: every item of a model has its place in the model's record."""

import pytest

from cli.base import ledger
from cli.base.errors import CliError


def test_every_item_of_a_model_has_its_place(stack, put):
    put("SPEC", {"id": "s2"}, time="t")
    put("SPEC#s1", {"id": "s1"}, time="t")
    put("CHAMPION", {"spec": "s1"}, time="t", sagemaker_model="sm")
    put("DATASET#d1", {"dataset": "d1"}, status="accepted", time="2026-01-01")
    put("DATASET#d2", {"dataset": "d2"}, status="quarantined", time="2026-01-02")
    put("RUN#r", {"run": "r"}, status="registered", ended="2026-01-03")
    put("RELEASE#l", {"release": "l"}, status="completed", time="t")
    put("ROLLBACK#b", {"request": {"by": "me"}}, status="rolled_back", time="t")
    put("APPROVAL#r", package="arn/1", time="t", token="x")
    put("LOCK", package="arn/2", began="now", holder="execution")
    put("MONITOR", {"number": 3}, time="t", state="{}")
    put("HEAL", {"attempts": [{"run": "r"}]}, time="t")
    put("LATER#x", {"of": "another version of Noria"})
    record = ledger.read(stack, "m")
    assert (record.spec["id"], record.specs["s1"]["id"], record.serving()["id"]) == ("s2", "s1", "s1")
    assert record.champion == {"spec": "s1", "time": "t", "sagemaker_model": "sm"}
    assert [dataset["dataset"] for dataset in record.datasets] == ["d2", "d1"]
    assert record.runs == [{"run": "r", "status": "registered", "time": "2026-01-03"}]
    assert record.rollbacks == [{"request": {"by": "me"}, "id": "b", "status": "rolled_back", "time": "t"}]
    assert record.pending_approvals == [{"package": "arn/1", "time": "t"}]
    assert record.lock == {"package": "arn/2", "began": "now", "holder": "execution"}
    assert (record.monitoring, record.healings) == ({"number": 3, "time": "t"}, [{"run": "r"}])
    assert ledger.read(stack, "another") == ledger.ModelRecord("another")


def test_without_a_champion_the_published_spec_serves_and_without_a_spec_nothing_does(stack, put):
    with pytest.raises(CliError, match="run: noria publish models/m"):
        ledger.read(stack, "m").serving()
    put("SPEC", {"id": "s"}, time="t")
    record = ledger.read(stack, "m")
    assert record.serving()["id"] == "s"
    with pytest.raises(CliError, match="see: noria status m"):
        record.champion_in_service()


def test_a_recorded_spec_is_the_published_one_and_stays_under_its_id(stack):
    for name in ("first", "second"):
        ledger.record_spec(stack, {"id": name, "name": "m"})
    record = ledger.read(stack, "m")
    assert (record.spec["id"], set(record.specs)) == ("second", {"first", "second"})
    assert ledger.published_models(stack) == ["m"]


def test_a_person_s_attention_leaves_the_attempts_as_they_are(stack, put):
    put("HEAL", {"attempts": [{"run": "r"}]}, time="t")
    ledger.record_attention(stack, "m")
    assert ledger.read(stack, "m").healings == [{"run": "r"}]
    assert "requested_at" in stack.dynamodb.get_item(TableName="ledger", Key={"pk": {"S": "MODEL#m"}, "sk": {"S": "HEAL"}})["Item"]
