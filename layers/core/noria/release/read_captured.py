"""Reads the predictions that champion and challenger have given since the last look.

The layout of captured traffic is SageMaker's own: `<prefix><variant>/yyyy/mm/dd/hh/mm-ss-…jsonl`, by the time at which a file was
written. Source: "Interpret captured data", SageMaker developer guide.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from noria.adapters import objects
from noria.kernel.identity import digest
from noria.release.captured_predictions import CaptureCounts, PredictionKinds
from noria.release.variants import SIDES
from noria.training.predictions import first_column

if TYPE_CHECKING:
    from noria.release.shapes.observation import CapturePlan, CountCapturedInput, CountCapturedResult

#: A file may appear so much after the time in its name (minutes); its name is remembered for as long.
LATE_MINUTES = 10
#: Files that one look reads; more of them wait for the next.
MOST_FILES = 2_000


def count_captured(event: CountCapturedInput) -> CountCapturedResult:
    """Count what was captured since the last look, by the look in which each request was answered."""
    plan, counts = event["capture"], CaptureCounts(event["capture"], _kinds(event["capture"]), event["results"], event["since"])
    after = max(datetime.fromisoformat(event["began"]), datetime.fromisoformat(event["since"]) - timedelta(minutes=LATE_MINUTES))
    files = _Files(plan, after, set(event["files"]))
    for side, variant in SIDES.items():
        for body in objects.read_all(plan["bucket"], files.new(variant)):
            counts.add_file(side, body.decode())
    return {"files": files.remembered, "results": counts.results()}


class _Files:
    """Finds the files that no look has read.

    Attributes:
        remembered: digests of the names that were read by now.
    """

    def __init__(self, plan: CapturePlan, after: datetime, known: set[str]) -> None:
        self._plan, self._after, self._known = plan, after, known
        self._left = MOST_FILES
        self.remembered: list[str] = []

    def new(self, variant: str) -> list[str]:
        """Names of one variant's new files, as many as this look may read."""
        folder, new = f"{self._plan['prefix']}{variant}/", list[str]()
        for key in objects.keys(self._plan["bucket"], folder, f"{folder}{self._after:%Y/%m/%d/%H/%M-%S}"):
            name = digest(key)
            if name not in self._known:
                if not self._left:
                    continue
                self._left -= 1
                new.append(key)
            self.remembered.append(name)
        return new


def _kinds(plan: CapturePlan) -> PredictionKinds | None:
    if not plan["kinds"]:
        return None
    return PredictionKinds(first_column(objects.read(plan["artifacts"], plan["expected"]).decode()), plan["kinds"])
