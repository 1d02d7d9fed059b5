"""The course of a replay: the version that serves, and the record of what was done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from noria.healing.shapes import CourseEvent, CourseShape, Deferral
    from noria.kernel.verdict import Reason
    from noria.training.quality import QualityBaseline


@dataclass
class Serving:
    """A version that serves, and its monitoring state.

    Attributes:
        trained_until: the time of its newest row (seconds since the epoch).
        best_limit: the best limit of the model's versions so far.
        seconds: of its training.
        days: its outcomes by day; `drifted_windows` counts consecutive ones.
    """

    model: str
    trained_until: float
    trained_rows: int
    baseline: QualityBaseline
    best_limit: float
    seconds: float
    importance: dict[str, float] | None
    days: dict[str, dict[str, float]] = field(default_factory=dict)
    drifted_windows: int = 0


@dataclass
class Course:
    """The record of one replay: the metric by window, retrainings, alarms, and deferrals by reason."""

    series: list[float | None] = field(default_factory=list)
    retrainings: list[CourseEvent] = field(default_factory=list)
    alarms: list[CourseEvent] = field(default_factory=list)
    seconds: float = 0.0
    deferrals: dict[str, Deferral] = field(default_factory=dict)

    def defer(self, reasons: Sequence[Reason]) -> None:
        """Count a window after which a cause led to no retraining."""
        for reason in reasons:
            before = self.deferrals.get(reason.code)
            self.deferrals[reason.code] = {"reason": reason.code, "windows": before["windows"] + 1 if before else 1, "last": reason.text}

    def to_json(self) -> CourseShape:
        known = [value for value in self.series if value is not None]
        return {
            "mean": sum(known) / len(known) if known else None,
            "series": self.series,
            "retrainings": len(self.retrainings),
            "alarms": len(self.alarms),
            "train_seconds": round(self.seconds, 2),
            "events": sorted([*self.alarms, *self.retrainings], key=lambda event: event["time"]),
            "waited": list(self.deferrals.values()),
        }
