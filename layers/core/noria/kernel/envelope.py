"""The envelope of Noria's events, as consumers read it: what they do not know they ignore."""

from typing import Any

from pydantic import BaseModel, ConfigDict


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
    data: dict[str, Any]
