"""The command as a whole: its session, and errors that the user can mend."""

import json
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from typer.testing import CliRunner

from cli import app
from cli.base.errors import CliError, CredentialsError, NoStackError
from cli.base.session import Session
from cli.training import commands
from local import lifecycle


def test_what_the_user_can_mend_is_one_line_and_exit_code_one(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("NORIA_HOME", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["noria", "status", "bikeshare"])
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("noria: no local AWS is running")
    assert lifecycle.running() is None


def test_with_json_an_error_is_a_document(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("NORIA_HOME", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["noria", "status", "bikeshare", "--json"])
    with pytest.raises(SystemExit):
        app.main()
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["type"], error["message"].startswith("no local AWS is running")) == ("NoStackError", True)


def test_every_room_has_its_commands_in_the_help():
    lines = CliRunner().invoke(app.app, ["--help"]).stdout
    commands = "up down init publish upload profile contract retrain approve reject releases rollback watch guard predict"
    for name in [*commands.split(), "truth", "monitor", "drift", "dashboard", "check", "replay", "status", "events", "demo"]:
        assert f" {name} " in lines


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ClientError({"Error": {"Code": "ExpiredToken", "Message": "m"}}, "DescribeStacks"), CredentialsError),
        (EndpointConnectionError(endpoint_url="http://localhost"), NoStackError),
        (ClientError({"Error": {"Code": "Throttling", "Message": "m"}}, "DescribeStacks"), CliError),
    ],
)
def test_an_error_of_aws_in_any_command_is_explained_for_its_session(error, kind):
    def refuse(**_):
        raise error

    session = Session(endpoint_url="http://localhost")
    session.__dict__["cloudformation"] = SimpleNamespace(describe_stacks=refuse)
    result = CliRunner().invoke(app.app, ["status", "m"], obj=session)
    assert type(result.exception) is kind


def test_the_options_open_the_session_and_a_callers_own_is_left_alone(monkeypatch):
    sessions: list[Session] = []
    monkeypatch.setattr("cli.training.commands.requests.retrain", lambda session, model, say: sessions.append(session) or SimpleNamespace(dataset="d"))
    own = Session(stack="own")
    CliRunner().invoke(app.app, ["--stack", "mine", "--region", "eu-central-1", "--endpoint-url", "http://x", "retrain", "m"])
    CliRunner().invoke(app.app, ["--stack", "mine", "retrain", "m"], obj=own)
    assert (sessions[0].stack, sessions[0].region, sessions[0].url, sessions[0].region_name) == ("mine", "eu-central-1", "http://x", "eu-central-1")
    assert sessions[1] is own


def test_a_room_runs_by_itself_with_a_session_of_its_own(monkeypatch):
    sessions: list[Session] = []
    monkeypatch.setattr("cli.training.commands.requests.retrain", lambda session, model, say: sessions.append(session) or SimpleNamespace(dataset="d"))
    CliRunner().invoke(commands.commands, ["m"])
    assert sessions == [Session()]
