"""From an accepted dataset to a registered version, with the evaluation that it starts."""

import json

from tests.workflow.conftest import WorldMaker
from tests.workflow.routes import evaluation, request
from tests.workflow.running import Execution, Failure
from tests.workflow.services import PACKAGE
from tests.workflow.world import TRUTH, WRONG, published

CHAMPION = "Stage-bikeshare-before"


def announced(played: Execution) -> dict:
    (entry,) = played.requests("Announce")[0]["Entries"]
    return entry


def test_a_dataset_is_split_trained_on_evaluated_and_registered_pending_approval(world: WorldMaker):
    services = world()
    played = services.play("train", request())
    run = played.output["run"]
    assert played.output == {"outcome": "registered", "run": run, "verdict": {"outcome": "registered", "reasons": []}, "model_package_arn": PACKAGE}

    (training,) = played.requests("Train model")
    (started,) = played.requests("Evaluate candidate")
    (registration,) = played.requests("Register version")
    (record,) = played.requests("Record run")
    assert json.loads(record["ExpressionAttributeValues"][":document"]["S"])["train_seconds"] == 41
    assert {key.rsplit("/", 2)[0] for key in services.written} == {f"runs/bikeshare/{run}"}
    assert f"runs/bikeshare/{run}/holdout/holdout.csv" in services.written
    assert training["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] == f"s3://Artifacts/runs/bikeshare/{run}/train/"
    assert started["Name"].startswith(f"bikeshare-{run}-")
    assert registration["ModelApprovalStatus"] == "PendingManualApproval"
    assert record["ExpressionAttributeValues"][":status"]["S"] == "registered"
    requested, message = request()["detail"]["metadata"], announced(played)["Detail"]["metadata"]
    assert announced(played)["DetailType"] == "ModelRegistered"
    assert (message["causation_id"], message["correlation_id"]) == (requested["id"], requested["correlation_id"])
    assert announced(played)["Detail"]["data"]["model_package_arn"] == PACKAGE
    assert announced(played)["Detail"]["data"]["metrics"]["accuracy"] == 1
    assert [execution.status for execution in services.executions["evaluate"]] == ["SUCCEEDED"]


def test_the_dataset_is_claimed_for_this_request_and_brings_the_spec_that_judged_it(world: WorldMaker):
    spec = {**published(), "region": "eu-south-1"}
    played = world(spec=spec).play("train", request())
    (claim,) = played.requests("Claim run")
    assert claim["Key"] == {"pk": {"S": "MODEL#bikeshare"}, "sk": {"S": "DATASET#8461379a676e"}}
    assert claim["ExpressionAttributeValues"][":events"]["SS"] == [request()["detail"]["metadata"]["id"]]
    assert claim["ExpressionAttributeValues"][":event"]["S"] == request()["detail"]["metadata"]["id"]
    assert played.requests("Plan run")[0]["Payload"]["spec"] == spec


def test_a_second_telling_of_the_same_request_ends_as_a_duplicate(world: WorldMaker):
    played = world(faults={"train: Claim run": [Failure("DynamoDB.ConditionalCheckFailedException")]}).play("train", request())
    assert (played.status, played.output, len(played.calls)) == ("SUCCEEDED", {"outcome": "duplicate"}, 1)


def test_a_candidate_that_misses_a_gate_is_recorded_and_announced_but_not_registered(world: WorldMaker):
    played = world(answers={"candidate": WRONG}).play("train", request())
    assert played.output["outcome"] == "rejected"
    assert played.output["model_package_arn"] is None
    assert not played.requests("Register version")
    assert {reason["code"] for reason in played.output["verdict"]["reasons"]} == {"GateMissed"}
    assert played.requests("Record run")[0]["ExpressionAttributeValues"][":status"]["S"] == "rejected"
    assert announced(played)["DetailType"] == "ModelRejected"
    assert announced(played)["Detail"]["data"]["model_package_arn"] is None


def test_a_candidate_no_better_than_the_champion_on_the_same_rows_is_rejected(world: WorldMaker):
    services = world(champion=CHAMPION, answers={"candidate": TRUTH, "champion": TRUTH})
    played = services.play("train", request())
    assert [reason["code"] for reason in played.output["verdict"]["reasons"]] == ["NotBetterThanChampion"]
    transforms = services.executions["evaluate"][0].requests("Transform")
    assert {transform["ModelName"] for transform in transforms} == {f"Stage-bikeshare-{played.output['run']}", CHAMPION}
    assert len({transform["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"] for transform in transforms}) == 1


def test_a_training_job_that_fails_is_announced_with_the_reason_that_sagemaker_gave(world: WorldMaker):
    report = {"TrainingJobStatus": "Failed", "FailureReason": "AlgorithmError: ValueError: Input contains NaN, exit code: 1"}
    played = world(faults={"train: Train model": [Failure("States.TaskFailed", json.dumps(report))]}).play("train", request())
    assert (played.status, played.output["outcome"]) == ("SUCCEEDED", "failed")
    assert "Evaluate candidate" not in played.states
    assert not played.requests("Register version")
    assert announced(played)["DetailType"] == "TrainingFailed"
    (reason,) = announced(played)["Detail"]["data"]["reasons"]
    assert (reason["code"], reason["text"]) == ("States.TaskFailed", report["FailureReason"])
    assert played.requests("Record run")[0]["ExpressionAttributeValues"][":status"]["S"] == "failed"


def test_answers_that_do_not_fit_the_holdout_fail_the_run_by_the_evaluations_words(world: WorldMaker):
    services = world(answers={"candidate": TRUTH[1:]})
    played = services.play("train", request())
    (evaluated,) = services.executions["evaluate"]
    assert (evaluated.status, evaluated.error) == ("FAILED", "EvaluationError")
    assert announced(played)["DetailType"] == "TrainingFailed"
    assert "answered 39 lines for 40 rows" in announced(played)["Detail"]["data"]["reasons"][0]["text"]


def test_an_evaluation_goes_on_with_a_model_that_is_there_already(world: WorldMaker):
    exists = Failure("SageMaker.AmazonSageMakerException", "Cannot create already existing model")
    played = world(faults={"evaluate: Create model": [exists, ...]}).play("evaluate", evaluation())
    assert played.status == "SUCCEEDED"
    assert played.after("Create model") == "Exists already?"


def test_an_evaluation_writes_what_it_hands_back(world: WorldMaker):
    played = world(champion=CHAMPION).play("evaluate", evaluation())
    (written,) = played.requests("Write evaluation")
    assert written["Key"] == f"{evaluation()['folder']}evaluation.json"
    assert written["Body"] == played.output
    assert (played.output["candidate"]["accuracy"], played.output["champion"]["accuracy"]) == (1, 0)


def test_a_candidate_whose_transform_fails_fails_the_evaluation_with_its_reason(world: WorldMaker):
    report = json.dumps({"TransformJobStatus": "Failed", "FailureReason": "ClientError: See job logs"})
    played = world(faults={"evaluate: Transform": [Failure("States.TaskFailed", report)]}).play("evaluate", evaluation())
    assert (played.status, played.error, played.cause) == ("FAILED", "Noria.TaskFailed", report)
    assert "Score holdout" not in played.states


def test_a_champion_that_cannot_answer_does_not_keep_every_candidate_out(world: WorldMaker):
    played = world(champion=CHAMPION, unable="AlgorithmError: no such artifact").play("evaluate", evaluation())
    assert played.status == "SUCCEEDED"
    assert played.output["champion"] is None
    assert "AlgorithmError: no such artifact" in played.output["incomparable"]


def test_a_passing_trouble_of_the_champions_transform_is_no_reason_to_skip_the_comparison(world: WorldMaker):
    played = world(champion=CHAMPION, unable="CapacityError: Unable to provision requested ML compute capacity").play("evaluate", evaluation())
    assert played.status == "FAILED"
    assert "CapacityError" in played.cause
