"""What the deployed application does with uploads: each is accepted or quarantined once, whatever its name and content."""

import json
import time

import pytest

from cli.base import event_log, ledger
from cli.base.errors import CliError
from cli.data.progress import follow
from cli.data.upload import Upload, upload
from cli.history.status import status
from cli.project.publish import publish
from tests.local.aws.waiting import until
from tests.local.small_model import LIMIT, data, loop, project, told_events


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda folder: (folder / "f.csv", (folder / "f.csv").write_bytes(b""))[0], "EmptyFile"),
        (lambda folder: (folder / "f.csv", (folder / "f.csv").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x01"))[0], "Unreadable"),
        (lambda folder: data(folder, header="id,y"), "MissingColumn"),
        (lambda folder: data(folder, header="id,x_value,y"), "MissingColumn"),
        (lambda folder: data(folder, bad=60), "TooManyBadRows"),
        (lambda folder: data(folder, rows=10), "TooFewRows"),
    ],
    ids=["empty", "no CSV", "lacks a column", "renames a column", "30 % out of range", "too few rows"],
)
def test_what_breaks_the_contract_lies_untouched_beside_its_verdict(stack, name, tmp_path, make, code):
    publish(stack, project(tmp_path / "p", name))
    file = make(tmp_path)
    stages = loop(stack, name, file)
    assert [(stage.name, stage.verdict) for stage in stages] == [("ingest", "quarantined")]
    record = status(stack, name).datasets[0]
    assert [reason["code"] for reason in record["reasons"]] == [code]
    assert stack.s3.get_object(Bucket=record["bucket"], Key=record["location"])["Body"].read() == file.read_bytes()
    assert stack.s3.get_object(Bucket=record["bucket"], Key=record["source"]["key"])["Body"].read() == file.read_bytes()
    verdict = json.loads(stack.s3.get_object(Bucket=record["bucket"], Key=record["verdict"])["Body"].read())
    assert verdict["outcome"] == "quarantined"
    assert until(lambda: told_events(stack, name)) == {"DatasetQuarantined"}


def test_one_bad_row_is_set_aside_and_the_rest_goes_on(stack, name, tmp_path):
    publish(stack, project(tmp_path / "p", name))
    stages = loop(stack, name, data(tmp_path, bad=1))
    assert stages[-1].verdict == "completed"
    record = status(stack, name).datasets[0]
    assert (record["rows"], record["set_aside"]) == (199, 1)
    aside = stack.s3.get_object(Bucket=record["bucket"], Key=record["location"].replace("data.parquet", "set-aside.csv"))["Body"].read().decode()
    assert '"x","Range"' in aside.splitlines()[1]


def test_an_upload_for_a_model_nobody_published_is_kept_and_told(stack, name, tmp_path):
    with pytest.raises(CliError, match="is published here"):
        upload(stack, name, data(tmp_path))
    bucket, key = stack.outputs["LakeBucket"], f"incoming/{name}/data.csv"
    at = time.time()
    version = stack.s3.put_object(Bucket=bucket, Key=key, Body=data(tmp_path).read_bytes())["VersionId"]
    stages = list(follow(stack, Upload(name, "", bucket, key, at, version, sent=True), LIMIT))
    assert stages[0].verdict == "quarantined"
    assert "noria publish" in stages[0].reasons[0]
    assert status(stack, name).published is False


def test_the_same_file_twice_within_a_second_is_one_dataset_and_one_run(stack, name, tmp_path):
    publish(stack, project(tmp_path / "p", name))
    file = data(tmp_path)
    bucket = stack.outputs["LakeBucket"]
    for key in ("a.csv", "a.csv", "b.csv"):
        stack.s3.put_object(Bucket=bucket, Key=f"incoming/{name}/{key}", Body=file.read_bytes())
    sent = upload(stack, name, file)
    assert list(follow(stack, sent, LIMIT))[-1].verdict == "completed"
    story = ledger.read(stack, name)
    assert (len(story.datasets), len(story.runs), len(story.releases)) == (1, 1, 1)
    assert upload(stack, name, file).sent is False


def test_an_announcement_that_was_lost_is_made_good_by_a_second_upload(stack, name, tmp_path):
    publish(stack, project(tmp_path / "p", name))
    file = data(tmp_path)
    assert loop(stack, name, file)[-1].verdict == "completed"
    # As after an ingestion that died between its record and its announcement: the dataset is there, and no run has taken it.
    table, taken = stack.outputs["LedgerTable"], ledger.read(stack, name)
    dataset, run = taken.datasets[0]["dataset"], taken.runs[0]["run"]
    stack.dynamodb.update_item(
        TableName=table, Key={"pk": {"S": f"MODEL#{name}"}, "sk": {"S": f"DATASET#{dataset}"}}, UpdateExpression="REMOVE claims, claim_owner, claim_expires"
    )
    stack.dynamodb.delete_item(TableName=table, Key={"pk": {"S": f"MODEL#{name}"}, "sk": {"S": f"RUN#{run}"}})
    assert upload(stack, name, file).sent
    again = until(lambda: ledger.read(stack, name).runs, 60)[0]
    # The jobs of the first run are there already, and count as done; its version is the champion that it equals.
    assert (again["run"], again["metrics"]) == (run, taken.runs[0]["metrics"])
    assert again["reasons"][0]["code"] == "NotBetterThanChampion"


@pytest.mark.parametrize(
    "key", ["a b 'c\" $eval(1).csv", "größe/☃.csv", "../../escape.csv", "{% 1 %}.csv", "x\ny.csv"], ids=["quotes", "unicode", "dots", "expression", "line feed"]
)
def test_a_hostile_key_is_only_a_name(stack, name, tmp_path, key):
    publish(stack, project(tmp_path / "p", name))
    body = data(tmp_path, rows=20).read_bytes()
    stack.s3.put_object(Bucket=stack.outputs["LakeBucket"], Key=f"incoming/{name}/{key}", Body=body)
    record = until(lambda: ledger.read(stack, name).datasets)[0]
    assert record["source"]["key"] == f"incoming/{name}/{key}"
    assert record["location"].startswith(f"quarantine/{name}/{record['dataset']}/")
    assert record["location"].count("/") == 3
    assert stack.s3.get_object(Bucket=record["bucket"], Key=record["location"])["Body"].read() == body


def test_an_ingestion_that_broke_half_way_is_finished_by_itself(stack, name, tmp_path):
    publish(stack, project(tmp_path / "p", name))
    key = {"pk": {"S": f"MODEL#{name}"}, "sk": {"S": "SPEC"}}
    item = stack.dynamodb.get_item(TableName=stack.outputs["LedgerTable"], Key=key)["Item"]
    stack.dynamodb.put_item(TableName=stack.outputs["LedgerTable"], Item={**item, "document": {"S": "no JSON"}})
    session_time, file = time.time(), data(tmp_path)
    stack.s3.put_object(Bucket=stack.outputs["LakeBucket"], Key=f"incoming/{name}/{file.name}", Body=file.read_bytes())
    failure = until(lambda: [event for event in event_log.events(stack, name, session_time) if event["name"] == "Execution failed"], 30)[0]
    assert (failure["data"]["machine"], failure["data"]["again"]) == (f"{stack.prefix}-ingest", True)
    stack.dynamodb.put_item(TableName=stack.outputs["LedgerTable"], Item=item)
    (dataset,) = until(lambda: ledger.read(stack, name).datasets, 60)
    assert dataset["status"] == "accepted"
    assert until(lambda: ledger.read(stack, name).runs, 60)[0]["status"] == "registered"
