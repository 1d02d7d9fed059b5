"""The envelope of Noria's events, and the entry that `PutEvents` takes."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from noria.kernel.identity import event_id

Json = dict[str, Any]


class Metadata(BaseModel):
    """Who says what about which model, and why.

    Attributes:
        id: deterministic, so a repeated event is the same event.
        correlation_id: the upload or request that began it all.
        causation_id: the event just before.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    id: str
    name: str
    version: int = 1
    model: str
    stage: str
    time: str
    correlation_id: str
    causation_id: str


class Envelope(BaseModel):
    """One event: `detail` of what EventBridge delivers."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    metadata: Metadata
    data: Json


class Cause(BaseModel):
    """What an event follows from: facts that the state machine hands to a decision."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    bus: str
    stage: str
    time: str
    correlation_id: str
    causation_id: str


def entry(context: str, name: str, model: str, subject: str, cause: Cause, data: Json) -> Json:
    """An entry of `PutEvents`.

    Args:
        context: `data`, `training`, `release`: the source is `noria.<context>`.
        name: the event's class name in the past tense.
        subject: what makes the event the same event when it is said again.
    """
    metadata = Metadata(
        id=event_id(name, subject),
        name=name,
        model=model,
        stage=cause.stage,
        time=cause.time,
        correlation_id=cause.correlation_id,
        causation_id=cause.causation_id,
    )
    envelope = {"metadata": metadata.model_dump(), "data": data}
    return {"Source": f"noria.{context}", "DetailType": name, "EventBusName": cause.bus, "Detail": envelope}
