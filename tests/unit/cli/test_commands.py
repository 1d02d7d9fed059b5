"""Reading functions and the command against moto's S3, DynamoDB and SageMaker."""

import json

import pytest

from cli import app, monitoring, render, telling
from cli.base import ledger
from cli.base.errors import CliError
from cli.project.publish import publish
from local import machine
from noria.kernel.errors import UnreadableDatasetError
from tests.samples import ROOT, sample

REGION = "us-east-1"


def serves(stack, spec):
    """The ledger's word that a version of a spec serves."""
    item = {"pk": {"S": "MODEL#bikeshare"}, "sk": {"S": "CHAMPION"}, "time": {"S": "t"}, "sagemaker_model": {"S": "m"}}
    item["document"] = {"S": json.dumps({"endpoint": "e", "spec": spec})}
    stack.dynamodb.put_item(TableName="ledger", Item=item)


def test_a_file_of_truth_is_looked_at_before_it_is_sent_and_sent_once(stack, tmp_path):
    serves(stack, publish(stack, ROOT / "models" / "bikeshare").spec)
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
    assert machine.running() is None


def test_events_without_reasons_are_shown_too(capsys):
    data = sample("data/DatasetAccepted.v1.json")["detail"]["data"]
    render.events([{"time": "2026-01-01T00:00:00Z", "name": "DatasetAccepted", "data": {**data, "reasons": []}}])
    render.events([{"time": "2026-01-01T00:00:00Z", "name": "Execution failed", "data": {"machine": "m", "error": "E", "cause": "why"}}])
    assert "why" in capsys.readouterr().out


def test_what_every_look_says_again_is_told_once_and_counted(capsys):
    data = sample("monitoring/QualityDegraded.v1.json")["detail"]["data"]
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
