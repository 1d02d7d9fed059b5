"""`noria up` and `noria down` start and end the local AWS, and say what came of it."""

import json
from dataclasses import dataclass

import pytest
from typer.testing import CliRunner

from cli import app
from cli.base.errors import CliError
from local import lifecycle


@dataclass
class Running:
    """What a local AWS that runs says of itself."""

    pid: int = 7
    endpoint_url: str = "http://127.0.0.1:4566"
    region: str = "us-east-1"
    started_s: float = 1.5
    speed: float = 1.0

    def environment(self) -> dict[str, str]:
        return {"AWS_ENDPOINT_URL": self.endpoint_url}


#: What a local AWS uses.
USED = {
    "memory_mb": 1234.5,
    "measure": "pss",
    "processes": 7,
    "functions": {"running": 1, "limit": 10, "processes": 4, "most_processes": 20},
    "model_servers": {"running": 2, "idle": 3},
}


def noria(*arguments: str):
    return CliRunner().invoke(app.app, list(arguments))


@pytest.fixture
def starts(monkeypatch) -> list[tuple]:
    """The starts that the command asks for."""
    calls: list[tuple] = []
    monkeypatch.setattr(lifecycle, "up", lambda speed, without: calls.append((speed, without)) or Running())
    monkeypatch.setattr(lifecycle, "running", lambda: Running(started_s=9.0))
    monkeypatch.setattr(lifecycle, "measure_usage", lambda running: USED)
    return calls


def test_up_says_where_aws_answers(starts):
    assert noria("up", "--speed", "60", "--without", "ml.c5.large").stdout.startswith(
        "AWS answers at http://127.0.0.1:4566 (us-east-1), started in 1.5 s; logs in"
    )
    document = json.loads(noria("up", "--json").stdout)
    assert starts == [(60.0, ("ml.c5.large",)), (None, ())]
    assert document["environment"] == {"AWS_ENDPOINT_URL": document["endpoint_url"]}
    assert "pid" not in document
    assert document["usage"] == USED


def test_up_says_how_time_passes_and_how_to_shorten_it(starts, monkeypatch):
    assert "time passes as on AWS; noria down, then noria up --speed 60 makes a minute" in noria("up").stdout
    monkeypatch.setattr(lifecycle, "up", lambda speed, without: Running(speed=60.0))
    assert "bakes, metrics and waits are 60 times as fast as on AWS" in noria("up", "--speed", "60").stdout


def test_one_that_runs_is_kept_when_asked_to(starts):
    text = noria("up", "--keep").stdout
    assert "started in 9.0 s" in text
    assert "memory: 1,234 MB; processes: 7; model servers: 2 running, 3 idle" in text
    assert "functions: 1 of at most 10 running; 4 of at most 20 processes" in text
    assert starts == []


def test_a_start_that_fails_is_an_error_of_the_command(monkeypatch):
    def fail(speed, without):
        raise lifecycle.LocalAwsError("the port is taken")

    monkeypatch.setattr(lifecycle, "up", fail)
    result = noria("up")
    assert (type(result.exception), str(result.exception)) == (CliError, "the port is taken")


@pytest.mark.parametrize(("ended", "text"), [(3, "ended 3 processes\n"), (0, "nothing was running\n")])
def test_down_says_what_it_ended(monkeypatch, ended, text):
    monkeypatch.setattr(lifecycle, "down", lambda: ended)
    assert noria("down").stdout == text
    assert json.loads(noria("down", "--json").stdout) == {"processes_ended": ended}
