"""The deployed application does its job, and tells what is wrong with what it is given. Real data, real training, real serving."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from cli.base import event_log, ledger
from cli.base.errors import CliError
from cli.base.session import Session
from cli.data.progress import Stage, follow
from cli.data.upload import Upload, upload
from cli.demo.loop import run as demo
from cli.history.status import status
from cli.project.publish import publish
from cli.project.scaffold import scaffold
from cli.serving.predict import predict
from cli.training.requests import retrain
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
#: A decision stump, by the standard library alone: of all cuts of `x` the one that tells most rows rightly.
TRAIN = """import csv, json, os
with open(os.environ["SM_CHANNEL_TRAIN"] + "/train.csv") as file:
    rows = [(float(row["x"]), row["y"] == "1") for row in csv.DictReader(file)]
cut = max(sorted({x for x, _ in rows}), key=lambda cut: sum((x > cut) == y for x, y in rows))
with open(os.environ["SM_MODEL_DIR"] + "/model.json", "w") as file:
    json.dump(cut, file)
"""
INFERENCE = """import csv, io, json
class Stump:
    def __init__(self, cut):
        self.cut = cut
    def predict(self, rows):
        return [int(float(row[-1]) > self.cut) for row in rows]
def model_fn(folder):
    with open(folder + "/model.json") as file:
        return Stump(json.load(file))
def input_fn(body, content_type):
    return list(csv.reader(io.StringIO(body)))
def output_fn(predictions, accept):
    return "".join(f"{int(value)}\\n" for value in predictions), "text/csv"
