"""Reading functions and the command against moto's S3, DynamoDB and SageMaker."""

import json
import shutil

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto import mock_aws
from typer.testing import CliRunner

from cli import app, contracts, files, ledger, monitoring, predicting, profiling, publishing, releasing, render, specs, telling, uploading
from cli.errors import CliError
from cli.session import Session, explained
from local import lifecycle
from noria.adapters import objects
from noria.data import reading
from noria.kernel.errors import SpecError, TransientError, UnreadableDatasetError
from noria.preprocessing import preparing
from noria.profile import curating
from noria.release import smoke
from noria.release.rollout import plan_rollout
from noria.training import scoring
from noria.training.concluding import conclude_run
from tests.samples import ROOT, sample

REGION = "us-east-1"


@pytest.fixture
def stack(monkeypatch, tmp_path):
    """A stack that has its buckets and ledger, and nothing that runs."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        objects._client.cache_clear()
        s3 = boto3.client("s3")
        for bucket in ("lake", "artifacts"):
            s3.create_bucket(Bucket=bucket)
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        boto3.client("dynamodb").create_table(
            TableName="ledger",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        )
        session = Session()
        session.__dict__["outputs"] = {"LakeBucket": "lake", "ArtifactBucket": "artifacts", "LedgerTable": "ledger", "EventLogGroup": "/aws/events/noria"}
        yield session
    objects._client.cache_clear()


def test_a_reading_function_reads_the_exact_version(stack):
    event = sample("functions/profile_dataset.json")
    first = stack.s3.put_object(Bucket="lake", Key="k", Body=b"")["VersionId"]
    stack.s3.put_object(Bucket="lake", Key="k", Body=b"later")
    assert reading.profile_dataset({**event, "bucket": "lake", "key": "k", "version": first})["bytes"] == 0


def test_a_dataset_is_curated_split_and_scored_through_the_files(stack):
    spec = sample("functions/judge_dataset.json")["spec"]
    rows = [f"2011-01-{1 + i // 24:02}T{i % 24:02}:00:00,{i % 24},5,1,1,9,0,{i},{int(i > 60)}" for i in range(100)]
    text = "ts,hour,dow,month,tmin,tmax,pn,lag_week,busy\n" + "\n".join([*rows, "2011-02-01T00:00:00,77,5,1,1,9,0,1,0"]) + "\n"
    version = stack.s3.put_object(Bucket="lake", Key="k", Body=text.encode())["VersionId"]
    made = curating.curate_dataset({"bucket": "lake", "key": "k", "version": version, "folder": "curated/bikeshare/d/", "spec": spec})
    prepared = preparing.prepare_dataset(
        {
            "source": {"bucket": "lake", "key": made["location"]},
            "artifacts": "artifacts",
            "folder": "runs/r/",
            "data": spec["data"],
            "target": "busy",
            "split": {"by": "time", "group": [], "test": 0.2},
            "processed": None,
            "preprocess": {"script": None, "columns": {}, "lags": []},
        }
    )
    assert prepared["facts"] == {"rows": 100, "train": 80, "holdout": 20, "by": "time", "first": "2011-01-04T08:00:00", "last": "2011-01-05T03:00:00"}
    assert b"hour,Range" in stack.s3.get_object(Bucket="lake", Key="curated/bikeshare/d/set-aside.csv")["Body"].read()
    stack.s3.put_object(Bucket="artifacts", Key="runs/r/p.out", Body=b"1,0.9\n" * 20)
    asked = stack.s3.get_object(Bucket="artifacts", Key="runs/r/holdout/shuffled.csv")["Body"].read().decode().splitlines()
    assert len(asked) == 7 * 20
    # Whatever is answered depends on the hour alone, which is the first column.
    again = "".join(f"1,{int(row.split(',')[0]) / 100}\n" if number < 20 else "1,0.9\n" for number, row in enumerate(asked))
    stack.s3.put_object(Bucket="artifacts", Key="runs/r/s.out", Body=again.encode())
    scored = scoring.score_holdout(
        {
            "bucket": "artifacts",
            "truth": "runs/r/truth/truth.csv",
            "predictions": {"candidate": "runs/r/p.out"},
            "shuffled": "runs/r/s.out",
            "features": ["hour", "dow", "month", "tmin", "tmax", "pn", "lag_week"],
            "task": "binary",
            "watch": "accuracy",
            "compared": [],
            "run": "r",
            "incomparable": None,
            "unable": None,
        }
    )
    assert scored["candidate"]["accuracy"] == 1.0
    assert scored["importance"] == {"hour": 1.0, **dict.fromkeys(["dow", "month", "tmin", "tmax", "pn", "lag_week"], 0.0)}
    stack.s3.put_object(Bucket="artifacts", Key="answers", Body=b"1,0.9\n" * 5)
    assert smoke.check_answers({"bucket": "artifacts", "answers": "answers", "expected": "runs/r/p.out", "rows": 5})["rows"] == 5


def test_publishing_twice_changes_nothing_and_keeps_every_spec(stack):
    first = publishing.publish(stack, ROOT / "models" / "bikeshare")
    again = publishing.publish(stack, ROOT / "models" / "bikeshare")
    assert (first["changed"], again["changed"]) == (True, False)
    assert first["spec"] == again["spec"]
    keys = {item["sk"]["S"] for item in stack.dynamodb.scan(TableName="ledger")["Items"]}
    assert keys == {"SPEC", f"SPEC#{first['spec']}", "bikeshare"}
    assert stack.sagemaker.describe_model_package_group(ModelPackageGroupName="noria-bikeshare")


def test_content_that_is_known_for_the_spec_is_not_sent_again(stack, tmp_path):
    published = publishing.publish(stack, ROOT / "models" / "bikeshare")
    file = tmp_path / "d.csv"
    file.write_text("a\n")
    sent = uploading.upload(stack, "bikeshare", file)
    assert sent["sent"]
    document = {**sample("noria/DatasetAccepted.v1.json")["detail"]["data"], "digest": sent["digest"], "spec": published["spec"]}
    item = {
        "pk": {"S": "MODEL#bikeshare"},
        "sk": {"S": "DATASET#x"},
        "status": {"S": "accepted"},
        "time": {"S": "2026-01-01T00:00:00+00:00"},
        "document": {"S": json.dumps(document)},
    }
    stack.dynamodb.put_item(TableName="ledger", Item=item)
    assert uploading.upload(stack, "bikeshare", file)["sent"] is False
    assert uploading.upload(stack, "bikeshare", file, force=True)["sent"] is True
    # What labelled traffic was put together for a healing came of no upload.
    healed = {**document, "digest": "another", "source": {"healing": "h"}}
    stack.dynamodb.put_item(
        TableName="ledger", Item={**item, "sk": {"S": "DATASET#y"}, "time": {"S": "2026-02-01T00:00:00+00:00"}, "document": {"S": json.dumps(healed)}}
    )
    assert next(uploading.follow(stack, uploading.upload(stack, "bikeshare", file), 1)).ids["dataset"] == document["dataset"]


def serves(stack, spec):
    """The ledger's word that a version of a spec serves."""
    item = {"pk": {"S": "MODEL#bikeshare"}, "sk": {"S": "CHAMPION"}, "time": {"S": "t"}, "sagemaker_model": {"S": "m"}}
    item["document"] = {"S": json.dumps({"endpoint": "e", "spec": spec})}
    stack.dynamodb.put_item(TableName="ledger", Item=item)


