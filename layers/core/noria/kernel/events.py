"""Says events: the entry that `PutEvents` takes. `noria.kernel.envelope` is what their consumers read."""

from dataclasses import asdict, dataclass

from noria.kernel.identity import event_id
from noria.kernel.json import Json

VERSION = 1


@dataclass(frozen=True)
class EventContext:
    """What an event follows from: facts that the state machine hands to a decision.

    Attributes:
        bus: the name of the bus that it goes to.
        stage: the stack.
        correlation_id: the upload or request that began it all.
        causation_id: the event just before.
    """

    bus: str
    stage: str
    time: str
    correlation_id: str
    causation_id: str


def put_events_entry(context: str, name: str, model: str, subject: str, cause: EventContext, data: Json) -> Json:
    """An entry of `PutEvents`.

    Args:
        context: `data`, `training`, `release`: the source is `noria.<context>`.
        name: the event's class name in the past tense.
        subject: what makes the event the same event when it is said again.
    """
    report = asdict(cause)
    bus = report.pop("bus")
    metadata = {"id": event_id(name, subject), "name": name, "version": VERSION, "model": model, **report}
    return {"Source": f"noria.{context}", "DetailType": name, "EventBusName": bus, "Detail": {"metadata": metadata, "data": data}}
