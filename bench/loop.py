"""One loop of the deployed stack, measured: a new model of real data, from its upload to its endpoint."""

import itertools
import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.results import ROOT, Result
from cli.base.session import Session
from cli.data.progress import follow
from cli.data.upload import upload
from cli.demo.dataset import YEAR, rows_of_year
from cli.project.publish import publish
from local import lifecycle

LIMIT_SECONDS = 300
#: AWS bills a Lambda call by the millisecond; these lines of the platform's log carry it.
REPORT = re.compile(r"Duration: ([\d.]+) ms.*Memory Size: (\d+) MB")
MACHINES = ("Ingest", "Train", "Preprocess", "Evaluate", "Approve", "Rollout", "Release", "Verify", "Deploy", "Watch")
#: Items that a loop writes and reads: claims, dataset, run, lock and its end, release, champion; specs and champion.
WRITES, READS, EVENTS, PUTS, GETS = 10, 6, 4, 12, 10


@dataclass(frozen=True)
class Loop:
    """What one loop did.

    Attributes:
        transitions: state transitions of all machines.
        calls: seconds and memory (MB) of each Lambda call.
        seconds: from the upload to the release.
        user_seconds: of them, in which a job of the user's own code or its server ran.
    """

    transitions: int
    calls: list[tuple[float, int]]
    seconds: float
    user_seconds: float


def deployed() -> Session:
    """The stack on a local AWS of ordinary speed, started and deployed where it is not."""
    lifecycle.up(1.0)
    subprocess.run([str(ROOT / "scripts" / "deploy.sh"), "local"], check=True, capture_output=True)
    return Session()


def turn() -> Loop:
    """Start the local AWS if it is not up, deploy, and take one fresh model through the loop."""
    session = deployed()
    name = f"bench{datetime.now().strftime('%H%M%S')}"  # noqa: DTZ005  # a name
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        shutil.copytree(ROOT / "models" / "bikeshare", project)
        spec = project / "model.yaml"
        spec.write_text(spec.read_text().replace("name: bikeshare", f"name: {name}"))
        publish(session, project)
        sent = upload(session, name, rows_of_year(YEAR))
        stages = list(follow(session, sent, LIMIT_SECONDS))
    if stages[-1].verdict != "completed":
        raise RuntimeError(f"the loop ended at {stages[-1].name}: {stages[-1].reasons}")
    # What the release's own event starts may still be on its way.
    time.sleep(2)
    results = list(_executions(session, name))
    states, calls = _history(session, results)
    return Loop(states, calls, sum(stage.seconds for stage in stages), _user_seconds(session, name))


def _client(session: Session, service: str) -> Any:
    return session.client(service)


def _executions(session: Session, name: str) -> Iterator[str]:
    states = _client(session, "stepfunctions")
    for item in states.list_state_machines()["stateMachines"]:
        for execution in states.list_executions(stateMachineArn=item["stateMachineArn"])["executions"]:
            described = states.describe_execution(executionArn=execution["executionArn"])
            while name in described["input"] and described["status"] == "RUNNING":
                time.sleep(0.2)
                described = states.describe_execution(executionArn=execution["executionArn"])
            if name in described["input"]:
                yield execution["executionArn"]


def _history(session: Session, executions: list[str]) -> tuple[int, list[tuple[float, int]]]:
    """Transitions, and the time and memory of each Lambda call, out of the executions' histories."""
    states, functions = _client(session, "stepfunctions"), _client(session, "lambda")
    memory: dict[str, int] = {}
    transitions, calls = 0, []
    for arn in executions:
        pages = states.get_paginator("get_execution_history").paginate(executionArn=arn)
        events = [event for page in pages for event in page["events"]]
        transitions += sum(event["type"].endswith("StateEntered") for event in events)
        for before, after in itertools.pairwise(events):
            details = before.get("taskScheduledEventDetails", {})
            if before["type"] == "TaskScheduled" and details.get("resourceType") == "lambda":
                function = json.loads(details["parameters"])["FunctionName"]
                memory.setdefault(function, functions.get_function_configuration(FunctionName=function)["MemorySize"])
                ended = next(event for event in events if event["id"] > after["id"] and event["type"].startswith(("TaskSucceeded", "TaskFailed")))
                calls.append(((ended["timestamp"] - before["timestamp"]).total_seconds(), memory[function]))
    return transitions, calls


def _user_seconds(session: Session, name: str) -> float:
    """Seconds in which the user's own script or server ran: the jobs' own times, and the endpoint's start."""
    sagemaker, whole = session.sagemaker, 0.0
    for job in sagemaker.list_training_jobs(NameContains=name)["TrainingJobSummaries"]:
        result = sagemaker.describe_training_job(TrainingJobName=job["TrainingJobName"])
        whole += (result["TrainingEndTime"] - result["TrainingStartTime"]).total_seconds()
    for transform in sagemaker.list_transform_jobs(NameContains=name)["TransformJobSummaries"]:
        described = sagemaker.describe_transform_job(TransformJobName=transform["TransformJobName"])
        whole += (described["TransformEndTime"] - described["CreationTime"]).total_seconds()
    return whole


def cost(loop: Loop) -> Result:
    """One loop's orchestration in US dollars, against a cent."""
    price = json.loads((ROOT / "bench" / "prices.json").read_text())
    gb_seconds = sum(seconds * memory / 1024 for seconds, memory in loop.calls)
    parts = {
        "state transitions": (loop.transitions, loop.transitions * price["state_transition"]),
        "Lambda requests": (len(loop.calls), len(loop.calls) * price["lambda_request"]),
        "Lambda GB-seconds": (round(gb_seconds, 3), gb_seconds * price["lambda_gb_second"]),
        "DynamoDB writes and reads": (WRITES + READS, WRITES * price["dynamodb_write"] + READS * price["dynamodb_read"]),
        "events": (EVENTS, EVENTS * price["eventbridge_event"]),
        "S3 puts and gets": (PUTS + GETS, PUTS * price["s3_put"] + GETS * price["s3_get"]),
    }
    whole = round(sum(dollars for _, dollars in parts.values()), 6)
    report = {name: f"{count}, {dollars:.6f} USD" for name, (count, dollars) in parts.items()}
    return Result("loop_cost", whole, 0.01, "USD", f"one loop without training and serving, prices of {price['date']}", report)


def overhead(loop: Loop) -> Result:
    """Seconds of a loop that are not the user's code, against those that are."""
    ours = round(loop.seconds - loop.user_seconds, 2)
    parts = {
        "loop": f"{loop.seconds:.2f} s",
        "Lambda calls": f"{sum(seconds for seconds, _ in loop.calls):.2f} s in {len(loop.calls)} calls, cold ones included",
    }
    return Result("loop_overhead", ours, round(loop.user_seconds, 2), "s", "orchestration of one loop against the user's own jobs in it", parts)
