"""The guard: whether a challenger may take more traffic, all of it, or none, by all that both variants have answered so far.

Every look judges the whole record from the beginning of the release, period by period, so counters that arrive late, twice
or corrected change nothing but the record. The evidence stays valid at every interim look (`noria.release.sequential_test`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from noria.release.comparison import GuardMetric, MetricComparison
from noria.release.decision import HOLD, PROMOTE, SHIFT, UNDO, WAIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from noria.release.shapes.observation import GuardPlan

#: Captures that have not come by so many steps will not come.
CAPTURE_LOOKS = 2


@dataclass(frozen=True)
class Guard:
    """What the owner of a model asks of a progressive release.

    Attributes:
        confidence: that no equal challenger is undone, over the whole release and all metrics.
        steps: shares of the traffic, one after the other; the first is where it begins.
        step_looks: looks at one share before the next is taken.
        looks: at most; after them `undecided` is what happens: `undo`, `promote` (unless the evidence speaks for harm) or `hold`.
        dry_run: report, and undo nothing.
        sample: requests that the challenger must have answered before it may be promoted.
        idle: what happens after `step_looks` looks without a request to either variant: `promote`, `undo`, `hold` or `wait`.
    """

    metrics: tuple[GuardMetric, ...]
    confidence: float
    steps: tuple[float, ...]
    step_looks: int
    looks: int
    undecided: str
    dry_run: bool = False
    sample: int = 0
    idle: str = WAIT

    @classmethod
    def of(cls, block: GuardPlan) -> Self:
        """Out of the plan of a release."""
        metrics = tuple(GuardMetric(**metric) for metric in block["metrics"])
        limits = (block["confidence"], tuple(block["steps"]), block["step_looks"], block["looks"], block["undecided"])
        return cls(metrics, *limits, block["dry_run"], block["sample"], block["idle"])

    def comparisons(self) -> list[MetricComparison]:
        """An empty comparison of each metric; the permitted share of wrong undoings is split among them."""
        return [MetricComparison(metric, (1 - self.confidence) / len(self.metrics)) for metric in self.metrics]


def decide(guard: Guard, comparisons: Sequence[MetricComparison], look: int, share: float, looks_at_share: int) -> tuple[str, float]:
    """What to do after one look: an outcome, and the challenger's share of the traffic from now on.

    Args:
        look: how many looks there were, this one included.
        share: the challenger's share of the traffic now, since `looks_at_share` looks.
    """
    if any(comparison.harmful for comparison in comparisons) and not guard.dry_run:
        return UNDO, 0.0
    if _no_worse(guard, [comparison for comparison in comparisons if not _uncaptured(guard, comparison, look)]):
        return PROMOTE, 1.0
    if _idle(guard, comparisons, look):
        return guard.idle, _share_after(guard.idle, share)
    if look >= guard.looks:
        outcome = _undecided(guard, comparisons)
        return outcome, _share_after(outcome, share)
    step = next((step for step in guard.steps if step > share + 1e-9), None)
    if step is not None and looks_at_share >= guard.step_looks and _no_sign_of_harm(comparisons):
        return SHIFT, step
    return WAIT, share


def _undecided(guard: Guard, comparisons: Sequence[MetricComparison]) -> str:
    """What follows when time is up: what the spec says, but no promotion against the evidence; a dry run undoes nothing."""
    if guard.dry_run:
        return HOLD if guard.undecided == UNDO else guard.undecided
    leans = any(comparison.leans_to_harm for comparison in comparisons)
    return UNDO if guard.undecided == PROMOTE and leans else guard.undecided


def _share_after(outcome: str, share: float) -> float:
    return {UNDO: 0.0, PROMOTE: 1.0}.get(outcome, share)


def _no_worse(guard: Guard, comparisons: Sequence[MetricComparison]) -> bool:
    """Whether the challenger has answered enough requests and no metric is left undecided."""
    if not comparisons or max(comparison.challenger_requests for comparison in comparisons) < guard.sample:
        return False
    return all(comparison.harmless for comparison in comparisons)


def _no_sign_of_harm(comparisons: Sequence[MetricComparison]) -> bool:
    return any(comparison.challenger_requests for comparison in comparisons) and not any(comparison.suspicious for comparison in comparisons)


def _uncaptured(guard: Guard, comparison: MetricComparison, look: int) -> bool:
    """Whether nothing has been captured long after it should have: what cannot be read must not end a release."""
    return comparison.metric.captured and not comparison.requests and look >= CAPTURE_LOOKS * guard.step_looks


def _idle(guard: Guard, comparisons: Sequence[MetricComparison], look: int) -> bool:
    """Whether no request has come so far: there is nothing to learn from, and nobody to protect."""
    return guard.idle != WAIT and look >= guard.step_looks and not any(comparison.requests for comparison in comparisons)
