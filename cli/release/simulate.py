"""Simulates releases against the guard: what a setting would undo, promote and leave undecided."""

from dataclasses import dataclass
from typing import TypedDict, cast

from cli.base.errors import CliError
from noria.release.comparison import GuardMetric
from noria.release.guard import Guard
from noria.release.simulation import SimulatedRelease, TrafficScenario, simulate

SECONDS_PER_MINUTE = 60


class SimulationReport(TypedDict):
    """Shares of the outcomes; medians of minutes and exposed requests over the undone releases, if most were, else over all."""

    undone: float
    promoted: float
    undecided: float
    exposed_median: float
    minutes_median: float


@dataclass(frozen=True)
class Simulation:
    """A report, and each simulated release."""

    report: SimulationReport
    releases: list[SimulatedRelease]


def run(world: TrafficScenario, share: float, minutes: float, runs: int, look_seconds: float, confidence: float, margin: float) -> Simulation:
    """Simulate releases at one share of the traffic, without steps.

    Args:
        minutes: the longest release.
        look_seconds: between two interim looks of the guard.

    Raises:
        CliError: a number is out of its range.
    """
    for name, value, low, high in (("share", share, 0, 1), ("confidence", confidence, 0.5, 1), ("champion-errors", world.champion, 0, 1)):
        if not low < value < high:
            raise CliError(f"--{name} is {value:g}, expected a number between {low} and {high}")
    looks = max(1, round(minutes * SECONDS_PER_MINUTE / look_seconds))
    guard = Guard((GuardMetric("errors", margin=margin),), confidence, (share,), looks + 1, looks, "hold")
    report, releases = simulate(guard, world, look_seconds, runs)
    return Simulation(cast("SimulationReport", report), releases)
