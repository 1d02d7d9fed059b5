"""The deployed application does its job on real data, with real training and real serving."""

import json

import pytest
from botocore.exceptions import ClientError

from cli.base import ledger
from cli.base.errors import CliError
from cli.demo.loop import run as demo
from cli.history.status import status
from cli.project.publish import publish
from cli.project.scaffold import scaffold
from cli.serving.predict import predict
from cli.training.requests import retrain
from local import lifecycle
from tests.local.aws.waiting import until
from tests.local.small_model import INFERENCE, TRAIN, data, loop, project, told_events


def test_real_data_become_a_served_model_and_a_second_look_redoes_nothing(stack):
    report = demo(stack, quiet=True, releases=False)
    assert report["ok"]
    assert [stage["name"] for stage in report["stages"]] == ["ingest", "train", "evaluate", "register", "approve", "rollout"]
    assert report["holdout"]["rows"] == 1752
    assert report["holdout"]["accuracy"] > 0.9
    again = demo(stack, quiet=True, releases=False)
    assert again["model_package_arn"] == report["model_package_arn"]
    assert json.loads((lifecycle.home() / "demo.json").read_text())["endpoint"] == "noria-bikeshare"


def test_a_version_says_where_it_comes_from_and_who_approved_it(stack):
    demo(stack, quiet=True, releases=False)
    champion = ledger.read(stack, "bikeshare").champion
    version = stack.sagemaker.describe_model_package(ModelPackageName=champion["model_package_arn"])
    assert {"data_digest", "code_digest", "environment_digest", "run", "spec"} <= set(version["CustomerMetadataProperties"])
    assert version["CustomerMetadataProperties"]["approved_by"] == "noria:automatic"
    baseline = version["DriftCheckBaselines"]["ModelDataQuality"]
    for record in (baseline["Statistics"], baseline["Constraints"]):
        bucket, _, key = record["S3Uri"].removeprefix("s3://").partition("/")
        assert stack.s3.head_object(Bucket=bucket, Key=key)["ContentLength"] > 0
    assert "every gate" in version["ApprovalDescription"]


def test_the_second_version_must_beat_the_first_and_then_takes_its_place(stack, name, tmp_path):
    publish(stack, project(tmp_path / "p", name))
    assert loop(stack, name, data(tmp_path))[-1].verdict == "completed"
    first = ledger.read(stack, name).champion
    same = loop(stack, name, data(tmp_path, "more.csv", rows=210))
    assert same[-1].verdict == "rejected"
    assert "champion" in same[-1].reasons[0]
    # The world has changed: what is right now is wrong for the first version.
    changed = loop(stack, name, data(tmp_path, "changed.csv", rows=400, seed=3))
    assert changed[-1].verdict == "completed"
    second = ledger.read(stack, name).champion
    assert second["model_package_arn"].endswith("/2")
    assert first["config"] in [record["EndpointConfigName"] for record in stack.sagemaker.list_endpoint_configs(NameContains=name)["EndpointConfigs"]]
    assert predict(stack, name, [{"x": 5.5}]).predictions[0].prediction == "0"


def test_what_init_writes_for_a_file_serves_it_with_probabilities(stack, name, tmp_path):
    rows = [
        f"2024-01-{1 + i // 24:02}T{i % 24:02}:00:00,{'' if i % 17 == 0 else i * 37 % 100},{('a b', 'c')[i % 2]},{int(i * 37 % 100 > 45)}" for i in range(400)
    ]
    (tmp_path / "rows.csv").write_text("\n".join(["ts,heat,kind,busy", *rows, ""]))
    scaffold(name, tmp_path / name, tmp_path / "rows.csv", "busy")
    publish(stack, tmp_path / name)
    stages = loop(stack, name, tmp_path / "rows.csv")
    assert (stages[-1].name, stages[-1].verdict) == ("rollout", "completed"), stages[-1].reasons
    (answer,) = predict(stack, name, [{"heat": 90, "kind": "c"}]).predictions
    assert answer.prediction == "1"
    assert float(answer.values[1]) > 0.9
    assert_answers_in_every_form(stack, stack.endpoint(name), answer.values)


