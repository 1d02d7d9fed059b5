"""What a model is now, and what has happened to it."""

import json
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from cli import ledger
from cli.session import Session

Json = dict[str, Any]
#: How far back events are looked for (days).
DAYS = 30
#: Machines that another one calls, by their names without the prefix: it concludes what their failure means.
CALLED = ("preprocess", "evaluate", "smoke-test", "deploy", "release", "observe")


def status(session: Session, model: str) -> Json:
    """Spec, champion with its endpoint, the last datasets, runs and releases with their reasons."""
    story = ledger.read(session, model)
    return {
        "model": model,
        "published": story.spec is not None,
        "spec": story.spec["id"] if story.spec else None,
        "image": story.spec["images"] if story.spec else None,
        "champion": _champion(session, story),
        "datasets": story.datasets[:5],
        "runs": [{**run, **_substitution(session, model, run)} for run in story.runs[:5]],
        "releases": story.releases[:5],
        "rollbacks": story.rollbacks[:5],
        "asking": story.asking,
        "monitoring": story.look,
        "healings": [_healing(healing, story) for healing in story.healings[-5:]],
        "under_way": story.lock["package"] if story.lock else None,
    }


def _healing(healing: Json, story: ledger.Story) -> Json:
    """A training that Noria began by itself, and what came of it."""
    return {**healing, "status": next((run["status"] for run in story.runs if run["run"] == healing["run"]), "running")}


def _champion(session: Session, story: ledger.Story) -> Json | None:
    if story.champion is None:
        return None
    try:
        found = session.sagemaker.describe_endpoint(EndpointName=story.champion["endpoint"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationException":
            raise
        return {**story.champion, "endpoint_status": "Missing", "serves": None}
    return {**story.champion, "endpoint_status": found["EndpointStatus"], "serves": found.get("EndpointConfigName")}


def _substitution(session: Session, model: str, run: Json) -> Json:
    """Where the local machine stood another version of a framework in for the image's own."""
    try:
        job = session.sagemaker.describe_training_job(TrainingJobName=f"{session.prefix}-{model}-{run['run']}")
    except ClientError:
        return {}
    tags = session.sagemaker.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"]
    return next(({"substitution": tag["Value"]} for tag in tags if tag["Key"] == "noria:substitution"), {})


def events(session: Session, model: str, since: float | None = None) -> list[Json]:
    """What is on record of a model, oldest first: Noria's events, and executions that failed.

    Args:
        since: seconds since the epoch; 30 days back if not given.

    Returns:
        `[{time, name, id, correlation_id, data}]`
    """
    began = since if since is not None else datetime.now(UTC).timestamp() - DAYS * 86_400
    pages = session.logs.get_paginator("filter_log_events").paginate(logGroupName=session.outputs["EventLogGroup"], startTime=int(began * 1000))
    told = [_told(json.loads(entry["message"]), model) for page in pages for entry in page["events"]]
    return sorted((event for event in told if event), key=lambda event: str(event["time"]))


def failures(session: Session, model: str, since: float) -> str | None:
    """A sentence on the first execution that failed for a model since a time (seconds since the epoch), or nothing."""
    for event in events(session, model, since):
        if "machine" in event["data"] and event["data"]["machine"].partition("-")[2] not in CALLED:
            data = event["data"]
            return (
                f"the machine {data['machine']} {event['name'].split(' ', 1)[1]}: {data['error']}: {str(data['cause'])[:1500]} (execution {data['execution']})"
            )
    return None


def _told(event: Json, model: str) -> Json | None:
    detail = event["detail"]
    if event["source"] == "aws.states":
        return _failed(event, detail, model)
    metadata = detail["metadata"]
    source = detail["data"].get("source", {}).get("key", "")
    if metadata["model"] != model and not source.startswith(f"incoming/{model}/"):
        return None
    return {"time": metadata["time"], "name": metadata["name"], "id": metadata["id"], "correlation_id": metadata["correlation_id"], "data": detail["data"]}


def _failed(event: Json, detail: Json, model: str) -> Json | None:
    if _model_of(json.loads(detail.get("input") or "{}")) != model:
        return None
    machine = detail["stateMachineArn"].rsplit(":", 1)[-1]
    data = {"machine": machine, "execution": detail["executionArn"], "error": detail.get("error"), "cause": detail.get("cause")}
    return {"time": event["time"], "name": f"Execution {detail['status'].replace('_', ' ').lower()}", "id": event["id"], "correlation_id": None, "data": data}


def _model_of(started: Json) -> str | None:
    """The model that an execution was started for, wherever its input has it: an upload's key, a version's metadata, an event's, or its own."""
    detail = started.get("detail") or {}
    if "object" in detail:
        parts = str(detail["object"]["key"]).split("/")
        return parts[1] if len(parts) > 2 else None
    told = detail.get("metadata") or detail.get("CustomerMetadataProperties") or {}
    return next((found for found in (told.get("model"), started.get("model"), started.get("name")) if isinstance(found, str)), None)
