"""Reading functions and the command against moto's S3, DynamoDB and SageMaker."""

import pytest

from cli import app, render, telling
from cli.base import ledger
from cli.base.errors import CliError
from local import machine
from tests.samples import sample

REGION = "us-east-1"


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
