"""Noria's events: one class an event, and the one function that makes the entry that `PutEvents` takes.

A context declares its events in `noria.<context>.events`. Their schemas, `docs/events.md` and the samples under `events/` are held
against the classes. Classes are plain, not dataclasses: a deciding function creates a handful of them at every cold start.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, dataclass_transform

from noria.kernel.identity import event_id
from noria.kernel.json import Json


@dataclass(frozen=True)
class EventContext:
    """What an event follows from: facts that the state machine hands to a decision.

    Attributes:
        bus: name of the event bus.
        stage: the stack's prefix.
        time: ISO 8601.
        correlation_id: the upload or request that began it all.
        causation_id: the event just before.
    """

    bus: str
    stage: str
    time: str
    correlation_id: str
    causation_id: str


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Event:
    """Base of all events: a frozen record of its annotated fields, given by keyword.

    Attributes:
        version: of the shape; a version only grows, and a shape that cannot grow gets the next number.

    Raises:
        TypeError: a field is missing or unknown.
    """

    version: ClassVar[int] = 1
    _fields: ClassVar[tuple[str, ...]] = ()
    _defaults: ClassVar[Json] = {}

    def __init_subclass__(cls) -> None:
        cls._fields = tuple(
            name for base in reversed(cls.__mro__) for name, kind in vars(base).get("__annotations__", {}).items() if not _is_class_variable(kind)
        )
        cls._defaults = {name: getattr(cls, name) for name in cls._fields if hasattr(cls, name)}

    def __init__(self, **data: Any) -> None:
        values = {**self._defaults, **data}
        if set(values) != set(self._fields):
            missing, unknown = sorted(set(self._fields) - set(values)), sorted(set(values) - set(self._fields))
            raise TypeError(f"{type(self).__name__}: missing {missing}, unknown {unknown}")
        self.__dict__.update({name: values[name] for name in self._fields})

    def __setattr__(self, name: str, value: Any) -> None:
        raise TypeError(f"{type(self).__name__} is frozen")

    @classmethod
    def event_context(cls) -> str:
        """The context that publishes it: `release` for a class in `noria.release.events`."""
        return cls.__module__.split(".")[1]

    @classmethod
    def event_source(cls) -> str:
        """`source` on the bus."""
        return f"noria.{cls.event_context()}"

    def to_json(self) -> Json:
        """Its fields as JSON."""
        return dict(self.__dict__)


def _is_class_variable(kind: Any) -> bool:
    return "ClassVar" in str(kind)


def put_events_entry(event: Event, model: str, subject: str, context: EventContext) -> Json:
    """An entry of `PutEvents`.

    Args:
        subject: what the event is about; the same event of the same subject has the same id, however often it is published.
    """
    name = type(event).__name__
    metadata = {
        "id": event_id(name, subject),
        "name": name,
        "version": event.version,
        "model": model,
        "stage": context.stage,
        "time": context.time,
        "correlation_id": context.correlation_id,
        "causation_id": context.causation_id,
    }
    return {"Source": event.event_source(), "DetailType": name, "EventBusName": context.bus, "Detail": {"metadata": metadata, "data": event.to_json()}}
