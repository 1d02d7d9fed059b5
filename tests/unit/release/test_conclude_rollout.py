"""How a rollout ends, and what the ledger keeps of it."""

import json

import pytest

from noria.release.conclude_rollout import conclude_rollout
from tests.samples import sample

NO_REPORT = {"plan": None, "observation": None, "deployment": None, "failure": None}
SCALING = {"Error": "ApplicationAutoScaling.ValidationException", "Cause": "there is no such variant"}


def deployed(**differences):
    """A release that ended otherwise than in the sample."""
    event = sample("functions/release/conclude_rollout.json")
    event["report"]["deployment"] |= differences
    return conclude_rollout(event)


def observed(outcome, back=True, **differences):
    """A release whose challenger was not promoted; `back` is whether the champion serves alone again."""
    event = sample("functions/release/conclude_rollout.json")
    event["report"]["observation"]["outcome"] = outcome
    champion = event["report"]["plan"]["undo"]["create"]["EndpointConfigName"]
    event["report"]["deployment"] |= {"EndpointConfigName": champion if back else event["report"]["plan"]["config"], **differences}
    return conclude_rollout(event)


def concluded(**differences):
    return conclude_rollout({**sample("functions/release/conclude_rollout.json"), **differences})


def puts(concluded):
    return [item["Put"]["Item"]["sk"]["S"].split("#")[0] for item in concluded["record"]["TransactItems"] if "Put" in item]


def first(concluded):
    return concluded["verdict"]["reasons"][0]


def published(concluded):
    return [entry["DetailType"] for entry in concluded["entries"]]


def test_a_refused_update_is_told_unless_what_was_asked_serves_all_the_same():
    refused = {"Error": "SageMaker.SageMakerException", "Cause": "Cannot update in-progress endpoint"}
    assert deployed(Refusal=refused)["outcome"] == "completed"
    report = deployed(Refusal=refused, EndpointConfigName="another")
    assert (report["outcome"], report["verdict"]["reasons"][0]["text"]) == ("failed", "Cannot update in-progress endpoint")


def test_only_what_serves_becomes_the_champion_and_the_model_is_given_free_either_way():
    done, back = deployed(), deployed(EndpointConfigName="another", PreviousConfig="another")
    assert (done["outcome"], puts(done)) == ("completed", ["RELEASE", "CHAMPION"])
    assert (back["outcome"], puts(back), back["entries"][0]["DetailType"]) == ("rolled_back", ["RELEASE"], "RolloutUndone")
    for report in (done, back):
        assert report["record"]["TransactItems"][-1]["Delete"]["Key"]["sk"]["S"] == "LOCK"


def test_a_failed_endpoint_is_a_failed_release_with_its_reason():
    answer = deployed(EndpointStatus="Failed", FailureReason="no ping")
    assert (answer["outcome"], answer["verdict"]["reasons"][0]["text"]) == ("failed", "no ping")
    assert first(deployed(EndpointStatus="Failed"))["text"] == "the endpoint is Failed"


def test_an_endpoint_that_another_release_has_changed_meanwhile_was_overtaken():
    report = deployed(EndpointConfigName="another", PreviousConfig="before")
    assert (report["outcome"], first(report)["code"], published(report)) == ("failed", "Overtaken", ["RolloutFailed"])


@pytest.mark.parametrize(
    ("outcome", "status", "event"),
    [("undo", "rolled_back", "RolloutUndone"), ("hold", "held", "RolloutHeld"), ("changed", "by_hand", "RolloutFailed"), ("other", "failed", "RolloutFailed")],
)
def test_a_challenger_that_was_not_promoted_ends_as_the_guard_decided(outcome, status, event):
    report = observed(outcome)
    assert (report["outcome"], published(report), puts(report)) == (status, [event], ["RELEASE"])
    assert report["record"]["TransactItems"][0]["Put"]["Item"]["status"] == {"S": status}
    evidence = sample("functions/release/conclude_rollout.json")["report"]["observation"]["verdict"]["reasons"]
    assert report["verdict"]["reasons"] == evidence


@pytest.mark.parametrize("differences", [{"back": False}, {"EndpointStatus": "Updating"}])
def test_an_undoing_that_the_endpoint_does_not_show_has_failed(differences):
    report = observed("undo", **differences)
    assert (report["outcome"], first(report)["code"], "noria rollback" in first(report)["text"]) == ("failed", "NotUndone", True)


def test_a_version_that_serves_without_scaling_says_so_before_its_evidence():
    report = deployed(ScalingFailure=SCALING)
    assert [reason["code"] for reason in report["verdict"]["reasons"]][:2] == ["Serves", "NotScaled"]
    assert report["verdict"]["reasons"][1]["text"] == "serve.autoscale has no effect: there is no such variant"
    assert observed("hold", ScalingFailure=SCALING)["verdict"]["reasons"][-1]["code"] == "NotScaled"


