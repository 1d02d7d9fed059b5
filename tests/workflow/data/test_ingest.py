"""From an uploaded object to a dataset."""

import json

import pytest

from tests.workflow.conftest import WorldMaker
from tests.workflow.routes import upload
from tests.workflow.running import Failure
from tests.workflow.world import HEADER, HOURS

KEYS = [
    "incoming/bikeshare/it's.csv",
    'incoming/bikeshare/a"b.csv',
    "incoming/bikeshare/../../bikeshare/x.csv",
    "incoming/bikeshare/Zürich 東京 🚲.csv",
    "incoming/bikeshare/$eval(1).csv",
    "incoming/bikeshare/{% $states.input %}",
    "incoming/bikeshare/${Ledger}",
    "incoming/bikeshare/a?b#c%2Fd+e.csv",
]
#: Folders that are no model's name.
FOLDERS = ["incoming//x.csv", "incoming/x.csv", "incoming/../x.csv", "incoming/$eval(1)/x.csv", 'incoming/"/x.csv']


def test_a_good_upload_is_claimed_curated_recorded_and_announced(world: WorldMaker):
    services = world()
    played = services.play("ingest", upload())
    assert played.status == "SUCCEEDED"
    dataset = played.output["dataset"]
    assert played.output == {"outcome": "accepted", "dataset": dataset, "verdict": {"outcome": "accepted", "reasons": []}}

    (claim,) = played.requests("Claim upload")
    (inspect,) = played.requests("Inspect upload")
    names = ("data.parquet", "data.profile", "blocks.profile")
    assert services.written == [f"{inspect['Payload']['folder']}{name}" for name in names]
    copies = sorted((copy["CopySource"], copy["Key"]) for copy in played.requests("Copy object"))
    assert copies == [(f"noria-lake/{inspect['Payload']['folder']}{name}", f"curated/bikeshare/{dataset}/{name}") for name in sorted(names)]
    (report,) = played.requests("Write verdict")
    (record,) = played.requests("Record dataset")
    (message,) = played.requests("Announce")[0]["Entries"]
    assert claim["Item"]["pk"]["S"] == "CLAIM#noria-lake/incoming/bikeshare/2011.csv@IYV3p45BT0ac8hjHg1houSdS1a.Mro8e"
    assert int(claim["Item"]["expires"]["N"]) - int(claim["ExpressionAttributeValues"][":now"]["N"]) == 3600
    assert report["Key"] == f"curated/bikeshare/{dataset}/verdict.json"
    assert record["Item"]["sk"]["S"] == f"DATASET#{dataset}"
    assert (message["Source"], message["DetailType"], message["EventBusName"]) == ("noria.data", "DatasetAccepted", "Bus")
    assert message["Detail"]["metadata"]["correlation_id"] == upload()["id"]
    assert message["Detail"]["data"]["rows"] == len(HOURS)


def test_a_bad_upload_is_copied_aside_with_its_verdict_and_never_curated(world: WorldMaker):
    played = world(upload=f"{HEADER}\n{HOURS[0]}\n".encode()).play("ingest", upload())
    assert played.output["outcome"] == "quarantined"
    (copy,) = played.requests("Copy object")
    assert copy["CopySource"].startswith("noria-lake/incoming/bikeshare/2011.csv?versionId=")
    assert copy["Key"] == f"quarantine/bikeshare/{played.output['dataset']}/2011.csv"
    assert played.requests("Announce")[0]["Entries"][0]["DetailType"] == "DatasetQuarantined"


def test_an_upload_for_a_model_that_nobody_published_is_quarantined(world: WorldMaker):
    played = world(spec=None).play("ingest", upload())
    assert played.requests("Inspect upload")[0]["Payload"]["spec"] is None
    assert [reason["code"] for reason in played.output["verdict"]["reasons"]] == ["UnknownModel"]


@pytest.mark.parametrize(("state", "after"), [("Claim upload", []), ("Record dataset", [*["Copy object"] * 3, "Write verdict"])])
def test_an_upload_or_dataset_that_is_there_already_ends_as_a_duplicate_and_is_not_announced(world: WorldMaker, state: str, after: list[str]):
    duplicate = Failure("DynamoDB.ConditionalCheckFailedException", "The conditional request failed")
    played = world(faults={f"ingest: {state}": [duplicate]}).play("ingest", upload())
    assert (played.status, played.output) == ("SUCCEEDED", {"outcome": "duplicate"})
    assert not played.requests("Announce")
    assert [call.state for call in played.calls if call.state in ("Write verdict", "Copy object")] == after


@pytest.mark.parametrize("key", KEYS)
def test_an_object_key_is_only_data_whatever_it_says(world: WorldMaker, key: str):
    event = upload()
    event["detail"]["object"]["key"] = key
    played = world().play("ingest", event)
    assert played.output["outcome"] == "accepted"
    assert f"/{key}@" in played.requests("Claim upload")[0]["Item"]["pk"]["S"]
    assert played.requests("Inspect upload")[0]["Payload"]["key"] == key
    assert played.requests("Write verdict")[0]["Key"] == f"curated/bikeshare/{played.output['dataset']}/verdict.json"
    assert played.requests("Announce")[0]["Entries"][0]["Detail"]["data"]["source"]["key"] == key


@pytest.mark.parametrize("key", [*KEYS, *FOLDERS])
def test_a_quarantined_object_stays_in_its_own_folder_whatever_its_key(world: WorldMaker, key: str):
    event = upload()
    event["detail"]["object"]["key"] = key
    played = world(upload=b"").play("ingest", event)
    (copy,) = played.requests("Copy object")
    model = "unknown" if key in FOLDERS else "bikeshare"
    folder, name = copy["Key"].rsplit("/", 1)
    assert folder == f"quarantine/{model}/{played.output['dataset']}"
    assert name.strip(".")
    assert json.dumps(copy["CopySource"]).isascii()


@pytest.mark.parametrize("missing", ["version-id", "size"])
def test_an_event_without_what_names_a_version_fails_and_says_so(world: WorldMaker, missing: str):
    event = upload()
    del event["detail"]["object"][missing]
    played = world().play("ingest", event)
    assert (played.status, played.error) == ("FAILED", "States.QueryEvaluationError")
    assert "Inspect upload" not in played.states


@pytest.mark.parametrize(
    "key",
    [
        "incoming/",
        "incoming/bikeshare/",
        "incoming/bikeshare/_SUCCESS",
        "incoming/bikeshare/day/_temporary/0/part-0.parquet",
        "incoming/bikeshare/.part-0.parquet.crc",
        "incoming/bikeshare/data.csv.md5",
        "incoming/bikeshare/.DS_Store",
    ],
)
def test_folder_markers_hidden_files_and_checksums_are_no_data(world: WorldMaker, key: str):
    event = upload()
    event["detail"]["object"]["key"] = key
    played = world().play("ingest", event)
    assert (played.status, played.output, played.calls) == ("SUCCEEDED", {"outcome": "ignored"}, [])
