"""Quarantine is a place to work: what lies there and why, and the corrected copies that were released in its place."""

import json

import pytest
from botocore.exceptions import ClientError

from cli.base import ledger
from cli.base.errors import CliError
from cli.data.progress import Stage
from cli.data.quarantine import find, quarantined, show
from cli.data.quarantine_release import release
from noria_client import quarantine
from tests.local.small_model import data


@pytest.fixture
def bad(churn, upload_bytes, tmp_path) -> str:
    """A quarantined dataset: 60 of 200 rows are out of range."""
    churn()
    return upload_bytes("rows.csv", data(tmp_path, bad=60))


def test_the_list_has_each_dataset_with_its_rows_and_first_reason_newest_first(stack, churn, upload_bytes, tmp_path, bad):
    other = upload_bytes("picture.csv", b"\x89PNG\r\n", time="2026-01-02T00:00:00+00:00")
    upload_bytes("good.csv", data(tmp_path, "good.csv", bad=1))
    nameless = upload_bytes("rows.csv", b"id,x,y\n1,2,3\n", model="nobody", time="2025-01-01T00:00:00+00:00")
    entries = quarantined(stack)
    assert [(entry.model, entry.dataset, entry.file) for entry in entries] == [
        ("churn", other, "picture.csv"),
        ("churn", bad, "rows.csv"),
        ("nobody", nameless, "rows.csv"),
    ]
    assert (entries[1].rows, entries[1].bad_rows) == (200, 60)
    assert entries[1].reason.startswith("60 of 200 rows break the contract")
    assert [entry.dataset for entry in quarantined(stack, "nobody")] == [nameless]


def test_a_dataset_is_shown_with_its_header_its_faults_and_its_first_bad_rows(stack, bad):
    details = show(stack, bad, rows=2)
    assert (details.header, details.faults) == (["id", "x", "y"], {"x": {"Range": 60}})
    assert details.examples[0] == {"row": 2, "column": "x", "code": "Range", "observed": "99", "expected": details.examples[0]["expected"]}
    assert [(row["#row"], row["#column"], row["x"]) for row in details.set_aside] == [("2", "x", "99"), ("3", "x", "99")]
    assert [reason["code"] for reason in details.reasons] == ["TooManyBadRows"]


def test_the_command_shows_reasons_faults_examples_and_rows(noria, bad):
    text = noria("quarantine", "show", bad, "--rows", "1").stdout
    for part in (
        "60 of 200 rows break the contract",
        "header  id, x, y",
        "x: Range × 60",
        "row 2  x: Range, found 99",
        "row 2  id=0, x=99, y=0",
        "59 more; --rows shows them",
        f"noria quarantine fix {bad} --drop-bad",
    ):
        assert part in text, text
    answer = json.loads(noria("quarantine", "show", bad[:6], "--json").stdout)
    assert (answer["summary"]["dataset"], len(answer["set_aside"])) == (bad, 5)


def test_a_file_that_is_no_table_is_shown_without_rows(noria, churn, upload_bytes):
    churn()
    text = noria("quarantine", "show", upload_bytes("picture.csv", b"\x89PNG\r\n")).stdout
    assert "no rows were read" in text
    assert "the file is an image" in text


def test_a_column_that_seems_to_have_another_name_is_shown_with_the_command_that_renames_it(noria, churn, upload_bytes):
    churn()
    dataset = upload_bytes("rows.csv", "id,X ?,y\n1,2,3\n")
    assert f"correct it: noria quarantine fix {dataset} --rename 'X ?=x'\n" in noria("quarantine", "show", dataset).stdout


def test_an_empty_quarantine_says_so(noria, stack):
    assert noria("quarantine", "list").stdout == "nothing is in quarantine\n"
    assert json.loads(noria("quarantine", "list", "--json").stdout) == []


@pytest.mark.parametrize("id_", ["", "zz", "../", "churn"])
def test_an_id_that_nothing_has_is_refused_with_what_to_do(stack, bad, id_):
    with pytest.raises(CliError, match="noria quarantine list shows them all"):
        find(stack, id_)


def test_a_beginning_of_an_id_must_be_of_one_dataset(stack, bad, upload_bytes):
    ids = {bad} | {upload_bytes(f"{number}.csv", f"{number}\n") for number in range(17)}
    first = next(id_[0] for id_ in ids if sum(other[0] == id_[0] for other in ids) > 1)
    with pytest.raises(CliError, match=rf"quarantined datasets have an id that begins with '{first}': .*\(churn\).*; write more of it"):
        find(stack, first)
    assert find(stack, bad[:11])[1]["dataset"] == bad


def test_a_dataset_that_is_not_on_record_yet_is_no_failure_of_the_command(stack, bad):
    stack.dynamodb.delete_item(TableName="ledger", Key={"pk": {"S": "MODEL#churn"}, "sk": {"S": f"DATASET#{bad}"}})
    with pytest.raises(CliError, match="is not, or not yet, on record as quarantined"):
        find(stack, bad)


def test_a_released_copy_is_an_upload_that_names_what_it_corrects_and_is_on_record(stack, bad, ingest, tmp_path):
    before = stack.s3.list_object_versions(Bucket="lake")["Versions"]
    released = release(stack, bad[:8], data(tmp_path, "better.csv"))
    head = stack.s3.head_object(Bucket="lake", Key="incoming/churn/better.csv")
    assert (head["Metadata"], head["VersionId"]) == ({"noria-corrects": bad}, released.upload.version)
    (copy,) = quarantined(stack)[0].copies
    assert (copy.file, copy.by, copy.time, copy.dataset, copy.outcome) == ("better.csv", released.by, released.time, None, None)
    assert released.by.startswith("arn:aws:")
    dataset = ingest("incoming/churn/better.csv")
    (copy,) = show(stack, bad).summary.copies
    assert (copy.dataset, copy.outcome) == (dataset, "accepted")
    after = stack.s3.list_object_versions(Bucket="lake")["Versions"]
    assert {(item["Key"], item["VersionId"]) for item in before} <= {(item["Key"], item["VersionId"]) for item in after}


