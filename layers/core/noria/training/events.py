"""Events of the training context: a request for a run, and the run's outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.kernel.events import Event

if TYPE_CHECKING:
    from noria.data.shapes import Upload
    from noria.kernel.shapes import ReasonShape
    from noria.training.shapes import RetrainingSource


class TrainingRequested(Event):
    """A person or the retraining policy requests a run on an accepted dataset."""

    dataset: str
    bucket: str
    location: str
    verdict: str | None
    source: Upload | RetrainingSource
    spec: str
    train: bool
    digest: str
    rows: int
    set_aside: int
    reasons: list[ReasonShape]
