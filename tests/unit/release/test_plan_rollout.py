"""What a release asks of SageMaker, and under which names."""

from noria.release.names import release_names
from noria.release.plan_rollout import plan_rollout
from tests.samples import sample


def test_every_approval_is_a_release_of_its_own():
    event = sample("functions/release/plan_rollout.json")
    assert plan_rollout(event)["release"] != plan_rollout({**event, "approved_at": "1864060000000"})["release"]


def test_names_begin_with_the_stack_s_prefix_and_the_model():
    names = release_names("noria", "churn", "arn:p/1", "1")
    assert (names.endpoint, names.config, names.trial) == ("noria-churn", f"noria-churn-{names.release}", f"noria-churn-{names.release}-try")
    assert len(names.release) == 12


def test_a_plan_says_which_strategy_it_is_and_which_was_declared(planned):
    (reason,) = planned(strategy="canary")["verdict"]["reasons"]
    assert (reason["code"], reason["observed"], reason["limit"]) == ("Strategy", "canary", "canary")
    assert reason["text"].startswith("noria-bikeshare gets noria-bikeshare-")


def test_the_smoke_test_predicts_the_version_s_own_holdout_by_the_model_that_will_serve(planned):
    plan = planned()
    test, config = plan["smoke_test"], plan["config"]
    assert test["create_model"]["Containers"] == [{"ModelPackageName": sample("functions/release/plan_rollout.json")["package"]}]
    assert (test["create_model"]["ModelName"], test["transform"]["ModelName"], test["transform"]["TransformJobName"]) == (config, config, f"{config}-smoke")
    source = test["transform"]["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
    assert source == "s3://noria-artifacts/runs/bikeshare/a4e33cbea049/smoke/"
    assert test["transform"]["TransformOutput"]["S3OutputPath"] == f"s3://noria-artifacts/releases/bikeshare/{plan['release']}/"
    assert test["comparison"] == {
        "bucket": "noria-artifacts",
        "predictions": f"releases/bikeshare/{plan['release']}/smoke.csv.out",
        "expected": "runs/bikeshare/a4e33cbea049/predictions/candidate/holdout.csv.out",
        "rows": 5,
    }


def test_a_holdout_of_fewer_rows_is_compared_whole(planned):
    metadata = {**sample("functions/release/plan_rollout.json")["metadata"], "holdout_rows": "3"}
    assert planned({"metadata": metadata})["smoke_test"]["comparison"]["rows"] == 3


def test_captured_predictions_are_read_where_the_endpoint_captures_them(planned):
    capture = planned()["observe"]["capture"]
    assert (capture["bucket"], capture["prefix"], capture["artifacts"]) == ("noria-lake", "capture/noria-bikeshare/", "noria-artifacts")
    assert (capture["expected"], capture["task"]) == ("runs/bikeshare/a4e33cbea049/predictions/candidate/holdout.csv.out", "binary")
    assert capture["contract"] == sample("functions/release/plan_rollout.json")["spec"]["serve"]["answers"]
