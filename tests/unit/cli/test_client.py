"""The public module: whatever the command does, a notebook can do as well."""

import inspect

import pytest
import typer

import noria_client
from cli import app
from noria_client import CliError

#: What only a terminal needs: starting and ending the local AWS, and the demonstration.
TERMINAL_ALONE = {"up", "down", "demo"}


def commands(group, module=noria_client):
    """The name of each command with the module that has its function: of a group, the client's module of that name, where there is one."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, getattr(noria_client, name, module))
        else:
            yield module, name


def functions(module=noria_client):
    """The functions of the client, and of its modules."""
    for name in module.__all__:
        value = getattr(module, name)
        if inspect.ismodule(value):
            yield from functions(value)
        elif inspect.isfunction(value):
            yield value


def test_every_command_has_a_function_of_its_name():
    names = [(module, name) for module, name in commands(typer.main.get_command(app.app)) if name not in TERMINAL_ALONE]
    assert [name for module, name in names if not callable(getattr(module, name, None)) or name not in module.__all__] == []


@pytest.mark.parametrize("function", list(functions()), ids=lambda function: function.__qualname__)
def test_a_function_says_what_it_takes_returns_and_does(function):
    signature = inspect.signature(function)
    assert signature.return_annotation is not inspect.Signature.empty
    assert all(parameter.annotation is not inspect.Parameter.empty for parameter in signature.parameters.values())
    assert inspect.getdoc(function)


def test_an_upload_is_followed_with_its_progress_and_prints_nothing(stack, put, tmp_path, capsys, monkeypatch):
    put("SPEC", {"id": "s"}, time="t")
    (tmp_path / "d.csv").write_text("a\n")
    sent = noria_client.upload(stack, "m", tmp_path / "d.csv")
    assert sent.stages == []
    stages = [noria_client.Stage("ingest", 1.0, "quarantined")]
    monkeypatch.setattr("noria_client._progress.follow", lambda session, upload, timeout: iter(stages))
    seen: list[noria_client.Stage] = []
    assert noria_client.upload(stack, "m", tmp_path / "d.csv", wait=True, progress=seen.append).stages == seen == stages
    assert capsys.readouterr().out == ""
    assert noria_client.datasets(stack, "m") == []
    with pytest.raises(CliError, match="no dataset of 'm' was accepted yet"):
        noria_client.retrain(stack, "m")