"""


def project(folder: Path, name: str, train: str = TRAIN, inference: str = INFERENCE, gate: float = 0.9, minutes: float = 5) -> Path:
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


def loop(stack: Session, model: str, file: Path) -> list[Stage]:
    return list(follow(stack, upload(stack, model, file), LIMIT))


def told_events(stack: Session, model: str) -> set[str]:
    """Names of the events on record; the record is written after the ledger."""
    return {event["name"] for event in event_log.events(stack, model)}


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


def test_a_candidate_that_misses_a_gate_is_registered_nowhere(stack, name, tmp_path):
    upside_down = TRAIN.replace('== "1"', '!= "1"')
    publish(stack, project(tmp_path / "p", name, gate=1.0, train=upside_down))
    stages = loop(stack, name, data(tmp_path))
    assert (stages[-1].name, stages[-1].verdict) == ("evaluate", "rejected")
    assert stack.sagemaker.list_model_packages(ModelPackageGroupName=f"noria-{name}")["ModelPackageSummaryList"] == []
    run = status(stack, name).runs[0]
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
    publish(stack, project(tmp_path / "p", name))
    file = make(tmp_path)
    stages = loop(stack, name, file)
    assert [(stage.name, stage.verdict) for stage in stages] == [("ingest", "quarantined")]
    record = status(stack, name).datasets[0]
    assert [reason["code"] for reason in record["reasons"]] == [code]
    assert stack.s3.get_object(Bucket=record["bucket"], Key=record["location"])["Body"].read() == file.read_bytes()
    assert stack.s3.get_object(Bucket=record["bucket"], Key=record["source"]["key"])["Body"].read() == file.read_bytes()
    verdict = json.loads(stack.s3.get_object(Bucket=record["bucket"], Key=record["verdict"])["Body"].read())
    assert verdict["outcome"] == "quarantined"
    assert until(lambda: told_events(stack, name)) == {"DatasetQuarantined"}


def test_one_bad_row_is_set_aside_and_the_rest_goes_on(stack, name, tmp_path):
    publish(stack, project(tmp_path / "p", name))
    stages = loop(stack, name, data(tmp_path, bad=1))
    assert stages[-1].verdict == "completed"
    record = status(stack, name).datasets[0]
    assert (record["rows"], record["set_aside"]) == (199, 1)
    aside = stack.s3.get_object(Bucket=record["bucket"], Key=record["location"].replace("data.csv", "set-aside.csv"))["Body"].read().decode()
    assert aside.splitlines()[1].endswith("x,Range")


def test_an_upload_for_a_model_nobody_published_is_kept_and_told(stack, name, tmp_path):
    with pytest.raises(CliError, match="is published here"):
        upload(stack, name, data(tmp_path))
    bucket, key = stack.outputs["LakeBucket"], f"incoming/{name}/data.csv"
    at = time.time()
    version = stack.s3.put_object(Bucket=bucket, Key=key, Body=data(tmp_path).read_bytes())["VersionId"]
    stages = list(follow(stack, Upload(name, "", bucket, key, at, version, sent=True), LIMIT))
    assert stages[0].verdict == "quarantined"
    assert "noria publish" in stages[0].reasons[0]
    assert status(stack, name).published is False


def test_the_same_file_twice_within_a_second_is_one_dataset_and_one_run(stack, name, tmp_path):
    publish(stack, project(tmp_path / "p", name))
    file = data(tmp_path)
    bucket = stack.outputs["LakeBucket"]
    for key in ("a.csv", "a.csv", "b.csv"):
        stack.s3.put_object(Bucket=bucket, Key=f"incoming/{name}/{key}", Body=file.read_bytes())
    sent = upload(stack, name, file)
    assert list(follow(stack, sent, LIMIT))[-1].verdict == "completed"
    story = ledger.read(stack, name)
    assert (len(story.datasets), len(story.runs), len(story.releases)) == (1, 1, 1)
    assert upload(stack, name, file).sent is False


def test_an_announcement_that_was_lost_is_made_good_by_a_second_upload(stack, name, tmp_path):
    publish(stack, project(tmp_path / "p", name))
    file = data(tmp_path)
    assert loop(stack, name, file)[-1].verdict == "completed"
    # As after an ingestion that died between its record and its announcement: the dataset is there, and no run has taken it.
    table, taken = stack.outputs["LedgerTable"], ledger.read(stack, name)
    dataset, run = taken.datasets[0]["dataset"], taken.runs[0]["run"]
    stack.dynamodb.update_item(
        TableName=table, Key={"pk": {"S": f"MODEL#{name}"}, "sk": {"S": f"DATASET#{dataset}"}}, UpdateExpression="REMOVE claims, claim_owner, claim_expires"
    )
    stack.dynamodb.delete_item(TableName=table, Key={"pk": {"S": f"MODEL#{name}"}, "sk": {"S": f"RUN#{run}"}})
    upload(stack, name, file, force=True)
    again = until(lambda: ledger.read(stack, name).runs, 60)[0]
    # The jobs of the first run are there already, and count as done; its version is the champion that it equals.
    assert (again["run"], again["metrics"]) == (run, taken.runs[0]["metrics"])
    assert again["reasons"][0]["code"] == "NotBetterThanChampion"


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


@pytest.mark.parametrize("key", ["a b 'c\" $eval(1).csv", "größe/☃.csv", "../../escape.csv", "{% 1 %}.csv"], ids=["quotes", "unicode", "dots", "expression"])
def test_a_hostile_key_is_only_a_name(stack, name, tmp_path, key):
    publish(stack, project(tmp_path / "p", name))
    body = data(tmp_path, rows=20).read_bytes()
    stack.s3.put_object(Bucket=stack.outputs["LakeBucket"], Key=f"incoming/{name}/{key}", Body=body)
    record = until(lambda: ledger.read(stack, name).datasets)[0]
    assert record["source"]["key"] == f"incoming/{name}/{key}"
    assert record["location"].startswith(f"quarantine/{name}/{record['dataset']}/")
    assert record["location"].count("/") == 3
    assert stack.s3.get_object(Bucket=record["bucket"], Key=record["location"])["Body"].read() == body


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


def test_what_is_asked_of_an_unknown_model_or_file_is_told(stack, name, tmp_path):
    with pytest.raises(CliError, match="is published here"):
        predict(stack, name, [{"x": 1}])
    with pytest.raises(CliError, match="there is no file"):
        upload(stack, name, tmp_path / "nothing.csv")


def noria(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = shutil.which("noria", path=str(lifecycle.ROOT / ".venv" / "bin"))
    assert command
    variables = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", **environment}
    return subprocess.run([command, *arguments], capture_output=True, text=True, env=variables, timeout=60)


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
    demo(stack, quiet=True, releases=False)
    for arguments in (("status", "bikeshare"), ("events", "bikeshare")):
        ended = noria(*arguments, "--json", NORIA_HOME=str(lifecycle.home()))
        assert ended.returncode == 0, ended.stderr
        assert json.loads(ended.stdout)
