"""How a run ends: registered, rejected or failed."""

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
    conclusion = conclude_run(event)
    assert (conclusion["outcome"], conclusion["registration"], conclusion["entry"]["DetailType"]) == ("rejected", None, "ModelRejected")


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (json.dumps({"FailureReason": "AlgorithmError: boom"}), "AlgorithmError: boom"),
        (json.dumps({"Cause": json.dumps({"FailureReason": "ClientError: no answer"}), "Status": "FAILED"}), "ClientError: no answer"),
        (json.dumps({"errorMessage": "no such key", "errorType": "NoSuchKey"}), "no such key"),
        (json.dumps({"SecondaryStatus": "MaxRuntimeExceeded", "StoppingCondition": {"MaxRuntimeInSeconds": 60}}), "limit of 60 s"),
        ("plain words", "plain words"),
    ],
)
def test_a_failed_run_tells_the_innermost_reason(cause, reason):
    event = {**sample("functions/training/conclude_run.json"), "evaluation": None, "failure": {"Error": "States.TaskFailed", "Cause": cause}}
    conclusion = conclude_run(event)
    assert conclusion["entry"]["DetailType"] == "TrainingFailed"
    assert reason in conclusion["verdict"]["reasons"][0]["text"]


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


def test_a_failure_without_a_cause_is_concluded_all_the_same():
    event = {**sample("functions/training/conclude_run.json"), "evaluation": None, "failed_at": "evaluate", "failure": {"Error": "States.Timeout"}}
    conclusion = conclude_run(event)
    assert [(reason["code"], reason["text"]) for reason in conclusion["verdict"]["reasons"]] == [("States.Timeout", "no cause was given")]
    assert conclusion["entry"]["Detail"]["data"]["failed_at"] == "evaluate"


def test_the_evaluation_that_notices_a_failed_training_job_is_not_the_stage_that_failed():
    cause = json.dumps({"Error": "TrainingNotCompleted", "Cause": "AlgorithmError"})
    event = {**sample("functions/training/conclude_run.json"), "evaluation": None, "failure": {"Error": "States.TaskFailed", "Cause": cause}}
    assert conclude_run({**event, "failed_at": "evaluate"})["entry"]["Detail"]["data"]["failed_at"] == "train"


def test_the_machine_fills_the_version_s_arn_into_the_event_and_the_ledger_s_document_has_none():
    conclusion = conclude_run(sample("functions/training/conclude_run.json"))
    document = json.loads(conclusion["record"]["ExpressionAttributeValues"][":document"]["S"])
    assert conclusion["entry"]["Detail"]["data"] == {**document, "model_package_arn": None}
    assert "model_package_arn" not in document


def test_a_version_names_the_files_that_later_data_is_compared_with():
    registration = conclude_run(sample("functions/training/conclude_run.json"))["registration"]
    dataset, evaluation = "s3://noria-lake/curated/bikeshare/8461379a676e/", "s3://noria-artifacts/runs/bikeshare/a4e33cbea049/evaluation.json"
    data, quality = (registration["DriftCheckBaselines"][kind] for kind in ("ModelDataQuality", "ModelQuality"))
    assert [data[kind]["S3Uri"] for kind in ("Statistics", "Constraints")] == [f"{dataset}data.profile", f"{dataset}blocks.profile"]
    assert quality["Statistics"]["S3Uri"] == registration["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"] == evaluation


def test_metadata_is_no_longer_than_the_registry_takes():
    event = sample("functions/training/conclude_run.json")
    event["digest"] = "d" * 300
    assert len(conclude_run(event)["registration"]["CustomerMetadataProperties"]["data_digest"]) == 256
