"""Events of the monitoring context: a request for a monitoring run, its end, and the causes for concern that it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.kernel.events import Event

if TYPE_CHECKING:
    from noria.kernel.shapes import ReasonShape
    from noria.monitoring.shapes import QualityFinding, RowCounts


class MonitoringRequested(Event):
    """A person or the schedule requests a monitoring run of the champion."""


class _MonitoringRun(Event):
    number: int
    release: str
    model_package_arn: str
    outcome: str
    causes: list[str]
    reasons: list[ReasonShape]
    quality: QualityFinding | None
    fresh_rows: int
    labelled_rows: int
    trained_rows: int
    counts: RowCounts
    #: The share of the permutation importance that is in drifted columns; null where it is unknown.
    weight: float | None


class MonitoringCompleted(_MonitoringRun):
    """A monitoring run has ended; the events of its causes precede it."""


class _CauseForConcern(_MonitoringRun):
    cause: str
    #: True in the first run of a release that shows the cause.
    page: bool


class QualityDegraded(_CauseForConcern):
    """The metric is worse than its limit by more than noise and seasonality explain."""


class DriftDetected(_CauseForConcern):
    """Inputs or predictions differ from the reference by more than its own blocks of time differ among themselves."""


class DataIncident(_CauseForConcern):
    """A feed is broken, or more requests break the data contract than it allows."""


class MonitoringDataMissing(_CauseForConcern):
    """No requests, or no ground truth, for `monitor.silent_days`: health is unknown."""
