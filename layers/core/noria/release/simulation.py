"""Plays releases against the guard, so that an owner sees beforehand what a setting would do."""

import random
import statistics
from dataclasses import dataclass

from noria.kernel.json import Json
from noria.release import guard as guards
from noria.release.guard import Guard


@dataclass(frozen=True)
class World:
    """What a simulated release meets.

    Attributes:
        champion, challenger: rates of the answers that are watched.
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


@dataclass(frozen=True)
class Played:
    """How one release ended.

    Attributes:
        exposed: requests that the challenger answered.
    """

    outcome: str
    minutes: float
    exposed: int


def play(guard: Guard, world: World, look_seconds: float, drawn: random.Random) -> Played:
    """One release, from its first share to its end."""
    (tally,) = tallies = guard.tallies()
    factor = 5 ** drawn.uniform(-1, 1) if world.learnt else 1.0
    share, since, exposed, requests, left = guard.steps[0], 0, 0, round(world.rps * look_seconds), 0.0
    for look in range(1, guard.looks + 1):
        if world.burst and left <= 0 and drawn.random() < look_seconds / world.burst_every_seconds:
            left = world.burst_seconds
        more = world.burst * min(1.0, max(0.0, left) / look_seconds)
        left -= look_seconds
        challenger = drawn.binomialvariate(requests, share)
        hits = drawn.binomialvariate(challenger, min(1.0, world.challenger * factor + more))
        champion_hits = drawn.binomialvariate(requests - challenger, min(1.0, world.champion * factor + more))
        exposed, since = exposed + challenger, since + 1
        tally.add(challenger, hits, requests - challenger, champion_hits)
        outcome, following = guards.decide(guard, tallies, look, share, since)
        if outcome not in (guards.WAIT, guards.SHIFT):
            break
        share, since = (following, 0) if outcome == guards.SHIFT else (share, since)
    decided = not (look == guard.looks and not tally.harmful and not tally.harmless)
    return Played(outcome if decided else "undecided", look * look_seconds / 60, exposed)


def simulate(guard: Guard, world: World, look_seconds: float, runs: int, seed: int = 0) -> tuple[Json, list[Played]]:
    """Many releases.

    Returns:
        `{undone, promoted, undecided, exposed_median, minutes_median}`: shares of all; medians over those that were undone
        where most were, else over all. And each release.
    """
    drawn = random.Random(seed)
    played = [play(guard, world, look_seconds, drawn) for _ in range(runs)]
    undone = [item for item in played if item.outcome == guards.UNDO]
    undone = undone if 2 * len(undone) >= runs else played
    shares = {name: sum(item.outcome == outcome for item in played) / runs for name, outcome in (("undone", guards.UNDO), ("promoted", guards.PROMOTE))}
    report = {
        **shares,
        "undecided": round(1 - sum(shares.values()), 6),
        "exposed_median": statistics.median(item.exposed for item in undone),
        "minutes_median": statistics.median(item.minutes for item in undone),
    }
    return report, played