ROWS_OF_ONE = {
    "text/csv": "90,c\n",
    "text/csv; charset=utf-8": "90,c\n",
    "application/json": '{"kind": "c", "heat": 90}',
    "application/jsonlines": '{"kind": "c", "heat": 90}\n',
}
NO_ROWS = {
    "text/csv": ("90,c,1\n", "row 1 has 3 values, expected 2: heat, kind"),
    "text/csv;header=absent": ("90\n", "row 1 has 1 values, expected 2: heat, kind"),
    "application/json": ('{"kind": "c", "heatt": 90}', "row 1 lacks ['heat'] and has ['heatt'] besides"),
    "application/jsonlines": ('["warm", "c"]\n', "row 1: heat is 'warm', expected a number"),
    "image/png": ("", "found image/png, expected text/csv"),
}


def assert_answers_in_every_form(stack, endpoint, values):
    """The same prediction for the same row, in the form that is asked for; what is not the model's columns is the client's error."""
    label, probability = int(values[0]), float(values[1])
    for kind, body in ROWS_OF_ONE.items():
        for accept in ("text/csv", "application/json", "application/jsonlines", None):
            form = {"Accept": accept} if accept else {}
            response = stack.runtime.invoke_endpoint(EndpointName=endpoint, ContentType=kind, Body=body, **form)
            text = response["Body"].read().decode()
            assert response["ContentType"] == accept or accept is None
            if accept in ("application/json", "application/jsonlines"):
                document = json.loads(text)
                (answer,) = document["predictions"] if accept == "application/json" else [document]
                assert answer == {"prediction": label, "probability": probability}
            else:
                assert text == f"{label},{probability}\n"
    for kind, (body, why) in NO_ROWS.items():
        with pytest.raises(ClientError) as refused:
            stack.runtime.invoke_endpoint(EndpointName=endpoint, ContentType=kind, Body=body)
        assert (refused.value.response["Error"]["Code"], refused.value.response["OriginalStatusCode"]) == ("ModelError", 400)
        assert why in refused.value.response["OriginalMessage"]


def test_a_candidate_that_misses_a_gate_is_registered_nowhere(stack, name, tmp_path):
    upside_down = TRAIN.replace('== "1"', '!= "1"')
    publish(stack, project(tmp_path / "p", name, gate=1.0, train=upside_down))
    stages = loop(stack, name, data(tmp_path))
    assert (stages[-1].name, stages[-1].verdict) == ("evaluate", "rejected")
    assert stack.sagemaker.list_model_packages(ModelPackageGroupName=f"noria-{name}")["ModelPackageSummaryList"] == []
    run = status(stack, name).runs[0]
    assert (run["reasons"][0]["code"], run["reasons"][0]["limit"]) == ("GateMissed", 1.0)
    assert run["reasons"][0]["observed"] == run["metrics"]["accuracy"]


def test_a_run_can_be_asked_for_again(stack, name, tmp_path):
    publish(stack, project(tmp_path / "p", name))
    with pytest.raises(CliError, match="was accepted yet"):
        retrain(stack, name)
    loop(stack, name, data(tmp_path))
    request = retrain(stack, name)
    assert until(lambda: len(ledger.read(stack, name).runs) == 2, 60)
    assert {run["dataset"] for run in ledger.read(stack, name).runs} == {request.dataset}


