"""Prints decisions, releases, rollbacks and simulations."""

from collections import Counter

from rich.text import Text

from cli.base import console
from cli.release.approval import Decision
from cli.release.releases import ReleaseHistory, RollbackResult
from cli.release.simulate import Simulation
from noria.release.simulation import SimulatedRelease

#: Rows of a simulation's plot, and the widest bar.
BINS, CELLS = 12, 50
SYMBOLS = {"undo": "█", "promote": "▒", "undecided": "·"}


def decision(result: Decision) -> None:
    console.out.print(f"{result.version} is {result.status} by {result.by}; see: noria releases {result.model}")
    if result.frozen_until:
        console.out.print(f"its release waits until {result.frozen_until} (approve.freeze)")


def rollback(result: RollbackResult) -> None:
    reasons = "; ".join(reason["text"] for reason in result.reasons)
    console.out.print(console.outcome(result.status), f"after {result.seconds:.1f} s: {reasons}")


def releases(history: ReleaseHistory) -> None:
    """Releases and rollbacks, newest first."""
    console.out.print(Text(history.model, style="bold"), Text(f"serves {history.serves or 'nothing yet'}"))
    if history.under_way:
        console.out.print(Text(f"  under way: {history.under_way}", style="yellow"))
    console.print_records("release", history.releases, lambda release: f"{release['model_package_arn']}  {release.get('strategy', '')}")
    console.print_records("rollback", history.rollbacks, lambda entry: entry["request"]["by"])


def simulation(result: Simulation, minutes: float) -> None:
    """Shares, medians, and when the releases ended."""
    report, releases = result.report, result.releases
    console.out.print(f"undone {report['undone']:.1%}   promoted {report['promoted']:.1%}   undecided {report['undecided']:.1%}")
    console.out.print(f"at the median after {report['minutes_median']:.1f} minutes and {report['exposed_median']:,.0f} requests of the challenger")
    counts = Counter((min(BINS - 1, int(release.minutes / minutes * BINS)), _outcome(release)) for release in releases)
    for row in range(BINS):
        bar = "".join(symbol * round(CELLS * counts[row, outcome] / len(releases)) for outcome, symbol in SYMBOLS.items())
        console.out.print(Text(f"{(row + 1) * minutes / BINS:7.1f} min {bar}"))
    console.out.print(Text("█ undone  ▒ promoted  · undecided at the end", style="dim"))


def _outcome(release: SimulatedRelease) -> str:
    return release.outcome if release.outcome in SYMBOLS else "undecided"
