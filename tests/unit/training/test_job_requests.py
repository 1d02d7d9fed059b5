"""What SageMaker is asked for a run and for its evaluation, as an AWS engineer would read the requests."""

import copy
import json

import pytest

from noria.training.plan_evaluation import plan_evaluation
from noria.training.plan_run import plan_run
from noria.training.schema import schema_digest
from tests.samples import sample


def planned(train=None, instance=None, preprocess=None, **changed):
    """The plan of a run whose spec says these things otherwise."""
    event = {**sample("functions/training/plan_run.json"), **changed}
    event["spec"]["train"] |= train or {}
    event["spec"]["train"]["instance"] |= instance or {}
    event["spec"]["preprocess"] |= preprocess or {}
    event["spec"]["images"] |= {"training": "train-image", "inference": "serve-image", "processing": "script-image", "preprocess": "front-image"}
    return plan_run(event)


SCRIPT = {
    "entry": "preprocess.py",
    "image": "sklearn",
    "instance": {"type": "ml.m5.xlarge", "count": 2, "volume_gb": 20, "spot": False},
    "arguments": {"year": 2011, "name": "plain", "exact": True},
    "max_minutes": 2.5,
}


@pytest.mark.parametrize(("minutes", "seconds"), [(15, 900), (0.5, 30), (0.001, 1), (1.01, 61)])
def test_a_training_job_ends_at_the_specs_minutes_and_one_on_spot_waits_twice_as_long(minutes, seconds):
    request = planned({"max_minutes": minutes})["training"]
    assert request["StoppingCondition"] == {"MaxRuntimeInSeconds": seconds}
    assert "EnableManagedSpotTraining" not in request
    spot = planned({"max_minutes": minutes}, {"spot": True})["training"]
    assert spot["StoppingCondition"] == {"MaxRuntimeInSeconds": seconds, "MaxWaitTimeInSeconds": 2 * seconds}
    assert spot["EnableManagedSpotTraining"] is True


def test_a_training_job_runs_the_users_script_on_what_the_spec_names():
    event = sample("functions/training/plan_run.json")
    request = planned({"entry": "fit.py", "hyperparameters": {"depth": 3, "loss": "log", "rate": 0.5, "warm": True}}, {"count": 3, "volume_gb": 77})["training"]
    report = {"depth": "3", "loss": "log", "rate": "0.5", "warm": "true", "sagemaker_program": "fit.py", "sagemaker_submit_directory": event["spec"]["source"]}
    assert request["HyperParameters"] == report
    assert request["ResourceConfig"] == {"InstanceType": "ml.m5.large", "InstanceCount": 3, "VolumeSizeInGB": 77}
    assert request["AlgorithmSpecification"]["TrainingImage"] == "train-image"
    assert request["RoleArn"] == event["resources"]["training_role"]
    (channel,) = request["InputDataConfig"]
    assert (channel["ChannelName"], channel["ContentType"]) == ("train", "text/csv")


