"""The verdict on an upload, and what it makes the machine do."""

import json
import re

import pytest

from noria.data import policy
from noria.data.judge_dataset import judge_dataset
from tests.samples import sample

PROFILE = {
    "bytes": 10,
    "problem": None,
    "header": ["id", "at", "size", "kind", "count", "y"],
    "rows": 100,
    "bad_rows": 0,
    "faults": {},
    "nulls": {},
    "last": None,
}


def test_a_profile_without_faults_is_accepted(contract):
    assert policy.judge(PROFILE, contract, "y").outcome == "accepted"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"bytes": 0}, "EmptyFile"),
        ({"bytes": policy.MOST_BYTES + 1}, "TooLarge"),
        ({"problem": "no CSV"}, "Unreadable"),
        ({"header": ["id", "at", "size_cm", "kind", "count", "y"]}, "MissingColumn"),
        ({"bad_rows": 30, "faults": {"size": {"Range": 30}}}, "TooManyBadRows"),
        ({"rows": 2}, "TooFewRows"),
    ],
)
def test_what_breaks_the_contract_is_quarantined_with_its_reason(contract, change, code):
    verdict = policy.judge({**PROFILE, **change}, contract, "y")
    assert verdict.outcome == "quarantined"
    assert [reason.code for reason in verdict.reasons] == [code]


def test_a_renamed_column_is_told_with_its_nearest_name(contract):
    verdict = policy.judge({**PROFILE, "header": ["id", "at", "size_cm", "kind", "count", "y"]}, contract, "y")
    assert "(is it renamed to 'size_cm'?); the header is id, at, size_cm, kind, count, y" in verdict.reasons[0].text


def test_a_column_whose_name_became_longer_is_told_with_that_name(contract):
    header = [{"size": "size_in_millimetres"}.get(name, name) for name in PROFILE["header"]]
    assert "is it renamed to 'size_in_millimetres'?" in policy.judge({**PROFILE, "header": header}, contract, "y").reasons[0].text


@pytest.mark.parametrize("other", ["", "e", "quantity"])
def test_a_name_that_has_nothing_to_do_with_the_missing_one_is_no_hint(contract, other):
    header = [{"size": other}.get(name, name) for name in PROFILE["header"]]
    assert "renamed" not in policy.judge({**PROFILE, "header": header}, contract, "y").reasons[0].text


def test_few_bad_rows_are_set_aside_and_the_rest_accepted(contract):
    verdict = policy.judge({**PROFILE, "bad_rows": 1, "faults": {"size": {"Range": 1}}}, contract, "y")
    assert (verdict.outcome, verdict.reasons[0].code) == ("accepted", "RowsSetAside")


def test_the_same_bytes_for_the_same_spec_are_the_same_dataset():
    event = sample("functions/data/judge_dataset.json")
    again = {**event, "upload": {**event["upload"], "key": "incoming/bikeshare/other.csv", "version": "v2"}}
    assert judge_dataset(event)["dataset"] == judge_dataset(again)["dataset"]
    renewed = {**event, "spec": {**event["spec"], "id": "another"}}
    assert judge_dataset(event)["dataset"] != judge_dataset(renewed)["dataset"]


def test_an_upload_for_a_model_nobody_published_is_quarantined_with_what_to_do():
    event = {**sample("functions/data/judge_dataset.json"), "spec": None, "model": "ghost"}
    answer = judge_dataset(event)
    assert answer["outcome"] == "quarantined"
    assert "noria publish" in answer["verdict"]["reasons"][0]["text"]
    assert answer["copies"][-1]["Key"].startswith("quarantine/ghost/")


@pytest.mark.parametrize(
    "key", ["incoming/../../etc/passwd", "incoming/bikeshare/a b'\" $eval(1).csv", "incoming/bikeshare/../../x", "incoming/Ünï/☃", "incoming/m/.."]
)
def test_no_key_leads_out_of_its_folder(key):
    event = sample("functions/data/judge_dataset.json")
    event["upload"]["key"] = key
    event |= {"model": key.split("/")[1], "spec": None}
    target = judge_dataset(event)["copies"][-1]["Key"]
    folder, model, dataset, name = target.split("/")
    assert folder == "quarantine"
    assert model in ("unknown", "bikeshare", "m")
    assert ".." not in (model, dataset, name)


def test_a_long_unicode_name_fits_into_a_key():
    event = {**sample("functions/data/judge_dataset.json"), "spec": None}
    event["upload"]["key"] = "incoming/bikeshare/" + "数" * 330 + ".csv"
    target = judge_dataset(event)["copies"][-1]["Key"]
    assert len(target.encode()) < 1024
    assert re.fullmatch(r"quarantine/bikeshare/[0-9a-f]{12}/(%[0-9A-F]{2})+\.csv", target)


def test_the_copy_names_the_exact_version_with_its_key_encoded():
    event = sample("functions/data/judge_dataset.json")
    event["upload"] |= {"key": "incoming/bikeshare/a b?.csv", "version": "v+1"}
    event["profile"]["rows"] = 0
    assert judge_dataset(event)["copies"][-1]["CopySource"] == "noria-lake/incoming/bikeshare/a%20b%3F.csv?versionId=v%2B1"


def test_an_accepted_dataset_carries_its_spec_into_the_ledger_until_a_run_has_taken_it():
    event = sample("functions/data/judge_dataset.json")
    record = judge_dataset(event)["record"]
    assert record["ConditionExpression"] == "attribute_not_exists(claims) AND attribute_not_exists(corrections)"
    assert json.loads(record["Item"]["spec"]["S"])["id"] == event["spec"]["id"]


def test_a_spec_may_say_that_uploads_do_not_train():
    event = sample("functions/data/judge_dataset.json")
    event["spec"]["train"]["on_upload"] = False
    assert judge_dataset(event)["entry"]["Detail"]["data"]["train"] is False
