"""A requested run: of the published spec, on the newest dataset that it accepts."""

import json
from types import SimpleNamespace

import pytest

from cli.base.errors import CliError
from cli.training.requests import retrain
from noria.kernel.identity import run_id
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
    stack.__dict__["logs"] = SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=lambda **_: [{"events": []}]))
    return sent


@pytest.fixture
def ingestion(stack, put, monkeypatch):
    """Ingestion as the command meets it: of a file that comes again, a dataset of the published spec with this verdict."""
    stack.s3.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})

    def judging(status: str, train: bool = True) -> dict:
        version = stack.s3.put_object(Bucket="lake", Key="incoming/m/größe \N{SNOWMAN}.csv", Body=b"rows")["VersionId"]
        source = {"bucket": "lake", "key": "incoming/m/größe \N{SNOWMAN}.csv", "version": version}
        document = {**DATASET, "bucket": "lake", "location": "curated/m/d/data.csv", "dataset": "old", "source": source, "spec": "before"}
        put("DATASET#old", document, status="accepted", time="1")
        copy_object = stack.s3.copy_object

        def copied(**request):
            response = copy_object(**request)
            judged = {**document, "dataset": "again", "spec": "s", "train": train, "source": {**source, "version": response["VersionId"]}}
            put("DATASET#again", {**judged, "reasons": [{"text": "3 of 4 rows are bad"}]}, status=status, time="2")
            return response

        monkeypatch.setattr(stack.s3, "copy_object", copied)
        return document

    return judging


def requested(entries: list[dict]) -> list[dict]:
    return [json.loads(entry["Detail"]) for entry in entries]


def test_the_newest_accepted_dataset_is_trained_on_again(stack, put, entries, noria):
    put("SPEC", {"id": "s"}, time="t")
    for name, status, time in (("old", "accepted", "1"), ("new", "accepted", "2"), ("bad", "quarantined", "3")):
        put(f"DATASET#{name}", {**DATASET, "dataset": name}, status=status, time=time)
    answer = json.loads(noria("retrain", "m", "--json").stdout)
    (detail,) = requested(entries)
    assert detail["data"] == {**DATASET, "dataset": "new"}
    assert (answer["dataset"], answer["spec"], answer["event"], answer["stages"]) == ("new", "s", detail["metadata"]["id"], [])
    assert answer["run"] == run_id("m", "new", detail["metadata"]["id"], "lake"), "the id that the run will have"
    text = noria("retrain", "m").stdout
    assert "the newest dataset bad was not accepted; new of 2 is the newest that was" in text
    assert f"asked for the run {run_id('m', 'new', requested(entries)[1]['metadata']['id'], 'lake')} of m, spec s, on dataset new" in text
    assert "requested_at" in stack.dynamodb.get_item(TableName="ledger", Key={"pk": {"S": "MODEL#m"}, "sk": {"S": "HEAL"}})["Item"]


def test_a_dataset_of_an_earlier_spec_is_judged_by_the_published_one_which_then_trains(stack, put, entries, ingestion):
    put("SPEC", {"id": "s"}, time="t")
    ingestion("accepted")
    sentences: list[str] = []
    request = retrain(stack, "m", sentences.append)
    assert (request.dataset, request.spec, request.judged_again, entries) == ("again", "s", "before", []), "its acceptance starts the run"
    assert sentences == ["dataset old was judged by the spec before, the published one is s: it is judged again, by that one"]
    # It is asked for where an accepted dataset starts no run by itself; and what is judged already is not judged again.
    ingestion("accepted", train=False)
    assert retrain(stack, "m").event == requested(entries)[0]["metadata"]["id"]
    assert retrain(stack, "m").dataset == "again"


def test_a_file_that_the_published_contract_refuses_says_so_and_nothing_is_trained(stack, put, entries, ingestion):
    put("SPEC", {"id": "s"}, time="t")
    ingestion("quarantined")
    with pytest.raises(CliError, match="the published spec s does not accept the file of the newest dataset, so nothing is trained: 3 of 4 rows are bad"):
        retrain(stack, "m")
    assert entries == []


def test_where_the_upload_is_gone_its_curated_rows_are_judged(stack, put, entries, ingestion):
    put("SPEC", {"id": "s"}, time="t")
    document = ingestion("accepted")
    stack.s3.put_object(Bucket="lake", Key=document["location"], Body=b"curated rows")
    stack.s3.delete_object(Bucket="lake", Key="incoming/m/größe \N{SNOWMAN}.csv", VersionId=document["source"]["version"])
    assert retrain(stack, "m").dataset == "again"
    assert stack.s3.get_object(Bucket="lake", Key="incoming/m/old.csv")["Body"].read() == b"curated rows"


def test_without_an_accepted_dataset_nothing_is_requested(stack, put, entries):
    put("SPEC", {"id": "s"}, time="t")
    put("DATASET#bad", {"dataset": "bad"}, status="quarantined", time="3")
    with pytest.raises(CliError, match="no dataset of 'm' was accepted yet; upload one: noria upload m FILE"):
        retrain(stack, "m")
    assert entries == []
