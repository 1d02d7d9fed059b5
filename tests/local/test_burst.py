"""Many uploads at once: every one is ingested, none is lost on the way, and no more functions run at once than the local AWS has places for."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from cli.base import event_log
from cli.base.session import Session
from cli.project.publish import publish
from local import lifecycle
from tests.local import small_model
from tests.local.aws.waiting import until

MODELS, UPLOADS = 5, 25
#: Fewer rows than the model's spec asks for: every upload is quarantined, so that nothing is trained.
ROWS = 10
LIMIT_SECONDS = 240


@pytest.fixture
def models(stack: Session, tmp_path, name) -> list[str]:
    names = [f"{name}{number}" for number in range(MODELS)]
    for model in names:
        publish(stack, small_model.project(tmp_path / model, model))
    return names


@contextmanager
def watched(aws: lifecycle.LocalAws) -> Iterator[list[dict[str, int]]]:
    """What the local AWS reports of its functions meanwhile."""
    seen: list[dict[str, int]] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.2):
            seen.append(lifecycle.measure_usage(aws)["functions"])

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


def upload(stack: Session, model: str, number: int) -> None:
    body = "id,x,y\n" + "".join(f"{number}-{row},{row % 10},{row % 2}\n" for row in range(ROWS))
    stack.s3.put_object(Bucket=stack.outputs["LakeBucket"], Key=f"incoming/{model}/{number}.csv", Body=body.encode())


def ingests(stack: Session, models: list[str]) -> Counter[str]:
    """The executions of the ingest machine for some models, by their status."""
    states: Any = stack.client("stepfunctions")
    machine = next(item["stateMachineArn"] for item in states.list_state_machines()["stateMachines"] if "ingest" in item["name"].lower())
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine)
    executions = [states.describe_execution(executionArn=execution["executionArn"]) for page in pages for execution in page["executions"]]
    return Counter(execution["status"] for execution in executions if any(f"incoming/{model}/" in execution["input"] for model in models))


def all_ended(stack: Session, models: list[str]) -> Counter[str] | None:
    statuses = ingests(stack, models)
    return statuses if statuses.total() == UPLOADS and "RUNNING" not in statuses else None


def quarantined(stack: Session, model: str) -> int:
    return sum(event["name"] == "DatasetQuarantined" for event in event_log.events(stack, model))


def test_a_burst_of_uploads_is_ingested_whole_within_the_limits(stack, running, models):
    with watched(running) as seen, ThreadPoolExecutor(UPLOADS) as pool:
        for call in [pool.submit(upload, stack, models[number % MODELS], number) for number in range(UPLOADS)]:
            call.result()
        statuses = until(lambda: all_ended(stack, models), LIMIT_SECONDS)
    assert statuses == {"SUCCEEDED": UPLOADS}
    until(lambda: [quarantined(stack, model) for model in models] == [UPLOADS // MODELS] * MODELS, 30)
    assert max(counts["running"] for counts in seen) <= seen[0]["limit"]
    assert max(counts["processes"] for counts in seen) <= seen[0]["most_processes"]
