"""A requested run: on the newest accepted dataset, as an event."""

import json
from types import SimpleNamespace

import pytest

from cli.base.errors import CliError
from cli.training.requests import retrain
from tests.samples import sample

#: A dataset, as the event that accepted it describes it.
DATASET = {**sample("data/DatasetAccepted.v1.json")["detail"]["data"], "spec": "s"}


@pytest.fixture
def entries(stack) -> list[dict]:
    """What the command puts on the bus."""
    sent: list[dict] = []

    def put_events(Entries):
        sent.extend(Entries)
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "e"}]}

    stack.outputs["EventBus"] = "bus"
    stack.__dict__["events"] = SimpleNamespace(put_events=put_events)
    return sent


def test_the_newest_accepted_dataset_is_trained_on_again(stack, put, entries, noria):
    for name, status, time in (("old", "accepted", "1"), ("new", "accepted", "2"), ("bad", "quarantined", "3")):
        put(f"DATASET#{name}", {**DATASET, "dataset": name}, status=status, time=time)
    result = noria("retrain", "m", "--json")
    (detail,) = (json.loads(entry["Detail"]) for entry in entries)
    assert detail["data"] == {**DATASET, "dataset": "new"}
    assert json.loads(result.stdout) == {"model": "m", "dataset": "new", "spec": "s", "event": detail["metadata"]["id"]}
    assert noria("retrain", "m").stdout == "asked for a run of m on dataset new; see: noria status m\n"
    assert "requested_at" in stack.dynamodb.get_item(TableName="ledger", Key={"pk": {"S": "MODEL#m"}, "sk": {"S": "HEAL"}})["Item"]


def test_without_an_accepted_dataset_nothing_is_requested(stack, put, entries):
    put("DATASET#bad", {"dataset": "bad"}, status="quarantined", time="3")
    with pytest.raises(CliError, match="no dataset of 'm' was accepted yet; upload one: noria upload m FILE"):
        retrain(stack, "m")
    assert entries == []
