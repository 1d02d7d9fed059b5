"""The deployed application does its job, and tells what is wrong with what it is given. Real data, real training, real serving."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from cli import demo, ledger, predicting, publishing, requesting, starting, telling, uploading
from cli.errors import CliError
from cli.session import Session
from local import lifecycle
from tests.local.aws.waiting import until

LIMIT = 180
#: A small model that trains in a second: its features tell the target almost wholly.
SPEC = """name: {name}
task: binary
target: y
data:
  key: [id]
  columns:
    x: {{type: number, between: [0, 10]}}
  bad_rows: {{at_most: 0.05}}
  min_rows: 50
train: {{image: sklearn, entry: train.py, max_minutes: {minutes}}}
evaluate:
  split: {{by: random, test: 0.2}}
  gates:
    - {{metric: accuracy, at_least: {gate}}}
"""
TRAIN = """import os, joblib, pandas as pd
from sklearn.tree import DecisionTreeClassifier
rows = pd.read_csv(os.environ["SM_CHANNEL_TRAIN"] + "/train.csv")
joblib.dump(DecisionTreeClassifier(max_depth={depth}).fit(rows[["x"]].to_numpy(), rows["y"]), os.environ["SM_MODEL_DIR"] + "/model.joblib")
"""
INFERENCE = """import io, joblib, pandas as pd
def model_fn(folder):
    return joblib.load(folder + "/model.joblib")
def input_fn(body, content_type):
    return pd.read_csv(io.StringIO(body), header=None).to_numpy()
def output_fn(predictions, accept):
    return "".join(f"{int(value)}\\n" for value in predictions), "text/csv"
