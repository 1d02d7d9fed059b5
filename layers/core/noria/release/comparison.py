"""Comparison of champion and challenger on one metric: the record of all periods, and the evidence in it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from noria.release import sequential_test
from noria.release.sequential_test import HARM, HARMLESS, Counts, EProcess

if TYPE_CHECKING:
    from noria.release.shapes.observation import Finding, SideCounts

#: How certain it must be that a challenger is no worse, or good enough by itself.
HARMLESS_CONFIDENCE = 0.95
#: A period with so many times the baseline rate, and so many hits more, is a burst: what hits both says nothing of how they
#: compare, and is no proof that one is no worse. The baseline rate is the lower quartile, so it needs at least FEWEST_PERIODS periods.
BURST, BURST_HITS, FEWEST_PERIODS = 3.0, 5, 5
#: An e-value from which evidence speaks for harm though it proves none. Of equal challengers that a release of an hour leaves undecided at
#: 0.05 to 1 request a second and 0 to 10 % errors, 0 to 7 in a hundred come that far; of those that fail four times as often, 21 to 83.
SIGN_OF_HARM = 3.0


class GuardMetric(NamedTuple):
    """One metric that the guard compares: the rate of hits among requests.

    Attributes:
        name: `errors`, `slow`, or the name of a metric of the owner's.
        harm: a rate of more than this many times the champion's is harm; 1 is any that is higher.
        margin: a rate of at most this many times the champion's is no worse.
        tolerated: a rate that is good enough by itself, whatever the champion's.
        good: hits are wanted, and harm is a rate that is lower by such a factor.
        harm_only: it may undo, and has no say in a promotion.
        captured: it is counted from captured predictions, of which there may be none.
    """

    name: str
    harm: float = 1.0
    margin: float = 1.25
    tolerated: float | None = None
    good: bool = False
    harm_only: bool = False
    captured: bool = False


@dataclass
class MetricComparison:
    """One metric of both variants so far.

    Args:
        alpha: the share of equal challengers that this metric may undo.
    """

    metric: GuardMetric
    alpha: float
    periods: list[Counts] = field(default_factory=list)
    total: Counts = field(default_factory=Counts)
    _worse: EProcess = field(init=False)
    _no_worse: EProcess = field(init=False)

    def __post_init__(self) -> None:
        self._worse, self._no_worse = EProcess(self.metric.harm, HARM), EProcess(self.metric.margin, HARMLESS)

    def add(self, challenger: float, hits: float, champion: float, champion_hits: float) -> None:
        """Take one more period into account."""
        period = Counts(challenger, hits, champion, champion_hits)
        if self.metric.good:
            # Where hits are wanted, the champion's rate is the one that must not be higher.
            period = Counts(champion, champion_hits, challenger, hits)
        self.periods.append(period)
        self.total += period
        self._worse.add(period)
        self._no_worse.add(period)

    @property
    def requests(self) -> float:
        """Requests to both variants."""
        return self.total.treatment + self.total.control

    @property
    def challenger_requests(self) -> float:
        """Requests to the challenger."""
        return self.total.control if self.metric.good else self.total.treatment

    @property
    def harmful(self) -> bool:
        return self._worse.value >= 1 / self.alpha

    @property
    def harmless(self) -> bool:
        enough = 1 / (1 - HARMLESS_CONFIDENCE)
        if self.harmful or self.metric.harm_only:
            return not self.harmful
        tolerated = self.metric.tolerated
        if tolerated is not None and not self.metric.good and sequential_test.below(self.total.treatment_hits, self.total.treatment, tolerated) >= enough:
            return True
        # The process over all periods first, the one without bursts only where it is needed: both must hold.
        return self._no_worse.value >= enough and sequential_test.e_process(self._without_bursts(), self.metric.margin, HARMLESS).value >= enough

    @property
    def suspicious(self) -> bool:
        """Whether the evidence speaks for harm rather than against it."""
        return self._worse.value > 1

    @property
    def leans_to_harm(self) -> bool:
        """Whether the evidence speaks for harm clearly enough not to promote by default."""
        return self._worse.value >= SIGN_OF_HARM

    def _without_bursts(self) -> list[Counts]:
        """The periods that are no burst. Both variants together decide which are, so the evidence in them stays valid."""
        periods = [period for period in self.periods if period.treatment + period.control]
        if len(periods) < FEWEST_PERIODS:
            return []
        requests = [period.treatment + period.control for period in periods]
        hits = [period.treatment_hits + period.control_hits for period in periods]
        rates = sorted(hit / request for hit, request in zip(hits, requests, strict=True))
        limit = BURST * rates[len(rates) // 4]
        return [period for period, hit, request in zip(periods, hits, requests, strict=True) if hit <= limit * request + BURST_HITS]

    def finding(self) -> Finding:
        """Counts, and the interval of the challenger's rate as a multiple of the champion's."""
        low, high = sequential_test.interval(self.periods, self.alpha)
        low = min(low, sequential_test.LARGEST)
        challenger: SideCounts = {"requests": self.total.treatment, "hits": self.total.treatment_hits}
        champion: SideCounts = {"requests": self.total.control, "hits": self.total.control_hits}
        if self.metric.good:
            challenger, champion, low, high = champion, challenger, 1 / high if high else sequential_test.LARGEST, 1 / low if low else math.inf
        return {
            "metric": self.metric.name,
            "challenger": challenger,
            "champion": champion,
            "low": round(low, 4),
            "high": None if math.isinf(high) else round(high, 4),
            "harmful": self.harmful,
            "harmless": self.harmless,
        }