def test_what_a_job_reads_and_writes_lies_under_its_run():
    plan = planned()
    uri = f"s3://noria-artifacts/runs/bikeshare/{plan['run']}/"
    assert plan["folder"] == f"runs/bikeshare/{plan['run']}/"
    assert plan["training"]["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] == f"{uri}train/"
    assert plan["training"]["OutputDataConfig"]["S3OutputPath"] == f"{uri}model"
    job = plan["training"]["TrainingJobName"]
    assert plan["candidate"]["request"]["Containers"][0]["ModelDataUrl"] == f"{uri}model/{job}/output/model.tar.gz"


def test_every_resource_of_a_run_carries_the_tags_that_tell_who_spends():
    plan = planned(preprocess={"script": SCRIPT})
    evaluation = sample("functions/training/plan_evaluation.json")
    transforms = plan_evaluation(evaluation)["transforms"]
    of_plan, of_evaluation = (
        [{"Key": "noria:model", "Value": "bikeshare"}, {"Key": "noria:stage", "Value": "noria"}, {"Key": "noria:run", "Value": run}]
        for run in (plan["run"], evaluation["run"])
    )
    assert all(request["Tags"] == of_plan for request in (plan["training"], plan["candidate"]["request"], plan["preprocess"]["processing"]))
    assert all(transform["request"]["Tags"] == of_evaluation for transform in transforms)


def test_the_same_request_for_the_same_dataset_is_the_same_run_and_any_other_is_another():
    run = planned()["run"]
    assert planned()["run"] == run
    assert len({run, planned(dataset="another")["run"], planned(cause_id="another")["run"], planned(model="another")["run"]}) == 4
    assert planned(source={"bucket": "of-another-life", "key": "curated/bikeshare/d/data.csv"})["run"] != run, "of a stack that is no more"


def test_without_a_script_the_dataset_itself_is_prepared():
    plan = planned()
    assert (plan["preprocess"]["processing"], plan["preprocess"]["prepare"]["processed"]) == (None, None)


def test_the_projects_own_script_is_a_processing_job_before_the_split():
    plan = planned(preprocess={"script": SCRIPT})
    request = plan["preprocess"]["processing"]
    processed = f"runs/bikeshare/{plan['run']}/processed/"
    assert plan["preprocess"]["prepare"]["processed"] == processed
    assert request["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"] == f"s3://noria-artifacts/{processed}"
    assert request["ProcessingResources"]["ClusterConfig"] == {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 20}
    assert request["StoppingCondition"] == {"MaxRuntimeInSeconds": 150}
    assert request["RoleArn"] == sample("functions/training/plan_run.json")["resources"]["processing_role"]
    assert request["AppSpecification"]["ImageUri"] == "script-image"
    assert request["AppSpecification"]["ContainerEntrypoint"][-1] == "preprocess.py"
    assert request["AppSpecification"]["ContainerArguments"] == ["--year", "2011", "--name", "plain", "--exact", "true"]
    inputs = {one["InputName"]: one["S3Input"] for one in request["ProcessingInputs"]}
    assert inputs["code"]["S3Uri"] == sample("functions/training/plan_run.json")["spec"]["source"]
    assert inputs["data"]["S3Uri"] == "s3://noria-lake/curated/bikeshare/8461379a676e/data.csv"
    assert [one["LocalPath"] for one in inputs.values()] == ["/opt/ml/processing/input/code", "/opt/ml/processing/input/data"]


def test_a_script_of_seconds_gets_one_and_a_script_without_arguments_gets_none():
    request = planned(preprocess={"script": {**SCRIPT, "max_minutes": 0.001, "arguments": {}}})["preprocess"]["processing"]
    assert request["StoppingCondition"] == {"MaxRuntimeInSeconds": 1}
    assert "ContainerArguments" not in request["AppSpecification"]


def test_declared_preprocessing_is_a_container_in_front_of_the_model_that_serves():
    (alone,) = planned()["candidate"]["request"]["Containers"]
    assert (alone["Image"], alone["Environment"]["SAGEMAKER_PROGRAM"]) == ("serve-image", "inference.py")
    plan = planned(preprocess={"columns": {"tmin": {"impute": "mean", "scale": None, "encode": None, "clip": None, "log": False, "parts": []}}})
    front, model = plan["candidate"]["request"]["Containers"]
    assert (front["Image"], model["Image"]) == ("front-image", "serve-image")
    assert front["ModelDataUrl"].startswith(f"s3://noria-artifacts/runs/bikeshare/{plan['run']}/preprocess/")
    assert front["Environment"]["SAGEMAKER_SUBMIT_DIRECTORY"] == "/opt/ml/model/code"


def evaluated(champion=..., **changed):
    event = {**sample("functions/training/plan_evaluation.json"), **changed}
    if champion is not ...:
        event["champion"] = champion
    elif event["champion"]:
        event["champion"]["schema"]["S"] = schema_digest(event["spec"])
    return plan_evaluation(event)


def test_candidate_and_champion_answer_the_same_holdout_each_in_a_folder_of_its_own():
    plan = evaluated()
    assert [transform["side"] for transform in plan["transforms"]] == ["candidate", "champion"]
    requests = [transform["request"] for transform in plan["transforms"]]
    assert [request["ModelName"] for request in requests] == ["noria-bikeshare-a4e33cbea049", "noria-bikeshare-000000000000"]
    assert len({request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"] for request in requests}) == 1
    assert len({request["TransformJobName"] for request in requests}) == 2
    for side, request in zip(("candidate", "champion"), requests, strict=True):
        folder = request["TransformOutput"]["S3OutputPath"].removeprefix("s3://noria-artifacts/")
        assert plan["score"]["predictions"][side] == f"{folder}holdout.csv.out"
    assert plan["score"]["incomparable"] is None


def test_a_transform_sends_lines_in_batches_of_six_mb_to_one_instance():
    request = evaluated()["transforms"][0]["request"]
    assert (request["BatchStrategy"], request["MaxPayloadInMB"], request["TransformInput"]["SplitType"]) == ("MultiRecord", 6, "Line")
    assert (request["TransformOutput"]["AssembleWith"], request["TransformResources"]) == ("Line", {"InstanceType": "ml.m5.large", "InstanceCount": 1})


def test_a_run_that_is_taken_over_transforms_anew():
    first, again = evaluated(), evaluated(attempt="another")
    assert first["transforms"][0]["request"]["TransformJobName"] != again["transforms"][0]["request"]["TransformJobName"]
    assert evaluated() == first


def test_a_champion_of_another_schema_is_not_asked_and_the_score_says_why():
    other = {"sagemaker_model": {"S": "m"}, "schema": {"S": "another"}}
    plan = evaluated(other)
    assert [transform["side"] for transform in plan["transforms"]] == ["candidate"]
    assert "the champion is sent other columns" in plan["score"]["incomparable"]
    first = evaluated(None)
    assert ([transform["side"] for transform in first["transforms"]], first["score"]["incomparable"]) == (["candidate"], None)


@pytest.mark.parametrize(("block", "value"), [("target", "hour"), ("task", "regression"), ("data", None)])
def test_versions_are_comparable_where_columns_target_and_task_are_the_same(block, value):
    spec = sample("functions/training/plan_run.json")["spec"]
    other = copy.deepcopy(spec)
    if value is None:
        del other["data"]["columns"]["pn"]
    else:
        other[block] = value
    assert schema_digest(other) != schema_digest(spec)
    wider = copy.deepcopy(spec)
    wider["data"]["columns"]["pn"]["between"] = [0, 5]
    assert schema_digest(wider) == schema_digest(spec)


def test_only_gates_against_the_champion_are_compared_with_their_confidence():
    event = sample("functions/training/plan_evaluation.json")
    gates = [{"metric": "f1", "at_least": 0.5}, {"metric": "recall", "against": "champion", "confidence": 0.9}]
    event["spec"]["evaluate"]["gates"] = [{"at_most": None, "margin": 0.0, **gate} for gate in gates]
    score = plan_evaluation(event)["score"]
    assert (score["comparisons"], score["monitored_metric"]) == ([{"metric": "recall", "confidence": 0.9}], "f1")
    assert json.dumps(score["features"]) == '["hour", "dow", "month", "tmin", "tmax", "pn", "lag_week"]'
