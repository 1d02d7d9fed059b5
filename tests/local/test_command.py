"""The command against the deployed application: what it says where something is missing, and its documents."""

import json
import shutil
import subprocess

import pytest

from cli.base.errors import CliError
from cli.data.upload import upload
from cli.demo.loop import run as demo
from cli.serving.predict import predict
from local import lifecycle


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


def test_what_is_asked_of_an_unknown_model_or_file_is_told(stack, name, tmp_path):
    with pytest.raises(CliError, match="is published here"):
        predict(stack, name, [{"x": 1}])
    with pytest.raises(CliError, match="there is no file"):
        upload(stack, name, tmp_path / "nothing.csv")
