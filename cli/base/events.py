"""Publishes Noria's own events: a person's request to train, to roll back, to monitor."""

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from cli.base.errors import CliError
from cli.base.session import Session
from noria.kernel.events import Event, EventContext, put_events_entry
from noria.kernel.identity import event_id
from noria.kernel.json import Json

if TYPE_CHECKING:
    from types_boto3_events.type_defs import PutEventsRequestEntryTypeDef


@dataclass(frozen=True)
class PublishedEvent:
    """One event on Noria's bus.

    Attributes:
        id: of the event's own metadata.
        entry_id: of EventBridge; the ledger records a rollback under it.
    """

    id: str
    entry_id: str


def publish_event(session: Session, event: Event, model: str) -> PublishedEvent:
    """Put one event on the stack's bus; it begins a story of its own, so it is its own cause.

    Raises:
        CliError: the bus refused the event.
    """
    subject = str(uuid.uuid4())
    own = event_id(type(event).__name__, subject)
    return _put(session, put_events_entry(event, model, subject, _story(session, own)), own)


def _story(session: Session, own: str) -> EventContext:
    return EventContext(session.outputs["EventBus"], session.prefix, datetime.now(UTC).isoformat(), own, own)


def _put(session: Session, entry: Json, own: str) -> PublishedEvent:
    request = {**entry, "Detail": json.dumps(entry["Detail"])}
    response = session.events.put_events(Entries=[cast("PutEventsRequestEntryTypeDef", request)])
    (answer,) = response["Entries"]
    if response["FailedEntryCount"]:
        raise CliError(f"the bus refused the event: {answer.get('ErrorMessage')}")
    return PublishedEvent(own, answer["EventId"])
