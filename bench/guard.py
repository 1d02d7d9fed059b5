"""How often a guard undoes an equal challenger, and how soon it catches a worse one, against what alarms and a z-test do."""

import math
import random
import statistics
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from bench.results import Result
from noria.release.comparison import GuardMetric
from noria.release.guard import Guard
from noria.release.simulation import TrafficScenario, simulate

RUNS = 2000
#: Seconds between two looks, and the longest release that is played (minutes).
LOOK_SECONDS, MINUTES, LONG_MINUTES = 10.0, 60, 480
SHARE, BASE, LIMIT = 0.1, 0.02, 0.02
#: A margin that nothing is shown to be within: it goes on until harm is found or time is up.
NEVER = 1.0001
EQUAL = {
    "errors at 50/s": TrafficScenario(BASE, BASE, 50),
    "errors at 5/s": TrafficScenario(BASE, BASE, 5),
    "bursts that hit both, 50/s": TrafficScenario(BASE, BASE, 50, burst=0.5),
    "bursts that hit both, 5/s": TrafficScenario(BASE, BASE, 5, burst=0.5),
    "a baseline to be learnt, 50/s": TrafficScenario(BASE, BASE, 50, learnt=True),
    "a baseline to be learnt, 5/s": TrafficScenario(BASE, BASE, 5, learnt=True),
    "latency: 1 % over the 99th percentile, 50/s": TrafficScenario(0.01, 0.01, 50),
    "business: 5 % buy, 50/s": TrafficScenario(0.05, 0.05, 50),
}
WORSE = {
    "errors 2.5 %": (TrafficScenario(BASE, 0.025, 50), LOOK_SECONDS, False),
    "errors 3 %": (TrafficScenario(BASE, 0.03, 50), LOOK_SECONDS, False),
    "errors 4 %": (TrafficScenario(BASE, 0.04, 50), LOOK_SECONDS, False),
    "errors 8 %": (TrafficScenario(BASE, 0.08, 50), 5.0, False),
    "latency: 2 % over the champion's 99th percentile": (TrafficScenario(0.01, 0.02, 50), LOOK_SECONDS, False),
    "business: 3.5 % buy instead of 5 %": (TrafficScenario(0.05, 0.035, 50), LOOK_SECONDS, True),
}


def measure() -> Result:
    """Every case, on all cores; the ratio is the worst share of wrong undoings over the permitted 2 %."""
    with ProcessPoolExecutor() as pool:
        equal = {name: pool.submit(_played, world, LOOK_SECONDS, MINUTES, name.startswith("business")) for name, world in EQUAL.items()}
        longer = pool.submit(_played, TrafficScenario(BASE, BASE, 50), 60.0, LONG_MINUTES, False)
        worse = {name: pool.submit(_played, world, look, MINUTES, good) for name, (world, look, good) in WORSE.items()}
        others = {
            (name, case): pool.submit(_alarmed, name, world)
            for name in REFERENCES
            for case, world in (("equal", EQUAL["errors at 50/s"]), ("equal at 5/s", EQUAL["errors at 5/s"]), ("3 %", WORSE["errors 3 %"][0]))
        }
        wrong = {name: item.result()["undone"] for name, item in equal.items()} | {"eight hours at 50/s": longer.result()["undone"]}
        parts: dict[str, Any] = {f"wrongly undone, {name}": f"{share:.2%}" for name, share in wrong.items()}
        for name, item in worse.items():
            report = item.result()
            parts[f"caught, {name}"] = (
                f"{report['undone']:.1%} within the hour, {report['soon']:.1%} within 10 minutes, {report['exposed_median']:.0f} requests at the median"
            )
        for (name, case), item in others.items():
            report = item.result()
            parts[f"{name}, {case}"] = f"{report['undone']:.1%} undone, {report['exposed_median']:.0f} requests at the median"
    return Result("guard", max(wrong.values()), LIMIT, "share wrongly undone", f"{RUNS} simulated releases a case, the worst case against 2 %", parts)


def _played(scenario: TrafficScenario, look_seconds: float, minutes: int, good: bool) -> dict[str, float]:
    looks = round(minutes * 60 / look_seconds)
    guard = Guard((GuardMetric("hits", margin=NEVER, good=good),), 1 - LIMIT, (SHARE,), looks + 1, looks, "hold")
    report, played = simulate(guard, scenario, look_seconds, RUNS, seed=11)
    soon = sum(item.outcome == "undo" and item.minutes <= 10 for item in played) / RUNS
    return {**report, "soon": soon}


Rule = Callable[[list[tuple[int, int, int, int]]], bool]


def _windowed(minutes: int) -> Rule:
    """An alarm as it is usually set: twice the known baseline in a fixed window."""

    def rule(record: list[tuple[int, int, int, int]]) -> bool:
        if len(record) % minutes:
            return False
        last = record[-minutes:]
        requests, hits = sum(period[0] for period in last), sum(period[1] for period in last)
        return bool(requests) and hits / requests > 2 * BASE

    return rule


def _z_test(record: list[tuple[int, int, int, int]]) -> bool:
    """Two proportions on the whole record, at one-sided 5 %, every minute."""
    requests, hits, others, other_hits = (sum(period[i] for period in record) for i in range(4))
    pooled = (hits + other_hits) / (requests + others)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / requests + 1 / others)) if requests and others and 0 < pooled < 1 else 0.0
    return bool(spread) and (hits / requests - other_hits / others) / spread > 1.645


REFERENCES: dict[str, Rule] = {"twice the baseline in 5 minutes": _windowed(5), "twice the baseline in 1 minute": _windowed(1), "z-test every minute": _z_test}


def _alarmed(name: str, scenario: TrafficScenario) -> dict[str, float]:
    rule = REFERENCES[name]
    drawn, undone, exposed = random.Random(11), 0, []
    for _ in range(RUNS):
        record: list[tuple[int, int, int, int]] = []
        for _minute in range(MINUTES):
            requests = drawn.binomialvariate(round(scenario.rps * 60), SHARE)
            others = round(scenario.rps * 60) - requests
            record.append((requests, drawn.binomialvariate(requests, scenario.challenger), others, drawn.binomialvariate(others, scenario.champion)))
            if rule(record):
                undone += 1
                exposed.append(sum(period[0] for period in record))
                break
    return {"undone": undone / RUNS, "exposed_median": statistics.median(exposed) if exposed else 0.0}
