"""Reads the event log: Noria's own events, and executions that failed."""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypedDict

from cli.base.session import Session
from noria.kernel.json import Json

if TYPE_CHECKING:
    from types_boto3_logs.type_defs import FilteredLogEventTypeDef

#: Days of events that are read.
DAYS = 30
SECONDS_PER_DAY = 86_400
#: Days that the newest events are looked for in, one window before the other: an hour, a day, a week, the rest.
WINDOWS = (1 / 24, 1.0, 7.0, DAYS - 8.0)
#: How far the service's clock may be ahead of ours (seconds).
CLOCK_SECONDS = 60.0
#: Characters of a cause that an error quotes.
MOST_CAUSE = 1_500
#: Machines whose failed executions are started again, and how often (statemachines/healing/restart.asl.yaml).
RESTARTED, MOST_RESTARTS = ("ingest", "train", "approve", "heal"), 2
#: Machines that another machine calls, by their names without the prefix: the caller concludes what their failure means.
CALLED = ("preprocess", "evaluate", "smoke-test", "open-traffic", "await-release", "deploy", "release", "observe")


class LoggedEvent(TypedDict):
    """One event of a model; of a failed execution, `data` has `machine`, `execution`, `error`, `cause`, and `again`: whether it is started again."""

    time: str
    name: str
    id: str
    correlation_id: str | None
    data: Json


def events(session: Session, model: str, since: float | None = None, until: float | None = None) -> list[LoggedEvent]:
    """The events of a model, oldest first: Noria's own, and executions that failed.

    Args:
        since, until: seconds since the epoch; by default from 30 days ago until now.
    """
    began = since if since is not None else datetime.now(UTC).timestamp() - DAYS * SECONDS_PER_DAY
    # Other models' events stay where they are; an event names its model in its metadata, in a key or in an input.
    chosen: Any = {"logGroupName": session.outputs["EventLogGroup"], "startTime": int(began * 1000), "filterPattern": f'"{model}"'}
    if until:
        chosen["endTime"] = int(until * 1000) - 1
    pages = session.logs.get_paginator("filter_log_events").paginate(**chosen)
    entries = (event_of(entry, model) for page in pages for entry in page["events"])
    return sorted((event for event in entries if event), key=lambda event: str(event["time"]))


def newest(session: Session, model: str, count: int) -> list[LoggedEvent]:
    """The newest events of a model, oldest first: the log is read from its end, and no further than needed."""
    until, result = datetime.now(UTC).timestamp() + CLOCK_SECONDS, list[LoggedEvent]()
    for days in WINDOWS:
        since = until - days * SECONDS_PER_DAY
        result = [*events(session, model, since, until), *result]
        if len(result) >= count:
            break
        until = since
    return result[-count:]


def first_failure(session: Session, model: str, since: float) -> str | None:
    """A sentence on the first failed execution of a model since a time (seconds since the epoch) that is not started again, or nothing."""
    for event in events(session, model, since):
        data = event["data"]
        if "machine" in data and data["machine"].partition("-")[2] not in CALLED and not data["again"]:
            status = event["name"].split(" ", 1)[1]
            return f"the machine {data['machine']} {status}: {data['error']}: {sentence(data['cause'])} (execution {data['execution']})"
    return None


def sentence(cause: str | None) -> str:
    """The cause of a failure in one sentence: without the stack trace that a function adds, and without what follows its first line."""
    try:
        document = json.loads(cause or "")
    except ValueError:
        document = None
    text = str(document.get("errorMessage") or cause) if isinstance(document, dict) else str(cause or "")
    lines = text.strip().splitlines()
    return lines[0][:MOST_CAUSE] if lines else "no cause was given"


def event_of(entry: "FilteredLogEventTypeDef", model: str) -> LoggedEvent | None:
    """The event of a log entry, or nothing where it is another model's."""
    event = json.loads(entry["message"])
    detail = event["detail"]
    if event["source"] == "aws.states":
        return _failure(entry["message"]) if model_of(str(detail.get("input") or "{}")) == model else None
    metadata, source = detail["metadata"], detail["data"].get("source", {}).get("key", "")
    if metadata["model"] != model and not source.startswith(f"incoming/{model}/"):
        return None
    return {"time": metadata["time"], "name": metadata["name"], "id": metadata["id"], "correlation_id": metadata["correlation_id"], "data": detail["data"]}


def _failure(message: str) -> LoggedEvent:
    event = json.loads(message)
    detail = event["detail"]
    machine, status = detail["stateMachineArn"].rsplit(":", 1)[-1], detail["status"].replace("_", " ").lower()
    restarts = json.loads(detail.get("input") or "{}").get("restarts", 0)
    again = machine.partition("-")[2] in RESTARTED and detail["status"] != "ABORTED" and restarts < MOST_RESTARTS
    data = {"machine": machine, "execution": detail["executionArn"], "error": detail.get("error"), "cause": detail.get("cause"), "again": again}
    return {"time": event["time"], "name": f"Execution {status}", "id": event["id"], "correlation_id": None, "data": data}


def model_of(text: str) -> str | None:
    """The model of an execution, by its input: an upload's key, a version's or an event's metadata, or a field of its own."""
    started = json.loads(text)
    detail = started.get("detail") or {}
    if "object" in detail:
        parts = str(detail["object"]["key"]).split("/")
        return parts[1] if len(parts) > 2 else None
    metadata = detail.get("metadata") or detail.get("CustomerMetadataProperties") or {}
    return next((name for name in (metadata.get("model"), started.get("model"), started.get("name")) if isinstance(name, str)), None)
