"""Asks for a run on a dataset that is there already: after a failure that was not the data's fault, or with what serves now gone."""

from typing import Any

from cli.base import ledger
from cli.base.errors import CliError
from cli.base.events import publish_event
from cli.base.session import Session

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
    data = {key: value for key, value in dataset.items() if key not in ("status", "time")}
    ledger.record_attention(session, model)
    event = publish_event(session, "training", "TrainingRequested", model, data)
    return {"model": model, "dataset": dataset["dataset"], "spec": dataset["spec"], "event": event.id}


def look(session: Session, model: str) -> Json:
    """Ask for a look at what serves, now.

    Returns:
        `{model, event}`

    Raises:
        CliError: nobody has published this model, or the bus refused the event.
    """
    ledger.read(session, model).published()
    return {"model": model, "event": publish_event(session, "monitoring", "MonitoringRequested", model, {}).id}
