"""One monitoring run: its model, release and contract, its name, and the paths of the objects that it writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from noria.data.contract import DataContract
from noria.kernel import lake
from noria.kernel.identity import digest
from noria.kernel.spec_defaults import with_defaults

if TYPE_CHECKING:
    from noria.kernel.published_spec import PublishedSpec
    from noria.monitoring.shapes import ReadWindowInput

#: Kinds of objects that a run writes.
PREDICTIONS, LABELLED, PROFILE, STATE = "predictions", "labelled", "profile", "state"
#: The column of the request's time in files of predictions and of labelled rows. No column of a contract begins with `#`.
AT = "#at"
#: The largest time that a calendar has (seconds since the epoch).
LATEST_SECONDS = 250_000_000_000.0


@dataclass(frozen=True)
class MonitoringRun:
    """The facts of one monitoring run that do not change.

    Attributes:
        name: of this run and no other; objects that it writes are called after it.
    """

    event: ReadWindowInput
    spec: PublishedSpec
    contract: DataContract
    name: str
    now: datetime

    @classmethod
    def of(cls, event: ReadWindowInput) -> MonitoringRun:
        """Out of the function's input."""
        spec: PublishedSpec = with_defaults(event["spec"])
        name = f"{event['number']:08}-{digest(event['token'])}"
        return cls(event, spec, DataContract.of(spec["data"]), name, datetime.fromisoformat(event["now"]))

    @property
    def bucket(self) -> str:
        return self.event["bucket"]

    @property
    def task(self) -> str:
        return self.spec["task"]

    @property
    def target(self) -> str:
        return self.spec["target"]

    @property
    def features(self) -> tuple[str, ...]:
        return self.contract.features(self.target)

    def path(self, kind: str, suffix: str, run: str | None = None) -> str:
        """The key of an object that this run writes, or another one has written."""
        return lake.monitoring(self.event["model"], kind, f"{run or self.name}.{suffix}")


def day_of(seconds: float) -> str:
    """The day of a time (seconds since the epoch); the nearest day that a calendar has."""
    return datetime.fromtimestamp(min(max(seconds, 0.0), LATEST_SECONDS), UTC).strftime("%Y-%m-%d")
