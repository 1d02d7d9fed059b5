"""The local AWS ends with every process that it started, and starts only on the dependencies that it knows."""

import json
import os
import signal
import subprocess
import sys
import textwrap

import pytest

from local.lifecycle import ROOT

#: Starts a local AWS of its own and a function's process, ends both as `sys.argv[1]` says, and prints what ran and what is left.
LIVE = """
import io, json, os, signal, subprocess, sys, time, zipfile
import boto3
from local import lifecycle

def session(leader):
    listing = subprocess.run(["ps", "-e", "-o", "pid=,sess=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listing.splitlines()]
    return [int(pid) for pid, of, state in rows if int(of) == leader and not state.startswith("Z")]

aws = lifecycle.up()
assert lifecycle.up().pid == aws.pid
os.environ.update(aws.environment())
trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
role = boto3.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
package = io.BytesIO()
with zipfile.ZipFile(package, "w") as archive:
    archive.writestr("app.py", "def handler(event, context): return event")
functions = boto3.client("lambda")
functions.create_function(FunctionName="f", Runtime="python3.13", Handler="app.handler", Role=role, Code={"ZipFile": package.getvalue()})
functions.invoke(FunctionName="f", Payload=b"1")["Payload"].read()
alive = session(aws.pid)
again = subprocess.run([sys.executable, "-m", "cli.app", "up", "--json"], capture_output=True, text=True, check=True)
if sys.argv[1] == "kill":
    os.kill(aws.pid, signal.SIGKILL)
ended = lifecycle.down()
print(json.dumps({"alive": len(alive), "usage": json.loads(again.stdout)["usage"], "ended": ended, "left": session(aws.pid), "running": lifecycle.running() is not None,
                  "files": sorted(path.name for path in lifecycle.home().iterdir())}))
"""


@pytest.mark.parametrize("how", ["down", "kill"])
def test_no_process_is_left_when_the_machine_is_down(tmp_path, how):
    """GIVEN a gateway with a function's process, ended properly or killed THEN nothing of its session lives on."""
    environment = {**os.environ, "NORIA_HOME": str(tmp_path), "NORIA_CONCURRENCY": "3"}
    ran = subprocess.run([sys.executable, "-c", LIVE, how], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout.splitlines()[-1])
    assert report["alive"] >= 2
    # `noria up` on a running one says what it uses: far more than a function's process alone.
    assert report["usage"]["processes"] == report["alive"]
    assert report["usage"]["memory_mb"] > 100
    assert report["usage"]["model_servers"] == {"running": 0, "idle": 0}
    assert report["usage"]["functions"] == {"running": 0, "limit": 3, "processes": 1, "most_processes": 6}
    assert (report["left"], report["running"]) == ([], False)
    assert report["files"] == ["logs"]


def test_down_without_a_machine_ends_nothing(tmp_path):
    code = "from local import lifecycle; print(lifecycle.down(), lifecycle.running())"
    ran = subprocess.run([sys.executable, "-c", code], env={**os.environ, "NORIA_HOME": str(tmp_path)}, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["0", "None"]


def test_a_stale_pid_of_another_process_is_left_alone(tmp_path):
    """GIVEN a pid file whose number some other process has by now THEN that one lives on."""
    stranger = subprocess.Popen(["sleep", "30"])
    try:
        (tmp_path / "local.pid").write_text(str(stranger.pid))
        code = "from local import lifecycle; print(lifecycle.down())"
        subprocess.run([sys.executable, "-c", code], env={**os.environ, "NORIA_HOME": str(tmp_path)}, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        assert stranger.poll() is None
    finally:
        stranger.send_signal(signal.SIGKILL)
        stranger.wait()


@pytest.mark.parametrize(
    ("module", "names", "words"), [("ministack.app", "('_no_such_name',)", "ministack.app._no_such_name"), ("ministack.nowhere", "('x',)", "ministack.nowhere")]
)
def test_a_missing_hook_is_told_by_distribution_version_and_name(module, names, words):
    python = ROOT / ".noria" / "envs" / "local" / "bin" / "python"
    check = f"""
        from importlib.metadata import version
        from local import hooks
        hooks.HOOKS = {{"ministack": {{{module!r}: {names}}}}}
        try:
            hooks.verify()
        except hooks.HookMissingError as error:
            print(version("ministack"))
            print(error)
    """
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    ran = subprocess.run([str(python), "-c", textwrap.dedent(check)], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    version, message = ran.stdout.strip().split("\n", 1)
    assert f"ministack {version} " in message
    assert words in message