def test_a_misspelt_column_is_refused_and_never_taken_for_an_empty_one(stack):
    serves(stack, publishing.publish(stack, ROOT / "models" / "bikeshare")["spec"])
    with pytest.raises(CliError, match="row 1 has lag_wek, which the spec does not name"):
        predicting.ask(stack, "bikeshare", [{"hour": 8, "lag_wek": 468}])


def test_rows_are_read_by_the_spec_of_what_serves_and_not_by_the_newest(stack, tmp_path):
    serves(stack, publishing.publish(stack, ROOT / "models" / "bikeshare")["spec"])
    newer = tmp_path / "bikeshare"
    shutil.copytree(ROOT / "models" / "bikeshare", newer)
    spec = newer / "model.yaml"
    spec.write_text(spec.read_text().replace("lag_week", "lag_month"))
    assert publishing.publish(stack, newer)["changed"]
    with pytest.raises(CliError, match=r"row 1 has lag_month, .* expected: .*lag_week"):
        predicting.ask(stack, "bikeshare", [{"hour": 8, "lag_month": 468}])


def test_a_file_of_truth_is_looked_at_before_it_is_sent_and_sent_once(stack, tmp_path):
    serves(stack, publishing.publish(stack, ROOT / "models" / "bikeshare")["spec"])
    file = tmp_path / "truth.csv"

    def tell(text):
        file.write_text(text)
        return monitoring.tell(stack, "bikeshare", file, wait=False)

    with pytest.raises(UnreadableDatasetError, match=r"has the columns prediction_id \(or ts\) and busy; found: id, busy"):
        tell("id,busy\na,1\n")
    with pytest.raises(CliError, match=r"tells no truth: 1 with no busy, 1 with a busy that is none, such as 'maybe'"):
        tell("prediction_id,busy\na,\nb,maybe\n")
    with pytest.raises(CliError, match="it has no rows"):
        tell("prediction_id,busy\n")
    assert "Contents" not in stack.s3.list_objects_v2(Bucket="lake", Prefix="truth/")
    told = tell("prediction_id,busy\na,1\nb,\n")
    assert (told["rows"], told["faults"], told["before"]) == (1, {"no busy": 1}, None)
    assert tell("prediction_id,busy\na,1\nb,\n")["before"]
    assert len(stack.s3.list_object_versions(Bucket="lake", Prefix="truth/")["Versions"]) == 1


