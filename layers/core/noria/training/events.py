"""Events of the training context: a request for a run, and the run's outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.kernel.events import Event

if TYPE_CHECKING:
    from noria.data.shapes import Upload
    from noria.kernel.shapes import ReasonShape
    from noria.training.shapes import QualityBaselineShape, RetrainingSource, RunStage


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


class _Run(Event):
    run: str
    dataset: str
    spec: str
    metrics: dict[str, float] | None
    champion: dict[str, float] | None
    rows: int | None
    quality_baseline: QualityBaselineShape | None
    train_seconds: float | None
    failed_at: RunStage | None
    reasons: list[ReasonShape]
    #: The registry assigns it after the decision; the state machine fills it in.
    model_package_arn: str | None = None


class ModelRegistered(_Run):
    """A run's candidate passed every gate: its version is registered and awaits approval."""


class ModelRejected(_Run):
    """A run's candidate missed a gate: no version is registered."""


class TrainingFailed(_Run):
    """A run ended without an evaluation: a job, the preprocessing or the scoring failed."""
