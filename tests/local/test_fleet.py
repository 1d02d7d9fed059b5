"""What a person sees and ends while something runs, on the deployed application."""

import os
import subprocess

import pytest

from cli.base import ledger
from cli.fleet.models import models
from cli.fleet.retire import retire
from cli.fleet.stop import stop
from cli.history.status import status
from cli.project.publish import publish
from cli.runs import jobs
from cli.serving.predict import predict
from cli.serving.snippet import Language, snippet
from cli.training.requests import retrain
from local import lifecycle
from tests.local.aws.waiting import until
from tests.local.small_model import TRAIN, data, loop, project

SLOW = f"import time\nprint('epoch 1', flush=True)\ntime.sleep(120)\n{TRAIN}"


def test_a_running_job_is_seen_followed_and_stopped_and_the_published_code_is_what_a_retraining_runs(stack, name, tmp_path):
    publish(stack, project(tmp_path / "p", name))
    assert loop(stack, name, data(tmp_path))[-1].verdict == "completed"
    first = ledger.read(stack, name).published()["id"]
    publish(stack, project(tmp_path / "p", name, train=SLOW))
    request = retrain(stack, name)
    assert request.judged_again == first
    assert request.spec == ledger.read(stack, name).published()["id"] != first
    running = until(lambda: [activity for activity in status(stack, name).running if activity.last_line], 60)[0]
    assert (running.id, running.stage, running.last_line, running.file) == (request.run, "train", "epoch 1", f"incoming/{name}/rows.csv")
    lines: list[tuple[str, str]] = []
    jobs.follow_logs(stack, request.run, follow=False, show=lambda job, line: lines.append((job, line)))
    assert (running.jobs[0], "epoch 1") in lines
    assert [summary.state for summary in models(stack, name=name)] == ["serves"]
    assert stop(stack, request.run, 10).ended == running.jobs
    run = until(lambda: next((run for run in ledger.read(stack, name).runs if run["run"] == request.run), None), 60)
    assert (run["status"], run["failed_at"], run["spec"]) == ("failed", "train", request.spec)
    assert status(stack, name).running == []


@pytest.mark.parametrize("language", list(Language))
def test_a_snippet_asks_the_endpoint_as_it_is_printed(stack, name, tmp_path, language):
    publish(stack, project(tmp_path / "p", name))
    assert loop(stack, name, data(tmp_path))[-1].verdict == "completed"
    variables = {**os.environ, **dict(line.split("=", 1) for line in (lifecycle.home() / "local.env").read_text().splitlines())}
    command = {Language.PYTHON: [str(lifecycle.ROOT / ".venv" / "bin" / "python"), "-c"], Language.CURL: ["sh", "-c"]}[language]
    answer = subprocess.run([*command, snippet(stack, name, language)], env=variables, capture_output=True, text=True)
    assert (answer.stdout.strip(), answer.stderr) == ("1", "")


def test_a_retired_model_is_gone_until_it_is_published_again(stack, name, tmp_path):
    publish(stack, project(tmp_path / "p", name))
    assert loop(stack, name, data(tmp_path))[-1].verdict == "completed"
    assert until(lambda: not status(stack, name).under_way)
    retire(stack, name)
    assert stack.endpoint(name) not in [endpoint["EndpointName"] for endpoint in stack.sagemaker.list_endpoints(NameContains=name)["Endpoints"]]
    assert models(stack, name=name) == []
    assert not stack.cloudwatch.describe_alarms(AlarmNamePrefix=f"{stack.prefix}/{name}/")["MetricAlarms"]
    publish(stack, project(tmp_path / "p", name))
    assert loop(stack, name, data(tmp_path, seed=-4, file="more.csv"))[-1].verdict == "completed"
    assert predict(stack, name, [{"x": 5.5}]).predictions[0].prediction == "1"
