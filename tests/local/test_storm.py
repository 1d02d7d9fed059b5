"""Many models drift at once, and each is told twice: every one gets its decision, once, and none is lost."""

import json
import os
import uuid
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from cli.base.session import Session
from tests.local.aws.waiting import until
from tests.samples import sample

#: A thousand take four minutes on two cores.
MODELS = int(os.environ.get("NORIA_STORM", "80"))
#: The names of all models of the storm begin so.
STORM = "storm"
FACTS = ("SPEC", "CHAMPION", "RUN", "MONITOR")


def facts(model: str) -> list[dict[str, Any]]:
    """The ledger's items of a model that serves and has been looked at; drift is a cause, and too few rows are new."""
    heal = sample("functions/healing/decide_healing.json")
    spec = {**heal["spec"], "name": model, "heal": {**heal["spec"]["heal"], "on": ["quality", "drift"], "min_rows": 100_000}}
    (run,) = heal["runs"]
    items = {
        "SPEC": {"document": {"S": json.dumps(spec)}},
        "CHAMPION": {"run": {"S": heal["run"]}},
        run["sk"]["S"]: {"document": run["document"], "status": run["status"]},
        "MONITOR": {"state": {"S": heal["state"]}},
    }
    return [{"pk": {"S": f"MODEL#{model}"}, "sk": {"S": name}, **item} for name, item in items.items()]


def drifted(model: str, bus: str) -> dict[str, Any]:
    detail = sample("monitoring/DriftDetected.v1.json")["detail"]
    detail["metadata"] |= {"model": model, "id": str(uuid.uuid4()), "time": datetime.now(UTC).isoformat()}
    return {"Source": "noria.monitoring", "DetailType": "DriftDetected", "Detail": json.dumps(detail), "EventBusName": bus}


def deferred(stack: Session) -> Counter[str]:
    """How often each model of the storm was told that it has to wait."""
    counts: Counter[str] = Counter()
    pages = stack.logs.get_paginator("filter_log_events").paginate(logGroupName=stack.outputs["EventLogGroup"], filterPattern="RetrainingDeferred")
    for page in pages:
        details = (json.loads(event["message"])["detail"] for event in page["events"])
        deferrals = [detail["metadata"] for detail in details if "metadata" in detail]
        counts.update(about["model"] for about in deferrals if about["name"] == "RetrainingDeferred" and about["model"].startswith(STORM))
    return counts


def test_every_model_of_a_storm_is_decided_once(stack):
    models = [f"{STORM}{number}" for number in range(MODELS)]
    items = [item for model in models for item in facts(model)]
    for begin in range(0, len(items), 25):
        requests = {stack.outputs["LedgerTable"]: [{"PutRequest": {"Item": item}} for item in items[begin : begin + 25]]}
        while requests:
            requests = stack.dynamodb.batch_write_item(RequestItems=requests)["UnprocessedItems"]
    events = [drifted(model, stack.prefix) for model in models]
    for begin in range(0, MODELS, 5):
        sent = stack.events.put_events(Entries=events[begin : begin + 5] * 2)
        assert sent["FailedEntryCount"] == 0
    deferrals = until(lambda: counts if len(counts := deferred(stack)) == MODELS else None, 300)
    assert set(deferrals.values()) == {1}
