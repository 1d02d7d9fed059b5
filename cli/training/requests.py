"""Requests another run on a dataset that is accepted already: after a failure that was not the data's fault, or for a lost version."""

from dataclasses import dataclass
from typing import Any

from cli.base import ledger
from cli.base.errors import CliError
from cli.base.events import publish_event
from cli.base.session import Session
from noria.training.events import TrainingRequested

#: Fields of the ledger's item that are not the dataset's own.
LEDGER_FIELDS = ("status", "time")


@dataclass(frozen=True)
class TrainingRequest:
    """A requested run.

    Attributes:
        event: the id of the event `TrainingRequested`.
    """

    model: str
    dataset: str
    spec: str | None
    event: str


def retrain(session: Session, model: str) -> TrainingRequest:
    """Publish `TrainingRequested` for the newest accepted dataset; the run is another than the dataset's first.

    Raises:
        CliError: the ledger has no accepted dataset, or the bus refused the event.
    """
    datasets = ledger.read(session, model).datasets
    dataset = next((entry for entry in datasets if entry["status"] == "accepted"), None)
    if dataset is None:
        raise CliError(f"no dataset of {model!r} was accepted yet; upload one: noria upload {model} FILE")
    ledger.record_attention(session, model)
    data: Any = {"verdict": None, **{name: value for name, value in dataset.items() if name not in LEDGER_FIELDS}}
    event = publish_event(session, TrainingRequested(**data), model)
    return TrainingRequest(model, dataset["dataset"], dataset["spec"], event.id)