@pytest.mark.parametrize(
    ("code", "status", "event"),
    [("ChangedByHand", "by_hand", "RolloutFailed"), ("NotApproved", "failed", "RolloutFailed"), ("ServesAlready", "refused", "RolloutSkipped")],
)
def test_a_refused_version_is_recorded_with_its_reason(code, status, event):
    reasons = [{"code": code, "text": "t", "observed": 1, "limit": 2}]
    plan = {"outcome": "refused", "verdict": {"outcome": "refused", "reasons": reasons}, "release": "r", "endpoint": "e", "config": "c"}
    report = concluded(report={**NO_REPORT, "plan": plan})
    assert (report["outcome"], report["verdict"]["reasons"], published(report)) == (status, reasons, [event])
    data = report["entries"][0]["Detail"]["data"]
    assert (data["release"], data["endpoint"], data["config"], data["exposed_requests"]) == ("r", "e", "c", None)


def test_a_release_that_was_not_begun_has_failed_and_needs_no_rollback():
    report = concluded(report=None, failure={"Error": "States.Timeout", "Cause": "no lock"})
    assert (report["outcome"], first(report)["code"], published(report)) == ("failed", "States.Timeout", ["RolloutFailed"])
    data = report["entries"][0]["Detail"]["data"]
    assert (data["endpoint"], data["config"], data["strategy"]) == ("", "", "all_at_once")


def test_a_release_that_did_not_report_is_unfinished_and_the_champion_alone_is_requested():
    report = concluded(report=NO_REPORT, failure={"Error": "States.TaskFailed", "Cause": json.dumps({"Cause": "aborted"})})
    assert (report["outcome"], published(report)) == ("unfinished", ["RolloutFailed", "RollbackRequested"])
    request = report["entries"][1]["Detail"]["data"]
    package = sample("functions/release/conclude_rollout.json")["package"]
    assert request == {"to": None, "by": "noria", "reason": f"the release of {package} was interrupted: aborted"}
    assert report["entries"][0]["Detail"]["data"]["release"] == report["record"]["TransactItems"][0]["Put"]["Item"]["release"]["S"]


@pytest.mark.parametrize("deployment", [None, {"EndpointStatus": "InService"}])
def test_a_step_that_failed_is_the_reason_whatever_the_endpoint_shows(deployment):
    report = sample("functions/release/conclude_rollout.json")["report"]
    result = concluded(report={**report, "deployment": deployment, "failure": {"Error": "SmokeMismatchError", "Cause": "row 5"}})
    assert (result["outcome"], first(result)["code"], first(result)["text"]) == ("failed", "SmokeMismatchError", "row 5")


def test_a_machine_that_ended_without_a_word_has_failed_all_the_same():
    assert first(concluded(report=NO_REPORT)) == {"code": "States.Runtime", "text": "no cause was given", "observed": None, "limit": None}


def test_who_approved_when_and_with_which_comment_is_on_record():
    data = concluded(approval={"by": "arn:person", "comment": "it is good"})["entries"][0]["Detail"]["data"]
    assert data["approval"] == {"by": "arn:person", "at": "1764060000000", "comment": "it is good"}
    metadata = {**sample("functions/release/conclude_rollout.json")["metadata"], "approved_by": "arn:owner"}
    assert concluded(metadata=metadata)["entries"][0]["Detail"]["data"]["approval"]["by"] == "arn:owner"


def test_exposed_requests_and_seconds_are_on_record():
    data = concluded()["entries"][0]["Detail"]["data"]
    assert (data["exposed_requests"], data["seconds"]) == (5700.0, 1795.0)


def test_the_lock_is_freed_by_its_holder_alone():
    delete = concluded()["record"]["TransactItems"][-1]["Delete"]
    assert delete["ConditionExpression"] == "attribute_not_exists(pk) OR holder = :me"
    assert delete["ExpressionAttributeValues"] == {":me": {"S": sample("functions/release/conclude_rollout.json")["owner"]}}


def test_release_and_champion_scale_as_the_spec_says():
    autoscale = {"min": 1, "max": 4, "requests": 600.0, "out_seconds": 60, "in_seconds": 300}
    items = [item["Put"]["Item"] for item in concluded(autoscale=autoscale)["record"]["TransactItems"] if "Put" in item]
    assert [json.loads(item["autoscale"]["S"]) for item in items] == [autoscale, autoscale]
    assert ["status" in item for item in items] == [True, False]
