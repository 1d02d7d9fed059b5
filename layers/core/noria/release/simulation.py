"""Simulation of releases under a guard, so that an owner sees beforehand what a setting would do."""

from __future__ import annotations

import random
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from noria.release.decision import PROMOTE, SHIFT, UNDO, WAIT
from noria.release.guard import Guard, decide

if TYPE_CHECKING:
    from noria.release.comparison import MetricComparison


@dataclass(frozen=True)
class TrafficScenario:
    """The traffic of a simulated release.

    Attributes:
        champion, challenger: rates of hits.
        rps: requests a second, of both variants together.
        burst: rate that comes on top for both variants while a burst lasts.
        burst_seconds, burst_every_seconds: how long one lasts, and how far apart they begin on average.
        learnt: the champion's rate is drawn anew for each release, up to five times lower or higher; the challenger's
            stays the same multiple of it.
    """

    champion: float
    challenger: float
    rps: float
    burst: float = 0.0
    burst_seconds: float = 30.0
    burst_every_seconds: float = 600.0
    learnt: bool = False


class SimulatedRelease(NamedTuple):
    """How one release ended; `exposed` is how many requests the challenger answered."""

    outcome: str
    minutes: float
    exposed: int


def simulate_release(guard: Guard, scenario: TrafficScenario, look_seconds: float, drawn: random.Random) -> SimulatedRelease:
    """One release, from its first share to its end."""
    (comparison,) = comparisons = guard.comparisons()
    traffic = _Traffic(scenario, look_seconds, drawn)
    share, since, exposed = guard.steps[0], 0, 0
    for look in range(1, guard.looks + 1):
        challenger, hits, champion, champion_hits = traffic.period(share)
        exposed, since = exposed + challenger, since + 1
        comparison.add(challenger, hits, champion, champion_hits)
        outcome, following = decide(guard, comparisons, look, share, since)
        if outcome not in (WAIT, SHIFT):
            break
        share, since = (following, 0) if outcome == SHIFT else (share, since)
    return SimulatedRelease(outcome if _decided(guard, comparison, look) else "undecided", look * look_seconds / 60, exposed)


def _decided(guard: Guard, comparison: MetricComparison, look: int) -> bool:
    return not (look == guard.looks and not comparison.harmful and not comparison.harmless)


class _Traffic:
    """Draws the requests and hits of one look after the other."""

    def __init__(self, scenario: TrafficScenario, look_seconds: float, drawn: random.Random) -> None:
        self._scenario, self._look_seconds, self._drawn = scenario, look_seconds, drawn
        self._factor = 5 ** drawn.uniform(-1, 1) if scenario.learnt else 1.0
        self._requests, self._burst_seconds = round(scenario.rps * look_seconds), 0.0

    def period(self, share: float) -> tuple[int, int, int, int]:
        """Requests and hits of the challenger, then the champion's."""
        scenario, drawn = self._scenario, self._drawn
        if scenario.burst and self._burst_seconds <= 0 and drawn.random() < self._look_seconds / scenario.burst_every_seconds:
            self._burst_seconds = scenario.burst_seconds
        burst = scenario.burst * min(1.0, max(0.0, self._burst_seconds) / self._look_seconds)
        self._burst_seconds -= self._look_seconds
        challenger = drawn.binomialvariate(self._requests, share)
        hits = drawn.binomialvariate(challenger, min(1.0, scenario.challenger * self._factor + burst))
        champion_hits = drawn.binomialvariate(self._requests - challenger, min(1.0, scenario.champion * self._factor + burst))
        return challenger, hits, self._requests - challenger, champion_hits


def simulate(guard: Guard, scenario: TrafficScenario, look_seconds: float, runs: int, seed: int = 0) -> tuple[dict[str, float], list[SimulatedRelease]]:
    """Many releases.

    Returns:
        `{undone, promoted, undecided, exposed_median, minutes_median}`: shares of all; medians over those that were undone
        where most were, else over all. And each release.
    """
    drawn = random.Random(seed)
    releases = [simulate_release(guard, scenario, look_seconds, drawn) for _ in range(runs)]
    undone = [release for release in releases if release.outcome == UNDO]
    typical = undone if 2 * len(undone) >= runs else releases
    shares = {name: sum(release.outcome == outcome for release in releases) / runs for name, outcome in (("undone", UNDO), ("promoted", PROMOTE))}
    summary = {
        **shares,
        "undecided": round(1 - sum(shares.values()), 6),
        "exposed_median": statistics.median(release.exposed for release in typical),
        "minutes_median": statistics.median(release.minutes for release in typical),
    }
    return summary, releases
