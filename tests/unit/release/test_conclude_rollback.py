"""How a rollback ends, and what the ledger keeps of it."""

import json

import pytest

from noria.release.conclude_rollback import conclude_rollback
from tests.samples import sample

VERSION = "arn:aws:sagemaker:eu-central-1:123456789012:model-package/noria-bikeshare/"


def concluded(**differences):
    return conclude_rollback({**sample("functions/release/conclude_rollback.json"), **differences})


def deployed(**differences):
    event = sample("functions/release/conclude_rollback.json")
    event["deployment"] |= differences
    return conclude_rollback(event)


def planned(outcome, **differences):
    return concluded(deployment=None, plan={**sample("functions/release/conclude_rollback.json")["plan"], "outcome": outcome, **differences})


def kinds(report):
    return [next(iter(item)) for item in report["record"]["TransactItems"]]


def test_what_was_restored_is_the_champion_again_and_what_was_left_is_marked():
    done = conclude_rollback(sample("functions/release/conclude_rollback.json"))
    assert (done["outcome"], done["entry"]["DetailType"]) == ("rolled_back", "ReleaseRestored")
    items = done["record"]["TransactItems"]
    statuses = {item["Update"]["Key"]["sk"]["S"]: item["Update"]["ExpressionAttributeValues"][":status"]["S"] for item in items if "Update" in item}
    assert statuses == {"RELEASE#000000000002": "rolled_back", "RELEASE#000000000001": "restored"}
    champion = next(item["Put"]["Item"] for item in items if "Put" in item and item["Put"]["Item"]["sk"]["S"] == "CHAMPION")
    assert champion["config"]["S"] == "noria-bikeshare-000000000001"
    data = done["entry"]["Detail"]["data"]
    assert (data["model_package_arn"], data["restored"], data["seconds"]) == (f"{VERSION}2", f"{VERSION}1", 30.0)


def test_a_rollback_that_fails_half_way_says_what_serves_and_changes_no_champion():
    event = sample("functions/release/conclude_rollback.json")
    event["deployment"]["EndpointConfigName"] = "noria-bikeshare-000000000002"
    failed = conclude_rollback(event)
    assert (failed["outcome"], failed["verdict"]["reasons"][0]["code"]) == ("rollback_failed", "NotRestored")
    assert not [item for item in failed["record"]["TransactItems"] if "Put" in item and item["Put"]["Item"]["sk"]["S"] == "CHAMPION"]


def test_a_restored_champion_serves_from_now_on_and_what_was_left_keeps_its_time():
    done = concluded()
    left, restored = (item["Update"]["ExpressionAttributeValues"] for item in done["record"]["TransactItems"] if "Update" in item)
    assert (left[":time"], restored[":time"]) == ({"S": "2026-11-24T08:20:00.000Z"}, {"S": "2026-11-24T08:40:00.000Z"})
    champion = done["record"]["TransactItems"][-2]["Put"]["Item"]
    assert (champion["time"], champion["sagemaker_model"], "status" in champion) == (restored[":time"], {"S": "noria-bikeshare-b00000000001"}, False)
    assert json.loads(champion["document"]["S"]) == {
        "release": "000000000001",
        "endpoint": "noria-bikeshare",
        "config": "noria-bikeshare-000000000001",
        "run": "b00000000001",
        "spec": "7af65b23fb0d",
        "model_package_arn": f"{VERSION}1",
        "reasons": [],
    }


def test_a_rollback_is_on_record_with_who_requested_it_and_both_releases():
    record = concluded()["record"]["TransactItems"][0]["Put"]["Item"]
    assert (record["sk"], record["status"]) == ({"S": "ROLLBACK#844e2571-85d4-695f-b930-0153b71dcb42"}, {"S": "rolled_back"})
    document = json.loads(record["document"]["S"])
    assert document["request"]["by"] == "alarm noria/bikeshare/errors"
    assert (document["current"]["release"], document["target"]["release"]) == ("000000000002", "000000000001")
    assert document["reasons"][0]["code"] == "Restore"


def test_an_endpoint_that_serves_without_scaling_is_restored_and_says_so():
    done = deployed(ScalingFailure={"Error": "E", "Cause": "no variant"})
    assert (done["outcome"], [reason["code"] for reason in done["verdict"]["reasons"]]) == ("rolled_back", ["Restore", "NotScaled"])


@pytest.mark.parametrize(
    ("differences", "text"),
    [
        ({"EndpointConfigName": "other", "Refusal": {"Error": "E", "Cause": "in progress"}}, "in progress"),
        ({"EndpointStatus": "Updating"}, "the endpoint is Updating with noria-bikeshare-000000000001, not with noria-bikeshare-000000000001"),
    ],
)
def test_an_endpoint_that_does_not_serve_the_target_is_a_failed_rollback(differences, text):
    failed = deployed(**differences)
    assert (failed["outcome"], failed["entry"]["DetailType"], failed["verdict"]["reasons"][0]["text"]) == ("rollback_failed", "RollbackFailed", text)
    assert kinds(failed) == ["Put", "Delete"]


@pytest.mark.parametrize(
    ("outcome", "result", "event"), [("undone", "undone", "RollbackSkipped"), ("refused", "refused", "RollbackFailed"), ("yield", "refused", "RollbackFailed")]
)
def test_where_nothing_was_restored_the_plan_s_reason_is_the_verdict(outcome, result, event):
    report = planned(outcome)
    # It has not taken the lock, which whoever waited for the release under way may hold by now.
    assert (report["outcome"], report["entry"]["DetailType"], kinds(report)) == (result, event, ["Put"])
    assert report["verdict"]["reasons"] == sample("functions/release/conclude_rollback.json")["plan"]["verdict"]["reasons"]


@pytest.mark.parametrize("failure", [{"Error": "States.Timeout", "Cause": "slow"}, None])
def test_a_restoration_without_a_description_has_failed(failure):
    failed = concluded(deployment=None, failure=failure)
    assert (failed["outcome"], failed["verdict"]["reasons"][0]["code"]) == ("rollback_failed", failure["Error"] if failure else "States.Runtime")
    assert failed["verdict"]["reasons"][1]["code"] == "Restore"


def test_a_rollback_that_was_never_planned_has_null_for_what_it_does_not_know():
    failed = concluded(plan=None, deployment=None, failure={"Error": "E", "Cause": "c"})
    data = failed["entry"]["Detail"]["data"]
    assert [data[name] for name in ("release", "model_package_arn", "endpoint", "config", "run", "restored")] == [None] * 6
    assert (data["requested_by"], failed["outcome"]) == ("alarm noria/bikeshare/errors", "rollback_failed")


def test_each_request_of_the_same_release_is_an_event_of_its_own():
    event = sample("functions/release/conclude_rollback.json")
    again = {**event, "cause": {**event["cause"], "causation_id": "another"}}
    assert conclude_rollback(event)["entry"]["Detail"]["metadata"]["id"] != conclude_rollback(again)["entry"]["Detail"]["metadata"]["id"]
