"""`noria guard simulate`: what a setting of the guard would do, before it does it."""

from collections import Counter
from typing import Any

from rich.text import Text

from cli import render
from cli.errors import CliError
from noria.release.comparison import GuardMetric
from noria.release.guard import Guard
from noria.release.simulation import SimulatedRelease, TrafficScenario, simulate

Json = dict[str, Any]
#: Width of the plot's bars.
CELLS = 50
SYMBOLS = {"undo": "█", "promote": "▒", "undecided": "·"}


def run(
    world: TrafficScenario, share: float, minutes: float, runs: int, look_seconds: float, confidence: float, margin: float
) -> tuple[Json, list[SimulatedRelease]]:
    """Play releases at one share of the traffic, without steps.

    Raises:
        CliError: a number is out of its range.
    """
    for name, value, low, high in (("share", share, 0, 1), ("confidence", confidence, 0.5, 1), ("champion-errors", world.champion, 0, 1)):
        if not low < value < high:
            raise CliError(f"--{name} is {value:g}, expected a number between {low} and {high}")
    looks = max(1, round(minutes * 60 / look_seconds))
    guard = Guard((GuardMetric("errors", margin=margin),), confidence, (share,), looks + 1, looks, "hold")
    return simulate(guard, world, look_seconds, runs)


def show(told: Json, played: list[SimulatedRelease], minutes: float) -> None:
    """Shares, medians, and when the releases were decided."""
    render.console.print(f"undone {told['undone']:.1%}   promoted {told['promoted']:.1%}   undecided {told['undecided']:.1%}")
    render.console.print(f"at the median after {told['minutes_median']:.1f} minutes and {told['exposed_median']:,.0f} requests of the challenger")
    bins = 12
    counted = Counter((min(bins - 1, int(found.minutes / minutes * bins)), _kind(found)) for found in played)
    for row in range(bins):
        bar = "".join(symbol * round(CELLS * counted[row, kind] / len(played)) for kind, symbol in SYMBOLS.items())
        render.console.print(Text(f"{(row + 1) * minutes / bins:7.1f} min {bar}"))
    render.console.print(Text("█ undone  ▒ promoted  · undecided at the end", style="dim"))


def _kind(found: SimulatedRelease) -> str:
    return found.outcome if found.outcome in SYMBOLS else "undecided"
