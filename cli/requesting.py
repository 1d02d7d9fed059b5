"""Asks for a run on a dataset that is there already: after a failure that was not the data's fault, or with what serves now gone."""

import uuid
from datetime import UTC, datetime
from typing import Any

from cli import ledger
from cli.errors import CliError
from cli.session import Session

Json = dict[str, Any]


def retrain(session: Session, model: str) -> Json:
    """Say `TrainingRequested` for the newest accepted dataset; the run that follows is one of its own.

    Returns:
        `{model, dataset, spec, event}`

    Raises:
        CliError: no dataset was accepted yet, or the bus refused the event.
    """
    story = ledger.read(session, model)
    dataset = next((found for found in story.datasets if found["status"] == "accepted"), None)
    if dataset is None:
        raise CliError(f"no dataset of {model!r} was accepted yet; upload one: noria upload {model} FILE")
    told = str(uuid.uuid4())
    metadata = {"id": told, "name": "TrainingRequested", "version": 1, "model": model, "stage": session.prefix}
    metadata |= {"time": datetime.now(UTC).isoformat(), "correlation_id": told, "causation_id": told}
    data = {key: value for key, value in dataset.items() if key not in ("status", "time")}
    _answer(session, model)
    session.say("noria.training", "TrainingRequested", {"metadata": metadata, "data": data})
    return {"model": model, "dataset": dataset["dataset"], "spec": dataset["spec"], "event": told}


def _answer(session: Session, model: str) -> None:
    """A person has looked at it: healings that did not help before do not hold back the next one."""
    key = {"pk": {"S": f"MODEL#{model}"}, "sk": {"S": "HEAL"}}
    time = datetime.now(UTC).isoformat()
    session.dynamodb.update_item(
        TableName=session.outputs["LedgerTable"], Key=key, UpdateExpression="SET answered = :time", ExpressionAttributeValues={":time": {"S": time}}
    )


def look(session: Session, model: str) -> Json:
    """Ask for a look at what serves, now.

    Returns:
        `{model, event}`

    Raises:
        CliError: nobody has published this model, or the bus refused the event.
    """
    ledger.read(session, model).published()
    told = str(uuid.uuid4())
    metadata = {"id": told, "name": "MonitoringRequested", "version": 1, "model": model, "stage": session.prefix}
    metadata |= {"time": datetime.now(UTC).isoformat(), "correlation_id": told, "causation_id": told}
    session.say("noria.monitoring", "MonitoringRequested", {"metadata": metadata, "data": {}})
    return {"model": model, "event": told}
