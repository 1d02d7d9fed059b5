"""What runs at this moment, read from the claims in the ledger, the executions and the jobs."""

import json
import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from cli.base import ledger
from cli.runs import activity
from noria.kernel.identity import run_id

BEGAN = datetime.now(UTC) - timedelta(minutes=5)
RUN = run_id("m", "d", "event", "lake")


class Pages:
    """A paginator of one page."""

    def __init__(self, **page):
        self._page = page

    def paginate(self, **_):
        return [self._page]


@pytest.fixture
def running(stack, put):
    """A run whose machine is in this state, with these jobs; and an ingestion of this model and of another one."""
    stack.__dict__["caller"] = "arn:aws:iam::123456789012:user/me"
    put("SPEC", {"id": "s", "images": {}}, time="t")
    put("DATASET#d", {"dataset": "d", "rows": 9, "source": {"key": "incoming/m/rows.csv"}, "reasons": []}, status="accepted", time="t", claim_owner="execution")
    claim = {"UpdateExpression": "ADD claims :events", "ExpressionAttributeValues": {":events": {"SS": ["event"]}}}
    stack.dynamodb.update_item(TableName="ledger", Key={"pk": {"S": "MODEL#m"}, "sk": {"S": "DATASET#d"}}, **claim)

    def in_state(*states: str, status: str = "RUNNING", ingestions: tuple[str, ...] = (), jobs: dict[str, str] | None = None) -> None:
        def describe_execution(executionArn):
            if executionArn != "execution":
                return {"name": executionArn, "status": "RUNNING", "startDate": BEGAN, "input": json.dumps({"detail": {"object": {"key": executionArn}}})}
            return {"status": status, "startDate": BEGAN}

        entered = [{"timestamp": BEGAN + timedelta(minutes=i), "stateEnteredEventDetails": {"name": name}} for i, name in enumerate(states, 1)]
        stack.__dict__["stepfunctions"] = SimpleNamespace(
            list_executions=lambda **_: {"executions": [{"executionArn": key} for key in ingestions]},
            describe_execution=describe_execution,
            get_execution_history=lambda **_: {"events": [*reversed(entered), {"timestamp": BEGAN}]},
        )
        listed = {
            kind: [
                {f"{kind.capitalize()}JobName": name, f"{kind.capitalize()}JobStatus": state} for name, state in (jobs or {}).items() if name.startswith(kind)
            ]
            for kind in ("processing", "training", "transform")
        }
        kinds = {f"list_{kind}_jobs": Pages(**{f"{kind.capitalize()}JobSummaries": summaries}) for kind, summaries in listed.items()}
        stack.__dict__["sagemaker"] = SimpleNamespace(get_paginator=kinds.__getitem__)
        stack.__dict__["logs"] = SimpleNamespace(
            describe_log_streams=lambda logGroupName, logStreamNamePrefix: {"logStreams": [{"logStreamName": logStreamNamePrefix + "algo-1"}]},
            get_log_events=lambda **request: {"events": [{"timestamp": 1, "message": f"epoch 3 of {request['logStreamName']}"}]},
        )

    return in_state


def of(stack) -> list[activity.Activity]:
    return activity.activities(stack, ledger.read(stack, "m"))


def test_a_run_under_way_says_its_stage_since_when_its_job_and_what_the_job_printed_last(stack, running):
    running("Claim run", "Preprocess", "Train model", jobs={"training-1": "InProgress", "transform-1": "Completed"})
    (run,) = of(stack)
    assert (run.kind, run.id, run.file, run.stage, run.number, run.of) == ("run", RUN, "incoming/m/rows.csv", "train", 2, 4)
    assert (run.jobs, run.last_line) == (["training-1"], "epoch 3 of training-1/algo-1")
    assert (run.began, run.since) == (BEGAN.isoformat(), (BEGAN + timedelta(minutes=3)).isoformat())
    line = re.sub(r"\d+ min|\d+ s", "a while", activity.line(stack, "m"))
    assert line == "train (2 of 4) for a while; training-1: epoch 3 of training-1/algo-1"


@pytest.mark.parametrize(("states", "stage"), [(("Claim run", "Plan run"), "preprocess"), (("Train model", "Evaluate candidate", "Conclude run"), "evaluate")])
def test_between_its_stages_a_run_is_in_the_one_that_it_began_last(stack, running, states, stage):
    running(*states)
    assert of(stack)[0].stage == stage


def test_what_has_ended_does_not_run(stack, running, put):
    running("Train model", status="FAILED")
    assert of(stack) == []
    running("Train model")
    put(f"RUN#{RUN}", {"run": RUN, "dataset": "d"}, status="registered", ended="t")
    assert of(stack) == []
    assert activity.line(stack, "m") is None


def test_an_ingestion_shows_under_its_own_model_alone(stack, running):
    running("Train model", status="SUCCEEDED", ingestions=("incoming/m/new.csv", "incoming/other/x.csv"))
    assert [(each.kind, each.file, each.stage) for each in of(stack)] == [("ingest", "incoming/m/new.csv", "ingest")]


def test_the_status_and_its_json_show_what_runs(stack, running, noria):
    running("Train model", jobs={"training-1": "InProgress"})
    result = noria("status", "m")
    text = result.stdout
    assert not result.exception, result.exc_info
    assert f"running   run {RUN} on rows.csv: train (2 of 4) for" in text
    assert f"noria logs {RUN} --follow" in text
    assert json.loads(noria("status", "m", "--json").stdout)["running"][0]["jobs"] == ["training-1"]
