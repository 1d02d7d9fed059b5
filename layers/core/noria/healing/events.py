"""Events of the healing context: decisions against an automatic retraining."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.kernel.events import Event

if TYPE_CHECKING:
    from noria.kernel.shapes import ReasonShape


class RetrainingDeferred(Event):
    """The retraining policy retrains later, or the labelled rows make no dataset."""

    cause: str | None
    #: When the policy may decide otherwise (ISO 8601); null where that is unknown.
    until: str | None
    reasons: list[ReasonShape]


class RetrainingEscalated(Event):
    """Several automatic retrainings in a row brought no improvement: a person decides."""

    cause: str
    reasons: list[ReasonShape]
    #: True once for the same retrainings.
    page: bool
