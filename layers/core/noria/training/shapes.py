"""Shapes of what the machines `train` and `evaluate` hand to their functions, of the results, and of a run's document."""

from __future__ import annotations

from typing import TypedDict


class BacktestShape(TypedDict):
    """The window that a backtest chose (days; null is all rows), and the mean loss of each window by its days."""

    days: float | None
    losses: dict[str, float]


class RetrainingSource(TypedDict):
    """Where the rows of an automatic retraining come from.

    `healing` is the id of the event that caused it, `base` the champion's dataset, `since` the time of the oldest row.
    """

    healing: str
    base: str
    since: str | None
    backtest: BacktestShape | None


class QualityBaselineShape(TypedDict):
    """`noria.training.quality.QualityBaseline` as JSON."""

    metric: str
    value: float
    limit: float
    design_effect: float
    cap: float


class EstimateShape(TypedDict):
    """An estimate of a metric on predictions without ground truth, with an interval of 95 %."""

    method: str
    metric: str
    value: float
    low: float
    high: float
    rows: int


class FindingShape(TypedDict):
    """`noria.training.quality.Finding` as JSON."""

    rows: float
    value: float | None
    evidence: float
    needed: float
    fallen: str | None
    since: str | None
