"""One look at a release under way: counters become a record, the guard decides, and the weights that follow are asked for."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from noria.kernel.json import Json
from noria.kernel.verdict import Reason, Verdict
from noria.release import guard as guards
from noria.release.endpoint_config import CHALLENGER, MAIN, PERIOD_SECONDS
from noria.release.guard import Guard

Period = tuple[float, float, float, float]
Series = defaultdict[str, dict[float, float]]
CHANGED = "changed"
#: Each variant's answers are captured in files of their own, which come up to so many looks after the last request in them.
CAPTURE_LAG = 2


def weigh_traffic(event: Json) -> Json:
    """Weigh all that both variants have answered so far.

    Args:
        event: `{observe, results, endpoint, lock, look, share, looks_at_share, changes, now}`: `results` are `GetMetricData`'s,
            `endpoint` is its description, `lock` the ledger's item of this release or null, `changes` the times at which
            the weights were changed (ISO 8601): periods that hold one are left out, since their shares are of two kinds.

    Returns:
        `{outcome, verdict, findings, share, looks_at_share, changes, request}`; `request` sets new weights, or is null.
    """
    observe, share = event["observe"], event["share"]
    guard = Guard.of(observe["guard"])
    tallies = guard.tallies()
    series = _series(event["results"])
    for number, tally in enumerate(tallies):
        for period in _periods(series, number, event["changes"], event["now"], CAPTURE_LAG if tally.watch.captured else 0):
            tally.add(*period)
    results = [tally.to_json() for tally in tallies]
    if stopped := _stopped(event):
        outcome, following = (CHANGED, share) if stopped.code == "ChangedByHand" else (guards.UNDO, 0.0)
        verdict = Verdict(outcome, (stopped, *guards.verdict(guard, results, outcome, event["look"], following).reasons))
    else:
        outcome, following = guards.decide(guard, tallies, event["look"], share, event["looks_at_share"])
        if outcome == guards.SHIFT and event["endpoint"]["EndpointStatus"] != "InService":
            # Whoever changes it just now is waited for.
            outcome, following = guards.WAIT, share
        verdict = guards.verdict(guard, results, outcome, event["look"], following)
    shifted = following != share and outcome in (guards.SHIFT, guards.UNDO) and observe["strategy"] != "shadow"
    return {
        "outcome": outcome,
        "verdict": verdict.to_json(),
        "findings": results,
        "share": following,
        "looks_at_share": 0 if shifted else event["looks_at_share"],
        "changes": [*event["changes"], event["now"]] if shifted else event["changes"],
        "request": _weights(observe["endpoint"], following) if shifted else None,
    }


def _stopped(event: Json) -> Reason | None:
    """What ends a release whatever its evidence: a hand at the endpoint, or somebody who asks for the model."""
    observe, endpoint = event["observe"], event["endpoint"]
    result = endpoint.get("EndpointConfigName")
    if result != observe["config"] and endpoint["EndpointStatus"] == "InService":
        text = f"{observe['endpoint']} serves {result}, not {observe['config']}: somebody has changed it by hand, and it is left as it is"
        return Reason("ChangedByHand", text, result, observe["config"])
    request = ((event.get("lock") or {}).get("asked") or {}).get("S")
    if request == "supersede":
        return Reason("Superseded", "a newer version was approved, and rollout.busy is supersede", request)
    if request:
        return Reason("RollbackRequested", f"a rollback was asked for: {request}", request)
    return None


def _series(results: list[Json]) -> Series:
    """What each query has counted, by the second at which its period begins."""
    series: Series = defaultdict(dict)
    for result in results:
        # The same period may be told twice, the later one corrected.
        series[result["Id"]].update({_seconds(time): value for time, value in zip(result["Timestamps"], result["Values"], strict=True)})
    return series


def _periods(series: Series, number: int, changes: list[str], now: str, lag: int) -> Iterator[Period]:
    """The periods of one watch that have ended: challenger's requests and hits, champion's requests and hits.

    Args:
        lag: of so many periods, what has been counted may still lack one variant's part.

    One that has just ended and lacks a counter of a variant that was asked is left to the next look: what is not there yet is
    no zero.
    """
    names = [f"{side}_{kind}_{number}" for side in ("challenger", "champion") for kind in ("requests", "hits")]
    times = sorted({time for name in names for time in series[name]})
    length = min([PERIOD_SECONDS, *(after - before for before, after in pairwise(times))])
    moved = [_seconds(change) for change in changes]
    moment = _seconds(now)
    for time in times:
        fresh = time + 2 * length > moment
        late = any(series[f"{side}_requests_{number}"].get(time) and time not in series[f"{side}_hits_{number}"] for side in ("challenger", "champion"))
        if time + length * (1 + lag) > moment or (fresh and late):
            continue
        if not any(time <= change < time + length for change in moved) and time >= min(moved, default=0.0):
            challenger, hits, champion, champion_hits = (series[name].get(time, 0.0) for name in names)
            # A counter that is late has fewer requests than hits: no more than all of them were hits.
            yield challenger, min(hits, challenger), champion, min(champion_hits, champion)


def _seconds(time: str | float) -> float:
    return float(time) if isinstance(time, int | float) else datetime.fromisoformat(time).timestamp()


def _weights(endpoint: str, share: float) -> Json:
    weights = {MAIN: round(1 - share, 6), CHALLENGER: round(share, 6)}
    return {"EndpointName": endpoint, "DesiredWeightsAndCapacities": [{"VariantName": name, "DesiredWeight": weight} for name, weight in weights.items()]}
