"""How runs and releases end."""

import json

import pytest

from noria.release.approval import decide_approval
from noria.release.rollout import conclude_rollout, plan_rollout
from noria.training.conclude_run import conclude_run
from tests.samples import sample


def test_a_version_is_registered_as_pending_with_where_it_comes_from():
    event = sample("functions/training/conclude_run.json")
    registration = conclude_run(event)["registration"]
    assert registration["ModelApprovalStatus"] == "PendingManualApproval"
    metadata = registration["CustomerMetadataProperties"]
    assert metadata["data_digest"] == event["digest"]
    assert metadata["code_digest"] == event["spec"]["digests"]["code"]
    assert metadata["environment_digest"] == event["spec"]["digests"]["environment"]
    assert metadata["run"] == event["run"]


def test_a_rejected_candidate_is_registered_nowhere():
    event = sample("functions/training/conclude_run.json")
    event["evaluation"]["candidate"]["accuracy"] = 0.1
    answer = conclude_run(event)
    assert (answer["outcome"], answer["registration"], answer["entry"]["DetailType"]) == ("rejected", None, "ModelRejected")


@pytest.mark.parametrize(
    ("cause", "record"),
    [
        (json.dumps({"FailureReason": "AlgorithmError: boom"}), "AlgorithmError: boom"),
        (json.dumps({"Cause": json.dumps({"FailureReason": "ClientError: no answer"}), "Status": "FAILED"}), "ClientError: no answer"),
        (json.dumps({"errorMessage": "no such key", "errorType": "NoSuchKey"}), "no such key"),
        (json.dumps({"SecondaryStatus": "MaxRuntimeExceeded", "StoppingCondition": {"MaxRuntimeInSeconds": 60}}), "limit of 60 s"),
        ("plain words", "plain words"),
    ],
)
def test_a_failed_run_tells_the_innermost_reason(cause, record):
    event = {**sample("functions/training/conclude_run.json"), "evaluation": None, "failure": {"Error": "States.TaskFailed", "Cause": cause}}
    answer = conclude_run(event)
    assert answer["entry"]["DetailType"] == "TrainingFailed"
    assert record in answer["verdict"]["reasons"][0]["text"]


def test_approval_is_automatic_or_left_to_a_person():
    event = sample("functions/release/decide_approval.json")
    assert decide_approval(event)["request"]["ModelApprovalStatus"] == "Approved"
    event["spec"]["approve"]["mode"] = "manual"
    assert decide_approval(event)["request"] is None


def deployed(**differences):
    """A release that ended otherwise than in the sample."""
    event = sample("functions/release/conclude_rollout.json")
    event["released"]["deployed"] |= differences
    return conclude_rollout(event)


def test_a_refused_update_is_told_unless_what_was_asked_serves_all_the_same():
    refused = {"Error": "SageMaker.SageMakerException", "Cause": "Cannot update in-progress endpoint"}
    assert deployed(Refused=refused)["outcome"] == "completed"
    report = deployed(Refused=refused, EndpointConfigName="another")
    assert (report["outcome"], report["verdict"]["reasons"][0]["text"]) == ("failed", "Cannot update in-progress endpoint")


def test_every_approval_is_a_release_of_its_own():
    event = sample("functions/release/plan_rollout.json")
    assert plan_rollout(event)["release"] != plan_rollout({**event, "approved_at": "1864060000000"})["release"]


def puts(concluded):
    return [item["Put"]["Item"]["sk"]["S"].split("#")[0] for item in concluded["record"]["TransactItems"] if "Put" in item]


def test_only_what_serves_becomes_the_champion_and_the_model_is_given_free_either_way():
    done, back = deployed(), deployed(EndpointConfigName="another", Before="another")
    assert (done["outcome"], puts(done)) == ("completed", ["RELEASE", "CHAMPION"])
    assert (back["outcome"], puts(back), back["entries"][0]["DetailType"]) == ("rolled_back", ["RELEASE"], "RolledBack")
    for concluded in (done, back):
        assert concluded["record"]["TransactItems"][-1]["Delete"]["Key"]["sk"]["S"] == "LOCK"


def test_a_failed_endpoint_is_a_failed_release_with_its_reason():
    answer = deployed(EndpointStatus="Failed", FailureReason="no ping")
    assert (answer["outcome"], answer["verdict"]["reasons"][0]["text"]) == ("failed", "no ping")


def test_what_a_failed_training_was_billed_for_is_recorded_and_importance_lies_beside_the_document():
    event = sample("functions/training/conclude_run.json")
    failure = {"Error": "States.TaskFailed", "Cause": json.dumps({"FailureReason": "AlgorithmError", "BillableTimeInSeconds": 77})}
    values = conclude_run({**event, "evaluation": None, "train_seconds": None, "failed_at": "train", "failure": failure})["record"]["ExpressionAttributeValues"]
    assert json.loads(values[":document"]["S"])["train_seconds"] == 77
    event["evaluation"]["importance"] = {"hour": 1.0}
    values = conclude_run(event)["record"]["ExpressionAttributeValues"]
    assert (json.loads(values[":importance"]["S"]), "importance" in values[":document"]["S"]) == ({"hour": 1.0}, False)


def test_a_run_that_an_earlier_version_has_begun_is_concluded():
    event = {name: value for name, value in sample("functions/training/conclude_run.json").items() if name not in ("source", "train_seconds")}
    registration = conclude_run(event)["registration"]
    assert registration
    assert "DriftCheckBaselines" not in registration