def test_a_training_script_cannot_read_the_holdout_or_its_truth(stack, name, tmp_path):
    peeking = (
        TRAIN
        + """
import boto3, json
bucket, prefix = json.load(open(os.environ["SM_INPUT_CONFIG_DIR"] + "/hyperparameters.json"))["peek"].split("/", 1)
run = os.environ["TRAINING_JOB_NAME"].rsplit("-", 1)[1]
for part in ("truth/truth.csv", "holdout/holdout.csv"):
    try:
        boto3.client("s3").get_object(Bucket=bucket, Key=f"{prefix}/{run}/{part}")
    except Exception as error:
        print("refused", part, type(error).__name__)
    else:
        raise SystemExit("it can see " + part)
"""
    )
    folder = project(tmp_path / "p", name, train=peeking)
    spec = folder / "model.yaml"
    spec.write_text(spec.read_text().replace("max_minutes: 5", f"max_minutes: 5, hyperparameters: {{peek: {stack.outputs['ArtifactBucket']}/runs/{name}}}"))
    publish(stack, folder)
    assert loop(stack, name, data(tmp_path))[-1].verdict == "completed"


def test_a_version_with_other_columns_is_not_compared_with_a_champion_that_cannot_read_them(stack, name, tmp_path):
    publish(stack, project(tmp_path / "p", name))
    assert loop(stack, name, data(tmp_path))[-1].verdict == "completed"
    wider = project(tmp_path / "p", name)
    spec = wider / "model.yaml"
    spec.write_text(spec.read_text().replace("    x: {type", "    id: {type: integer}\n    x: {type"))
    publish(stack, wider)
    stages = loop(stack, name, data(tmp_path, "more.csv", rows=210))
    assert stages[-1].verdict == "completed"
    assert "other columns" in next(stage for stage in stages if stage.name == "evaluate").reasons[0]


def test_a_first_endpoint_that_failed_does_not_block_the_next_version(stack, name, tmp_path):
    broken = INFERENCE.replace(
        "        return Stump", "        import os\n        assert os.environ.get('SAGEMAKER_BATCH') == 'true', 'cannot serve'\n        return Stump"
    )
    publish(stack, project(tmp_path / "p", name, inference=broken))
    assert loop(stack, name, data(tmp_path))[-1].verdict == "failed"
    publish(stack, project(tmp_path / "p", name))
    assert loop(stack, name, data(tmp_path))[-1].verdict == "completed"


@pytest.mark.parametrize(
    ("train", "stage", "message"),
    [
        ("raise ValueError('no such luck')", "train", "no such luck"),
        ("import time; time.sleep(300)", "train", "limit of"),
        ("print('left nothing behind')", "evaluate", "model.json"),
    ],
    ids=["raises", "never ends", "writes no model"],
)
def test_a_training_script_that_fails_is_told_with_its_own_words(stack, name, tmp_path, train, stage, message):
    publish(stack, project(tmp_path / "p", name, train=train, minutes=0.05 if "sleep" in train else 5))
    stages = loop(stack, name, data(tmp_path))
    assert (stages[-1].name, stages[-1].verdict) == (stage, "failed")
    assert message in stages[-1].reasons[0]
    assert until(lambda: {"DatasetAccepted", "TrainingFailed"} <= told_events(stack, name))


def test_a_version_whose_server_does_not_come_up_leaves_the_old_one_serving(stack, name, tmp_path):
    publish(stack, project(tmp_path / "p", name))
    assert loop(stack, name, data(tmp_path))[-1].verdict == "completed"
    before = ledger.read(stack, name).champion
    # It answers in batch transform, where the container is told so, and breaks behind an endpoint.
    broken = INFERENCE.replace(
        "        return Stump", "        import os\n        assert os.environ.get('SAGEMAKER_BATCH') == 'true', 'cannot serve'\n        return Stump"
    )
    publish(stack, project(tmp_path / "p", name, inference=broken))
    stages = loop(stack, name, data(tmp_path, "changed.csv", rows=400, seed=3))
    assert stages[-1].verdict == "rolled_back"
    assert "SageMaker went back" in stages[-1].reasons[0]
    assert ledger.read(stack, name).champion == before
    assert status(stack, name).champion["serves"] == before["config"]
    assert predict(stack, name, [{"x": 5.5}]).predictions[0].prediction == "1"
    assert until(lambda: "RolloutUndone" in told_events(stack, name))