def test_the_trail_of_every_copy_stays_and_one_that_is_bad_again_is_in_it(stack, bad, ingest, tmp_path, noria):
    release(stack, bad, data(tmp_path, "worse.csv", bad=50))
    second = ingest("incoming/churn/worse.csv", time="2026-01-03T00:00:00+00:00")
    release(stack, bad, data(tmp_path, "better.csv"))
    assert [(copy.file, copy.outcome) for copy in show(stack, bad).summary.copies] == [("worse.csv", "quarantined"), ("better.csv", None)]
    text = noria("quarantine", "list", "churn").stdout
    assert f"worse.csv, dataset {second}, quarantined" in text
    assert "better.csv, not judged yet" in text


def test_the_same_bad_file_again_does_not_wipe_the_trail_away(stack, bad, upload_bytes, tmp_path):
    release(stack, bad, data(tmp_path, "better.csv"))
    with pytest.raises(ClientError, match="conditional request failed"):
        upload_bytes("again.csv", data(tmp_path, bad=60))
    assert len(show(stack, bad).summary.copies) == 1


def test_a_copy_that_is_bad_itself_is_not_released_twice(stack, bad, tmp_path):
    with pytest.raises(CliError, match=rf"its content is that of dataset {bad}, which the published spec has quarantined \(60 of 200.*; correct it first"):
        release(stack, bad, data(tmp_path, bad=60))
    assert show(stack, bad).summary.copies == []


def test_a_copy_whose_content_was_accepted_before_is_on_record_and_is_not_sent_again(stack, bad, upload_bytes, tmp_path):
    good = upload_bytes("good.csv", data(tmp_path, "good.csv"))
    claim = {"UpdateExpression": "ADD claims :events", "ExpressionAttributeValues": {":events": {"SS": ["event"]}}}
    stack.dynamodb.update_item(TableName="ledger", Key={"pk": {"S": "MODEL#churn"}, "sk": {"S": f"DATASET#{good}"}}, **claim)
    for _ in range(2):
        assert release(stack, bad, tmp_path / "good.csv").upload.sent is False
    (copy,) = show(stack, bad).summary.copies
    assert (copy.dataset, copy.outcome) == (good, "accepted")


def test_a_file_is_released_unchanged_when_the_contract_has_changed(stack, bad, churn, ingest, tmp_path):
    churn("  missing: ['?']\n")
    assert release(stack, bad, data(tmp_path, bad=60)).upload.sent
    assert ingest("incoming/churn/rows.csv") != bad


def test_a_record_that_is_quarantined_no_more_is_left_alone(stack, put):
    correction = {"key": "k", "version": None, "digest": "d", "spec": "s", "by": "b", "time": "t"}
    put("DATASET#d", {}, status="accepted", time="t")
    for dataset in ("d", "nothing"):
        with pytest.raises(CliError, match="is not quarantined any more"):
            ledger.record_correction(stack, "m", dataset, correction)
    assert "Item" not in stack.dynamodb.get_item(TableName="ledger", Key={"pk": {"S": "MODEL#m"}, "sk": {"S": "DATASET#nothing"}})


def test_whoever_cannot_be_named_on_record_releases_nothing(stack, bad, tmp_path, monkeypatch):
    def refuse(**_):
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetCallerIdentity")

    stack.__dict__.pop("caller", None)
    monkeypatch.setitem(stack.__dict__, "client", lambda _: type("Sts", (), {"get_caller_identity": staticmethod(refuse)}))
    with pytest.raises(ClientError, match="AccessDenied"):
        release(stack, bad, data(tmp_path, "better.csv"))
    assert "incoming/churn/better.csv" not in {item["Key"] for item in stack.s3.list_objects_v2(Bucket="lake")["Contents"]}


def test_the_command_says_what_was_released_and_where_the_trail_is(noria, bad, tmp_path):
    text = noria("quarantine", "release", bad, data(tmp_path, "better.csv")).stdout
    assert text.splitlines() == [
        "uploaded s3://lake/incoming/churn/better.csv",
        f"released in place of dataset {bad}; the trail: noria quarantine show {bad}",
    ]
    answer = json.loads(noria("quarantine", "release", bad, data(tmp_path, "best.csv", rows=300), "--json").stdout)
    assert (answer["dataset"], answer["upload"]["key"], answer["stages"]) == (bad, "incoming/churn/best.csv", [])


def test_a_release_can_be_followed_to_its_last_stage(noria, bad, tmp_path, monkeypatch):
    monkeypatch.setattr("cli.data.progress.check_access", lambda *_: None)
    monkeypatch.setattr("cli.data.progress.follow", lambda *_: iter([Stage("ingest", 1.0, "quarantined", {"dataset": "d" * 12})]))
    result = noria("quarantine", "release", bad, data(tmp_path, "better.csv"), "--wait")
    assert (result.exit_code, "noria quarantine show dddddddddddd" in result.stdout) == (1, True)


def test_a_notebook_works_in_quarantine_as_well(stack, bad):
    assert [entry.dataset for entry in quarantine.list(stack)] == [bad]
    assert quarantine.show(stack, bad).summary.bad_rows == 60
