"""The outlook of a release in words: how long it may take, and what a model's traffic lets its rollout find out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from noria.release.analysis_plan import plan_observation
from noria.release.guard import Guard
from noria.release.simulation import TrafficScenario, simulate
from noria.release.strategies import STRATEGIES

if TYPE_CHECKING:
    from noria.kernel.published_spec import RolloutShape

MINUTE_SECONDS = 60
#: Releases that are simulated for a sentence.
RUNS = 100


class Traffic(NamedTuple):
    """The traffic of an endpoint over the last days.

    Attributes:
        rps: requests a second.
        errors: share of them that the model failed.
    """

    rps: float
    errors: float


def duration(rollout: RolloutShape, first: bool) -> str:
    """What a release waits for, and how long that may take.

    Args:
        first: no version serves yet.
    """
    strategy, look = rollout["strategy"], rollout["look_seconds"]
    if first:
        return "the first version takes all of the traffic as soon as its endpoint is in service"
    if STRATEGIES[strategy].exposure:
        idle = f"; without any request, rollout.idle says {rollout['idle']} after {_minutes(rollout['step_looks'] * look)}" if rollout["idle"] != "wait" else ""
        return f"{strategy} looks at both versions every {look} s until the evidence decides, {rollout['minutes']} minutes at most{idle}"
    if STRATEGIES[strategy].guardrails:
        return f"{strategy} bakes {_bakes(rollout)} times for {_minutes(rollout['bake_minutes'] * MINUTE_SECONDS)}, and goes back when an alarm goes off"
    return f"{strategy} is one update of the endpoint"


def forecast(rollout: RolloutShape, traffic: Traffic | None) -> str:
    """What the next rollout will do at a model's traffic, in one sentence.

    Args:
        traffic: nothing where no request came.
    """
    strategy, strategies = rollout["strategy"], STRATEGIES[rollout["strategy"]]
    if traffic is None:
        return f"no request came in the last days: {duration(rollout, first=False)}"
    rate = f"at {traffic.rps:.2g} requests a second, the mean of the last days,"
    if strategies.exposure:
        return f"{rate} {_on_evidence(rollout, traffic)}"
    if strategies.guardrails:
        exposed = rollout["steps"][0] * traffic.rps * rollout["bake_minutes"] * MINUTE_SECONDS
        return f"{rate} {strategy} gives the new fleet {rollout['steps'][0]:.0%} of them for {rollout['bake_minutes']} minutes, some {exposed:,.0f}, then more"
    return f"{rate} {strategy} gives a new version all of them in one update"


def _on_evidence(rollout: RolloutShape, traffic: Traffic) -> str:
    """What the guard decides on an equal challenger."""
    rest = f"when its {rollout['minutes']} minutes are up, rollout.undecided says {rollout['undecided']}"
    if traffic.rps * rollout["look_seconds"] < 1:
        requests = traffic.rps * rollout["minutes"] * MINUTE_SECONDS
        return f"a release sees some {requests:,.0f} requests, too few to decide anything: {rest}"
    plan = plan_observation("", "", rollout["strategy"], rollout, None)
    guard = Guard.of(plan["guard"])
    scenario = TrafficScenario(traffic.errors, traffic.errors, traffic.rps)
    report, _ = simulate(replace(guard, metrics=guard.metrics[:1]), scenario, rollout["look_seconds"], RUNS)
    promoted = f"promotes {report['promoted']:.0%} of the versions that are as good on evidence"
    return f"{rollout['strategy']} {promoted}; for the others, {rest}" if report["undecided"] else f"{rollout['strategy']} {promoted}"


def _bakes(rollout: RolloutShape) -> int:
    """How often an update by guardrails bakes, the wait before the old fleet ends included."""
    steps = -(-1 // rollout["steps"][0])
    return {"canary": 3, "linear": int(steps) + 1, "rolling": int(steps)}[rollout["strategy"]]


def _minutes(seconds: float) -> str:
    return f"{seconds / MINUTE_SECONDS:g} minutes"
