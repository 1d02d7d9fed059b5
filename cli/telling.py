"""What a model is now, and what has happened to it."""

from typing import Any

from botocore.exceptions import ClientError

from cli.base import ledger
from cli.base.session import Session

Json = dict[str, Any]


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
        "asking": story.pending_approvals,
        "monitoring": story.monitoring,
        "healings": [_healing(healing, story) for healing in story.healings[-5:]],
        "under_way": story.lock["package"] if story.lock else None,
    }


def _healing(healing: Json, story: ledger.ModelRecord) -> Json:
    """A training that Noria began by itself, and what came of it."""
    return {**healing, "status": next((run["status"] for run in story.runs if run["run"] == healing["run"]), "running")}


def _champion(session: Session, story: ledger.ModelRecord) -> Json | None:
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