def test_a_spec_too_large_for_a_machine_is_refused_before_anything_is_made(stack, tmp_path):
    wide = tmp_path / "bikeshare"
    shutil.copytree(ROOT / "models" / "bikeshare", wide)
    spec = wide / "model.yaml"
    spec.write_text(spec.read_text().replace("  columns:", "  columns:\n" + "".join(f"    column_{i}: {{type: number}}\n" for i in range(900))))
    with pytest.raises(SpecError, match="name fewer columns"):
        publishing.publish(stack, wide)
    assert ledger.read(stack, "bikeshare").spec is None


@pytest.mark.parametrize(
    ("code", "status", "raised"), [("SlowDown", 503, TransientError), ("InternalError", 500, TransientError), ("AccessDenied", 403, ClientError)]
)
def test_only_what_passes_at_s3_is_worth_another_try(monkeypatch, code, status, raised):
    client = boto3.client("s3", region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x", config=Config(retries={"max_attempts": 1}))
    monkeypatch.setattr(objects, "_client", lambda: client)
    with Stubber(client) as stubbed:
        for operation in ("get_object", "put_object"):
            stubbed.add_client_error(operation, code, http_status_code=status)
        with pytest.raises(raised):
            objects.read("bucket", "key")
        with pytest.raises(raised):
            objects.write("bucket", "key", b"", "text/csv")


def test_approving_an_older_version_than_the_one_that_serves_asks_again(stack):
    publishing.publish(stack, ROOT / "models" / "bikeshare")
    told = sample("functions/conclude_run.json")
    request = {**conclude_run(told)["registration"], "ModelPackageGroupName": "noria-bikeshare"}
    arns = [stack.sagemaker.create_model_package(**{**request, "ClientToken": token})["ModelPackageArn"] for token in ("a", "b")]
    document = {"endpoint": "e", "spec": "s", "model_package_arn": arns[1]}
    item = {"pk": {"S": "MODEL#bikeshare"}, "sk": {"S": "CHAMPION"}, "time": {"S": "t"}, "sagemaker_model": {"S": "m"}, "document": {"S": json.dumps(document)}}
    stack.dynamodb.put_item(TableName="ledger", Item=item)
    with pytest.raises(CliError, match="is newer and serves; add --again"):
        releasing.decide(stack, arns[0], releasing.APPROVED, "the old one")
    assert releasing.decide(stack, arns[0], releasing.APPROVED, "the old one", again=True)["status"] == "Approved"


def test_status_of_a_model_that_nothing_happened_to(stack):
    told = telling.status(stack, "nobody")
    assert (told["published"], told["champion"], told["datasets"]) == (False, None, [])
    with pytest.raises(CliError, match="noria publish"):
        ledger.read(stack, "nobody").published()


def test_what_the_user_can_mend_is_one_line_and_exit_code_one(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("NORIA_HOME", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["noria", "status", "bikeshare"])
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("noria: no local AWS is running")
    assert lifecycle.running() is None


def test_init_writes_a_project_and_says_what_is_next(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(app.app, ["init", "churn", "--json"])
    assert json.loads(ended.stdout)["files"] == ["inference.py", "model.yaml", "requirements.txt", "train.py"]
    assert CliRunner().invoke(app.app, ["init", "Not A Name"]).exit_code == 1


def test_scripts_from_before_there_was_a_preprocess_block_are_refused_and_written_anew(stack, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    start = CliRunner().invoke
    assert start(app.app, ["init", "churn"]).exit_code == 0
    folder = tmp_path / "models" / "churn"
    with (folder / "model.yaml").open("a") as spec:
        spec.write("preprocess: {columns: {city: {one_hot: {at_most: 3}}}}\n")
    with pytest.raises(CliError, match=r"take away train\.py and inference\.py of a project under models/, and noria init churn"):
        publishing.publish(stack, folder)
    # What is there is never written over.
    assert start(app.app, ["init", "churn"]).exit_code == 1
    for script in ("train.py", "inference.py"):
        (folder / script).unlink()
    assert json.loads(start(app.app, ["init", "churn", "--json"]).stdout)["files"] == ["inference.py", "train.py"]
    assert publishing.publish(stack, folder)["changed"]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("ExpiredToken", "have expired"),
        ("InvalidClientTokenId", "does not accept the credentials"),
        ("AccessDeniedException", "may not do this"),
        ("InternalFailure", "was refused"),
    ],
)
def test_an_aws_error_is_one_sentence_with_what_to_do(code, told):
    error = ClientError({"Error": {"Code": code, "Message": "m"}}, "DescribeStacks")
    assert told in str(explained(error, Session(profile="work")))


def test_events_without_reasons_are_shown_too(capsys):
    data = sample("noria/DatasetAccepted.v1.json")["detail"]["data"]
    render.events([{"time": "2026-01-01T00:00:00Z", "name": "DatasetAccepted", "data": {**data, "reasons": []}}])
    render.events([{"time": "2026-01-01T00:00:00Z", "name": "Execution failed", "data": {"machine": "m", "error": "E", "cause": "why"}}])
    assert "why" in capsys.readouterr().out


def test_what_every_look_says_again_is_told_once_and_counted(capsys):
    data = sample("noria/QualityDegraded.v1.json")["detail"]["data"]
    look = [{"time": f"2026-01-01T00:00:0{i}Z", "name": "QualityDegraded", "data": {**data, "page": i == 0}} for i in range(4)]
    other = {"time": "2026-01-01T00:00:09Z", "name": "QualityDegraded", "data": {**data, "release": "next", "page": True}}
    feeds = [{"reasons": [{"text": f"{column} is empty in all of {rows} rows"}], "page": False} for column, rows in (("x1", 20), ("x1", 31), ("x2", 20))]
    render.events([{"time": "2026-01-01T00:00:00Z", "name": "DataIncident", "data": feed} for feed in feeds])
    told = capsys.readouterr().out
    assert ("x1 is empty" in told, "x2 is empty" in told, told.count("DataIncident said the same 1 more times")) == (True, True, 1)
    render.events([*look, other])
    told = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in told if line.startswith("2026")] == ["QualityDegraded", "QualityDegraded"]
    assert [line.strip() for line in told if "same" in line] == ["QualityDegraded said the same 3 more times, the last one at 2026-01-01T00:00:03"]


@pytest.mark.parametrize(
    "started",
    [
        sample("aws/model-package-approved.json"),
        sample("noria/TrainingRequested.v1.json"),
        {"detail": {"object": {"key": "incoming/bikeshare/a b.csv"}}},
        sample("functions/plan_evaluation.json"),
        {**plan_rollout(sample("functions/plan_rollout.json"))["verify"], "name": "bikeshare"},
        {**plan_rollout(sample("functions/plan_rollout.json"))["first"], "model": "bikeshare"},
    ],
    ids=["rollout", "train", "ingest", "evaluate", "verify", "deploy"],
)
def test_a_failed_execution_is_told_under_the_model_that_it_was_started_for(started):
    detail = {"stateMachineArn": "a:Machine", "executionArn": "e", "status": "FAILED", "input": json.dumps(started)}
    event = {"source": "aws.states", "id": "1", "time": "t", "detail": detail}
    assert telling._told(event, "bikeshare")
    assert telling._told(event, "bike") is None


def test_a_file_is_profiled_and_its_contract_suggested_without_any_stack(tmp_path, capsys):
    lines = [f"2011-01-01T{i % 24:02}:00:00,{i},{i % 7},{'?' if i % 50 == 0 else i / 10},{'red' if i % 3 else 'blue'}" for i in range(200)]
    (tmp_path / "x.csv").write_text("\n".join(["ts,id,day,price,colour", *lines, ""]))
    made = files.profile(tmp_path / "x.csv", "ts", ("id",))
    told = profiling.told(made)
    assert (told["rows"], told["columns"]["day"]["numbers"]["max"], told["columns"]["colour"]["top"][0][0]) == (200, 6, "red")
    assert json.loads(json.dumps(told, allow_nan=False)) is not None
    suggested = contracts.suggest(tmp_path / "x.csv")
    assert "time: ts" in suggested
    assert "key: [id]" in suggested
    assert "day: {type: integer, between: [0, 6]}" in suggested
    assert "colour: {type: string, values: [blue, red]}" in suggested
    assert "# 4 values are no numbers: '?'" in suggested
    # What is suggested is a contract that the spec takes.
    spec = specs.parse(f"name: x\ntask: regression\ntarget: price\n{suggested}evaluate: {{gates: [{{metric: mae, at_most: 5}}]}}\n", "model.yaml")
    assert spec.data.columns["day"].between == (0, 6)
    page = profiling.page(made, "<x>")
    assert "&lt;x&gt;" in page
    assert page.count("<svg") == 5
    with pytest.raises(CliError, match="has no column at"):
        files.profile(tmp_path / "x.csv", "at")


@pytest.mark.parametrize(
    ("block", "told"),
    [
        (
            "serve: {instance: [ml.m5.large, ml.m5.huge]}",
            "serve.instance: found 'ml.m5.huge', which is no ProductionVariantInstanceType of SageMaker's; did you mean",
        ),
        ("evaluate: {gates: [{metric: accuracy, at_least: 0.5}], instance: ml.c5.large}", "evaluate.instance: found 'ml.c5.large'"),
    ],
)
def test_an_instance_type_that_sagemaker_has_not_is_refused_before_anything_is_trained(stack, tmp_path, block, told):
    folder = tmp_path / "models" / "bikeshare"
    shutil.copytree(ROOT / "models" / "bikeshare", folder)
    spec = (folder / "model.yaml").read_text()
    head = spec.split("evaluate:")[0] if block.startswith("evaluate") else spec.split("serve:")[0]
    (folder / "model.yaml").write_text(f"{head}{block}\n")
    with pytest.raises(SpecError, match=r"model.yaml:\d+: ") as caught:
        publishing.publish(stack, folder)
    assert told in str(caught.value)


def test_a_kept_profile_stands_for_its_file(tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n" + "".join(f"{i},{i % 3}\n" for i in range(50)))
    files.write(tmp_path / "x.profile", files.profile(tmp_path / "x.csv").to_bytes())
    assert profiling.told(files.profile(tmp_path / "x.profile")) == profiling.told(files.profile(tmp_path / "x.csv"))
    assert contracts.suggest(tmp_path / "x.profile") == contracts.suggest(tmp_path / "x.csv")
    with pytest.raises(CliError, match="cannot write"):
        files.write(tmp_path / "nowhere" / "x.profile", b"")
    (tmp_path / "head.csv").write_text("a,b\n")
    assert list(files.profile(tmp_path / "head.csv").columns) == ["a", "b"]


def test_objects_that_are_fetched_side_by_side_come_in_their_order(stack):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="many")
    names = [f"{number}" for number in range(25)]
    for name in names:
        s3.put_object(Bucket="many", Key=name, Body=name.encode())
    assert [body.decode() for body in objects.read_all("many", names)] == names
    assert list(objects.read_all("many", [])) == []
    assert next(objects.read_all("many", names)) == b"0"
    with pytest.raises(ClientError):
        list(objects.read_all("many", [*names, "missing"]))
