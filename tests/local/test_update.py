"""A stack is updated in place: what it serves, what waits for a person and what runs goes on, and nothing happens twice."""

import os
import subprocess
from pathlib import Path

import pytest

from cli.base import event_log, ledger
from cli.base.session import Session
from cli.data.progress import follow
from cli.data.upload import upload
from cli.project.publish import publish
from cli.release import approval
from local import lifecycle
from tests.local.aws.waiting import until
from tests.local.release.traffic import asking
from tests.local.small_model import LIMIT, TRAIN, data, loop, project

#: The commit that the stack is updated from. Every later change of the ledger, of events or of names keeps this test green.
BEFORE = (Path(__file__).with_name("before-update.txt")).read_text().strip()
STACK = "update"
#: Trains for longer than an update of the stack takes.
SLOW = f"import time\ntime.sleep(40)\n{TRAIN}"


def git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", "-C", str(lifecycle.ROOT), *arguments], capture_output=True, text=True)


def deploy(folder: Path, build: Path, environment: dict[str, str]) -> None:
    """`sam build` and `sam deploy` of a checkout, as a stack of its own."""
    noria = lifecycle.ROOT / ".noria"
    sam, path = str(noria / "envs" / "sam" / "bin" / "sam"), f"{noria / 'uv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    options = ["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--resolve-s3", "--parameter-overrides", f"Prefix={STACK}"]
    for command in (
        [sam, "build", "--template", str(folder / "template.yaml"), "--build-dir", str(build), "--cache-dir", f"{build}-cache", "--parallel"],
        [sam, "deploy", "--template-file", str(build / "template.yaml"), "--stack-name", STACK, *options],
    ):
        variables = {**os.environ, **environment, "SAM_CLI_TELEMETRY": "0", "PATH": path}
        done = subprocess.run(command, cwd=build.parent, env=variables, capture_output=True, text=True)
        assert done.returncode == 0, (done.stdout + done.stderr)[-3_000:]


@pytest.fixture
def before(tmp_path) -> Path:
    """A checkout of the commit before."""
    if git("cat-file", "-e", f"{BEFORE}^{{commit}}").returncode:
        pytest.skip(f"the history has no commit {BEFORE}: this is a shallow clone; fetch the rest with git fetch --unshallow")
    archive, folder = tmp_path / "before.tar", tmp_path / "before"
    folder.mkdir()
    assert git("archive", "--output", str(archive), BEFORE).returncode == 0
    subprocess.run(["tar", "-xf", str(archive), "-C", str(folder)], check=True)
    return folder


def test_what_serves_waits_and_runs_goes_on_through_an_update(running, before, tmp_path):
    deploy(before, tmp_path / "build-before", running.environment())
    stack = Session(STACK)
    publish(stack, project(tmp_path / "served", "served"))
    assert loop(stack, "served", data(tmp_path))[-1].verdict == "completed"
    champion = ledger.read(stack, "served").champion
    waiting = project(tmp_path / "waiting", "waiting") / "model.yaml"
    waiting.write_text(waiting.read_text() + "approve: {mode: manual}\n")
    publish(stack, waiting.parent)
    assert loop(stack, "waiting", data(tmp_path))[-1].verdict == "pending"
    publish(stack, project(tmp_path / "training", "training", train=SLOW))
    sent = upload(stack, "training", data(tmp_path))
    assert until(lambda: stack.sagemaker.list_training_jobs(NameContains=f"{STACK}-training-", StatusEquals="InProgress")["TrainingJobSummaries"], 60)

    with asking(stack, "served") as client:
        deploy(lifecycle.ROOT, tmp_path / "build-after", running.environment())

    assert client.failed == []
    assert client.served.total() > 0
    assert ledger.read(stack, "served").champion == champion
    last = list(follow(stack, sent, LIMIT))[-1]
    assert (last.name, last.verdict) == ("rollout", "completed")
    (request,) = ledger.read(stack, "waiting").pending_approvals
    approval.decide(stack, request["package"], approval.APPROVED, "it may serve")
    assert until(lambda: ledger.read(stack, "waiting").champion, LIMIT)
    for model in ("served", "waiting", "training"):
        assert until(lambda model=model: ledger.read(stack, model).lock is None, 60), model
        record = ledger.read(stack, model)
        assert (len(record.datasets), len(record.runs), len(record.releases)) == (1, 1, 1), model
        assert event_log.first_failure(stack, model, 0.0) is None