"""


def project(folder: Path, name: str, train: str = TRAIN.format(depth=4), inference: str = INFERENCE, gate: float = 0.9, minutes: float = 5) -> Path:
    folder.mkdir(exist_ok=True)
    for file, text in (
        ("model.yaml", SPEC.format(name=name, gate=gate, minutes=minutes)),
        ("train.py", train),
        ("inference.py", inference),
        ("requirements.txt", ""),
    ):
        (folder / file).write_text(text)
    return folder


def data(folder: Path, file: str = "rows.csv", rows: int = 200, bad: int = 0, header: str = "id,x,y", seed: int = 0) -> Path:
    lines = [f"{i + seed},{99 if i < bad else (i * 37 % 100) / 10},{int((i * 37 % 100) / 10 > 4 + seed)}" for i in range(rows)]
    (folder / file).write_text("\n".join([header, *lines]) + "\n")
    return folder / file


def loop(stack: Session, model: str, file: Path) -> list[uploading.Stage]:
    return list(uploading.follow(stack, uploading.upload(stack, model, file), LIMIT))


def told_events(stack: Session, model: str) -> set[str]:
    """Names of the events on record; the record is written after the ledger."""
    return {event["name"] for event in telling.events(stack, model)}


def test_real_data_become_a_served_model_and_a_second_look_redoes_nothing(stack):
    told = demo.run(stack, quiet=True, releases=False)
    assert told["ok"]
    assert [stage["name"] for stage in told["stages"]] == ["ingest", "train", "evaluate", "register", "approve", "rollout"]
    assert told["holdout"]["rows"] == 1752
    assert told["holdout"]["accuracy"] > 0.9
    again = demo.run(stack, quiet=True, releases=False)
    assert again["model_package_arn"] == told["model_package_arn"]
    assert json.loads((lifecycle.home() / "demo.json").read_text())["endpoint"] == "noria-bikeshare"


def test_a_version_says_where_it_comes_from_and_who_approved_it(stack):
    demo.run(stack, quiet=True, releases=False)
    champion = ledger.read(stack, "bikeshare").champion
    version = stack.sagemaker.describe_model_package(ModelPackageName=champion["model_package_arn"])
    assert {"data_digest", "code_digest", "environment_digest", "run", "spec"} <= set(version["CustomerMetadataProperties"])
    assert version["CustomerMetadataProperties"]["approved_by"] == "noria:automatic"
    baseline = version["DriftCheckBaselines"]["ModelDataQuality"]
    for found in (baseline["Statistics"], baseline["Constraints"]):
        bucket, _, key = found["S3Uri"].removeprefix("s3://").partition("/")
        assert stack.s3.head_object(Bucket=bucket, Key=key)["ContentLength"] > 0
    assert "every gate" in version["ApprovalDescription"]


def test_the_second_version_must_beat_the_first_and_then_takes_its_place(stack, name, tmp_path):
    publishing.publish(stack, project(tmp_path / "p", name))
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
    assert first["config"] in [found["EndpointConfigName"] for found in stack.sagemaker.list_endpoint_configs(NameContains=name)["EndpointConfigs"]]
    assert predicting.ask(stack, name, [{"x": 5.5}])["predictions"][0]["prediction"] == "0"


def test_what_init_writes_for_a_file_serves_it_with_probabilities(stack, name, tmp_path):
    rows = [
        f"2024-01-{1 + i // 24:02}T{i % 24:02}:00:00,{'' if i % 17 == 0 else i * 37 % 100},{('a b', 'c')[i % 2]},{int(i * 37 % 100 > 45)}" for i in range(400)
    ]
    (tmp_path / "rows.csv").write_text("\n".join(["ts,heat,kind,busy", *rows, ""]))
    starting.start(name, tmp_path / name, tmp_path / "rows.csv", "busy")
    publishing.publish(stack, tmp_path / name)
    stages = loop(stack, name, tmp_path / "rows.csv")
    assert (stages[-1].name, stages[-1].verdict) == ("rollout", "completed"), stages[-1].reasons
    (answer,) = predicting.ask(stack, name, [{"heat": 90, "kind": "c"}])["predictions"]
    assert answer["prediction"] == "1"
    assert float(answer["values"][1]) > 0.9


def test_a_candidate_that_misses_a_gate_is_registered_nowhere(stack, name, tmp_path):
    upside_down = TRAIN.format(depth=1).replace('rows["y"]', '1 - rows["y"]')
    publishing.publish(stack, project(tmp_path / "p", name, gate=1.0, train=upside_down))
    stages = loop(stack, name, data(tmp_path))
    assert (stages[-1].name, stages[-1].verdict) == ("evaluate", "rejected")
    assert stack.sagemaker.list_model_packages(ModelPackageGroupName=f"noria-{name}")["ModelPackageSummaryList"] == []
    run = telling.status(stack, name)["runs"][0]
    assert (run["reasons"][0]["code"], run["reasons"][0]["limit"]) == ("GateMissed", 1.0)
    assert run["reasons"][0]["observed"] == run["metrics"]["accuracy"]


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda folder: (folder / "f.csv", (folder / "f.csv").write_bytes(b""))[0], "EmptyFile"),
        (lambda folder: (folder / "f.csv", (folder / "f.csv").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x01"))[0], "NotCsv"),
        (lambda folder: data(folder, header="id,y"), "MissingColumn"),
        (lambda folder: data(folder, header="id,x_value,y"), "MissingColumn"),
        (lambda folder: data(folder, bad=60), "TooManyBadRows"),
        (lambda folder: data(folder, rows=10), "TooFewRows"),
    ],
    ids=["empty", "no CSV", "lacks a column", "renames a column", "30 % out of range", "too few rows"],
)
def test_what_breaks_the_contract_lies_untouched_beside_its_verdict(stack, name, tmp_path, make, code):
    publishing.publish(stack, project(tmp_path / "p", name))
    file = make(tmp_path)
    stages = loop(stack, name, file)
    assert [(stage.name, stage.verdict) for stage in stages] == [("ingest", "quarantined")]
    found = telling.status(stack, name)["datasets"][0]
    assert [reason["code"] for reason in found["reasons"]] == [code]
    assert stack.s3.get_object(Bucket=found["bucket"], Key=found["location"])["Body"].read() == file.read_bytes()
    assert stack.s3.get_object(Bucket=found["bucket"], Key=found["source"]["key"])["Body"].read() == file.read_bytes()
    verdict = json.loads(stack.s3.get_object(Bucket=found["bucket"], Key=found["verdict"])["Body"].read())
    assert verdict["outcome"] == "quarantined"
    assert until(lambda: told_events(stack, name)) == {"DatasetQuarantined"}


def test_one_bad_row_is_set_aside_and_the_rest_goes_on(stack, name, tmp_path):
    publishing.publish(stack, project(tmp_path / "p", name))
    stages = loop(stack, name, data(tmp_path, bad=1))
    assert stages[-1].verdict == "completed"
    found = telling.status(stack, name)["datasets"][0]
    assert (found["rows"], found["set_aside"]) == (199, 1)
    aside = stack.s3.get_object(Bucket=found["bucket"], Key=found["location"].replace("data.csv", "set-aside.csv"))["Body"].read().decode()
    assert aside.splitlines()[1].endswith("x,Range")


def test_an_upload_for_a_model_nobody_published_is_kept_and_told(stack, name, tmp_path):
    with pytest.raises(CliError, match="is published here"):
        uploading.upload(stack, name, data(tmp_path))
    bucket, key = stack.outputs["LakeBucket"], f"incoming/{name}/data.csv"
    at = time.time()
    version = stack.s3.put_object(Bucket=bucket, Key=key, Body=data(tmp_path).read_bytes())["VersionId"]
    stages = list(uploading.follow(stack, {"model": name, "digest": "", "version": version, "at": at}, LIMIT))
    assert stages[0].verdict == "quarantined"
    assert "noria publish" in stages[0].reasons[0]
    assert telling.status(stack, name)["published"] is False


def test_the_same_file_twice_within_a_second_is_one_dataset_and_one_run(stack, name, tmp_path):
    publishing.publish(stack, project(tmp_path / "p", name))
    file = data(tmp_path)
    bucket = stack.outputs["LakeBucket"]
    for key in ("a.csv", "a.csv", "b.csv"):
        stack.s3.put_object(Bucket=bucket, Key=f"incoming/{name}/{key}", Body=file.read_bytes())
    sent = uploading.upload(stack, name, file)
    assert list(uploading.follow(stack, sent, LIMIT))[-1].verdict == "completed"
    story = ledger.read(stack, name)
    assert (len(story.datasets), len(story.runs), len(story.releases)) == (1, 1, 1)
    assert uploading.upload(stack, name, file)["sent"] is False


def test_an_announcement_that_was_lost_is_made_good_by_a_second_upload(stack, name, tmp_path):
    publishing.publish(stack, project(tmp_path / "p", name))
    file = data(tmp_path)
    assert loop(stack, name, file)[-1].verdict == "completed"
    # As after an ingestion that died between its record and its announcement: the dataset is there, and no run has taken it.
    table, taken = stack.outputs["LedgerTable"], ledger.read(stack, name)
    dataset, run = taken.datasets[0]["dataset"], taken.runs[0]["run"]
    stack.dynamodb.update_item(
        TableName=table, Key={"pk": {"S": f"MODEL#{name}"}, "sk": {"S": f"DATASET#{dataset}"}}, UpdateExpression="REMOVE claims, claim_owner, claim_expires"
    )
    stack.dynamodb.delete_item(TableName=table, Key={"pk": {"S": f"MODEL#{name}"}, "sk": {"S": f"RUN#{run}"}})
    uploading.upload(stack, name, file, force=True)
    again = until(lambda: ledger.read(stack, name).runs, 60)[0]
    # The jobs of the first run are there already, and count as done; its version is the champion that it equals.
    assert (again["run"], again["metrics"]) == (run, taken.runs[0]["metrics"])
    assert again["reasons"][0]["code"] == "NotBetterThanChampion"


def test_a_run_can_be_asked_for_again(stack, name, tmp_path):
    publishing.publish(stack, project(tmp_path / "p", name))
    with pytest.raises(CliError, match="was accepted yet"):
        requesting.retrain(stack, name)
    loop(stack, name, data(tmp_path))
    asked = requesting.retrain(stack, name)
    assert until(lambda: len(ledger.read(stack, name).runs) == 2, 60)
    assert {run["dataset"] for run in ledger.read(stack, name).runs} == {asked["dataset"]}


def test_a_training_script_cannot_read_the_holdout_or_its_truth(stack, name, tmp_path):
    peeking = (
        TRAIN.format(depth=4)
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
    publishing.publish(stack, folder)
    assert loop(stack, name, data(tmp_path))[-1].verdict == "completed"


def test_a_version_with_other_columns_is_not_compared_with_a_champion_that_cannot_read_them(stack, name, tmp_path):
    publishing.publish(stack, project(tmp_path / "p", name))
    assert loop(stack, name, data(tmp_path))[-1].verdict == "completed"
    wider = project(tmp_path / "p", name)
    spec = wider / "model.yaml"
    spec.write_text(spec.read_text().replace("    x: {type", "    id: {type: integer}\n    x: {type"))
    for script in ("train.py", "inference.py"):
        (wider / script).write_text((wider / script).read_text().replace('rows[["x"]]', 'rows[["id", "x"]]'))
    publishing.publish(stack, wider)
    stages = loop(stack, name, data(tmp_path, "more.csv", rows=210))
    assert stages[-1].verdict == "completed"
    assert "other columns" in next(stage for stage in stages if stage.name == "evaluate").reasons[0]


def test_a_first_endpoint_that_failed_does_not_block_the_next_version(stack, name, tmp_path):
    broken = INFERENCE.replace("    return joblib", "    import os\n    assert os.environ.get('SAGEMAKER_BATCH') == 'true', 'cannot serve'\n    return joblib")
    publishing.publish(stack, project(tmp_path / "p", name, inference=broken))
    assert loop(stack, name, data(tmp_path))[-1].verdict == "failed"
    publishing.publish(stack, project(tmp_path / "p", name))
    assert loop(stack, name, data(tmp_path))[-1].verdict == "completed"


@pytest.mark.parametrize("key", ["a b 'c\" $eval(1).csv", "größe/☃.csv", "../../escape.csv", "{% 1 %}.csv"], ids=["quotes", "unicode", "dots", "expression"])
def test_a_hostile_key_is_only_a_name(stack, name, tmp_path, key):
    publishing.publish(stack, project(tmp_path / "p", name))
    body = data(tmp_path, rows=20).read_bytes()
    stack.s3.put_object(Bucket=stack.outputs["LakeBucket"], Key=f"incoming/{name}/{key}", Body=body)
    found = until(lambda: ledger.read(stack, name).datasets)[0]
    assert found["source"]["key"] == f"incoming/{name}/{key}"
    assert found["location"].startswith(f"quarantine/{name}/{found['dataset']}/")
    assert found["location"].count("/") == 3
    assert stack.s3.get_object(Bucket=found["bucket"], Key=found["location"])["Body"].read() == body


@pytest.mark.parametrize(
    ("train", "stage", "told"),
    [
        ("raise ValueError('no such luck')", "train", "no such luck"),
        ("import time; time.sleep(300)", "train", "limit of"),
        ("print('left nothing behind')", "evaluate", "model.joblib"),
    ],
    ids=["raises", "never ends", "writes no model"],
)
def test_a_training_script_that_fails_is_told_with_its_own_words(stack, name, tmp_path, train, stage, told):
    publishing.publish(stack, project(tmp_path / "p", name, train=train, minutes=0.05 if "sleep" in train else 5))
    stages = loop(stack, name, data(tmp_path))
    assert (stages[-1].name, stages[-1].verdict) == (stage, "failed")
    assert told in stages[-1].reasons[0]
    assert until(lambda: {"DatasetAccepted", "TrainingFailed"} <= told_events(stack, name))


def test_a_version_whose_server_does_not_come_up_leaves_the_old_one_serving(stack, name, tmp_path):
    publishing.publish(stack, project(tmp_path / "p", name))
    assert loop(stack, name, data(tmp_path))[-1].verdict == "completed"
    before = ledger.read(stack, name).champion
    # It answers in batch transform, where the container is told so, and breaks behind an endpoint.
    broken = INFERENCE.replace("    return joblib", "    import os\n    assert os.environ.get('SAGEMAKER_BATCH') == 'true', 'cannot serve'\n    return joblib")
    publishing.publish(stack, project(tmp_path / "p", name, inference=broken))
    stages = loop(stack, name, data(tmp_path, "changed.csv", rows=400, seed=3))
    assert stages[-1].verdict == "rolled_back"
    assert "SageMaker went back" in stages[-1].reasons[0]
    assert ledger.read(stack, name).champion == before
    assert telling.status(stack, name)["champion"]["serves"] == before["config"]
    assert predicting.ask(stack, name, [{"x": 5.5}])["predictions"][0]["prediction"] == "1"
    assert until(lambda: "RolledBack" in told_events(stack, name))


def test_what_is_asked_of_an_unknown_model_or_file_is_told(stack, name, tmp_path):
    with pytest.raises(CliError, match="is published here"):
        predicting.ask(stack, name, [{"x": 1}])
    with pytest.raises(CliError, match="there is no file"):
        uploading.upload(stack, name, tmp_path / "nothing.csv")


def noria(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = shutil.which("noria", path=str(lifecycle.ROOT / ".venv" / "bin"))
    assert command
    kept = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", **environment}
    return subprocess.run([command, *arguments], capture_output=True, text=True, env=kept, timeout=60)


def test_the_command_without_a_stack_says_what_to_do(tmp_path):
    ended = noria("status", "x", NORIA_HOME=str(tmp_path))
    assert ended.returncode == 1
    assert "make up deploy" in ended.stderr


def test_the_command_with_the_wrong_name_says_which_there_are(stack, running):
    ended = noria("--stack", "nora", "status", "x", NORIA_HOME=str(lifecycle.home()))
    assert ended.returncode == 1
    assert "no stack named nora" in ended.stderr
    assert "noria" in ended.stderr.split("those there are:")[1]


def test_the_command_with_expired_credentials_says_so(client, running, name):
    user = client("iam")
    user.create_user(UserName=name)
    key = user.create_access_key(UserName=name)["AccessKey"]
    session = client("sts", key["AccessKeyId"], key["SecretAccessKey"]).get_session_token(DurationSeconds=900)["Credentials"]
    ended = noria(
        "status", "x",
        AWS_ENDPOINT_URL=running.endpoint_url, AWS_DEFAULT_REGION=running.region,
        AWS_ACCESS_KEY_ID=session["AccessKeyId"], AWS_SECRET_ACCESS_KEY=session["SecretAccessKey"], AWS_SESSION_TOKEN="expired",
    )  # fmt: skip
    assert ended.returncode == 1
    assert "credentials" in ended.stderr


def test_everything_is_said_as_json_too(stack):
    demo.run(stack, quiet=True, releases=False)
    for arguments in (("status", "bikeshare"), ("events", "bikeshare")):
        ended = noria(*arguments, "--json", NORIA_HOME=str(lifecycle.home()))
        assert ended.returncode == 0, ended.stderr
        assert json.loads(ended.stdout)
