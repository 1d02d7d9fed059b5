"""Publishes Noria's own events: a person's request to train, to roll back, to monitor."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cli.base.errors import CliError
from cli.base.session import Session

VERSION = 1


@dataclass(frozen=True)
class PublishedEvent:
    """One event on Noria's bus.

    Attributes:
        id: of the event's own metadata.
        entry_id: of EventBridge; the ledger records a rollback under it.
    """

    id: str
    entry_id: str


def publish_event(session: Session, context: str, name: str, model: str, data: Mapping[str, object]) -> PublishedEvent:
    """Put one event on the stack's bus; it begins a story of its own, so it is its own cause.

    Args:
        context: `training`, `release`, `monitoring`: the source is `noria.<context>`.
        name: the event's class name in the past tense.

    Raises:
        CliError: the bus refused the event.
    """
    own = str(uuid.uuid4())
    metadata = {"id": own, "name": name, "version": VERSION, "model": model, "stage": session.prefix}
    metadata |= {"time": datetime.now(UTC).isoformat(), "correlation_id": own, "causation_id": own}
    detail = json.dumps({"metadata": metadata, "data": data})
    response = session.events.put_events(
        Entries=[{"Source": f"noria.{context}", "DetailType": name, "EventBusName": session.outputs["EventBus"], "Detail": detail}]
    )
    (entry,) = response["Entries"]
    if response["FailedEntryCount"]:
        raise CliError(f"the bus refused the event: {entry.get('ErrorMessage')}")
    return PublishedEvent(own, entry["EventId"])
