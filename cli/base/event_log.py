"""Reads the event log: Noria's own events, and executions that failed."""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypedDict

from cli.base.session import Session
from noria.kernel.json import Json

if TYPE_CHECKING:
    from types_boto3_logs.type_defs import FilteredLogEventTypeDef

#: Days of events that are read.
DAYS = 30
SECONDS_PER_DAY = 86_400
#: Characters of a cause that an error quotes.
MOST_CAUSE = 1_500
#: Machines that another machine calls, by their names without the prefix: the caller concludes what their failure means.
CALLED = ("preprocess", "evaluate", "smoke-test", "open-traffic", "await-release", "deploy", "release", "observe")


class LoggedEvent(TypedDict):
    """One event of a model; of a failed execution, `data` has `machine`, `execution`, `error` and `cause`."""

    time: str
    name: str
    id: str
    correlation_id: str | None
    data: Json


def events(session: Session, model: str, since: float | None = None) -> list[LoggedEvent]:
    """The events of a model, oldest first: Noria's own, and executions that failed.

    Args:
        since: seconds since the epoch; by default 30 days ago.
    """
    began = since if since is not None else datetime.now(UTC).timestamp() - DAYS * SECONDS_PER_DAY
    pages = session.logs.get_paginator("filter_log_events").paginate(logGroupName=session.outputs["EventLogGroup"], startTime=int(began * 1000))
    entries = (event_of(entry, model) for page in pages for entry in page["events"])
    return sorted((event for event in entries if event), key=lambda event: str(event["time"]))


def first_failure(session: Session, model: str, since: float) -> str | None:
    """A sentence on the first failed execution of a model since a time (seconds since the epoch), or nothing."""
    for event in events(session, model, since):
        data = event["data"]
        if "machine" in data and data["machine"].partition("-")[2] not in CALLED:
            status, cause = event["name"].split(" ", 1)[1], str(data["cause"])[:MOST_CAUSE]
            return f"the machine {data['machine']} {status}: {data['error']}: {cause} (execution {data['execution']})"
    return None


def event_of(entry: "FilteredLogEventTypeDef", model: str) -> LoggedEvent | None:
    """The event of a log entry, or nothing where it is another model's."""
    event = json.loads(entry["message"])
    detail = event["detail"]
    if event["source"] == "aws.states":
        return _failure(entry["message"]) if _model_of(str(detail.get("input") or "{}")) == model else None
    metadata, source = detail["metadata"], detail["data"].get("source", {}).get("key", "")
    if metadata["model"] != model and not source.startswith(f"incoming/{model}/"):
        return None
    return {"time": metadata["time"], "name": metadata["name"], "id": metadata["id"], "correlation_id": metadata["correlation_id"], "data": detail["data"]}


def _failure(message: str) -> LoggedEvent:
    event = json.loads(message)
    detail = event["detail"]
    machine, status = detail["stateMachineArn"].rsplit(":", 1)[-1], detail["status"].replace("_", " ").lower()
    data = {"machine": machine, "execution": detail["executionArn"], "error": detail.get("error"), "cause": detail.get("cause")}
    return {"time": event["time"], "name": f"Execution {status}", "id": event["id"], "correlation_id": None, "data": data}


def _model_of(text: str) -> str | None:
    """The model of an execution, by its input: an upload's key, a version's or an event's metadata, or a field of its own."""
    started = json.loads(text)
    detail = started.get("detail") or {}
    if "object" in detail:
        parts = str(detail["object"]["key"]).split("/")
        return parts[1] if len(parts) > 2 else None
    metadata = detail.get("metadata") or detail.get("CustomerMetadataProperties") or {}
    return next((name for name in (metadata.get("model"), started.get("model"), started.get("name")) if isinstance(name, str)), None)
