"""How runs end."""

import json

import pytest

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
