"""Analysis of a release under way: counters become a record, the guard decides, and new weights are planned."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from noria.kernel import ledger
from noria.kernel.verdict import Reason, Verdict
from noria.release import decision, findings
from noria.release.guard import Guard, decide
from noria.release.stop import stop_reason
from noria.release.variants import CHALLENGER, MAIN
from noria.sagemaker.endpoints import update_weights
from noria.sagemaker.metrics import PERIOD_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from noria.release.comparison import MetricComparison
    from noria.release.shapes.observation import Finding, WeighTrafficInput, WeighTrafficResult
    from noria.sagemaker.descriptions import MetricSeries

type Series = defaultdict[str, dict[float, float]]
#: Each variant's predictions are captured in files of their own, which come up to so many looks after the last request in them.
CAPTURE_LAG = 2


class Period(NamedTuple):
    """What one metric has counted in one period."""

    challenger: float
    challenger_hits: float
    champion: float
    champion_hits: float


def weigh_traffic(event: WeighTrafficInput) -> WeighTrafficResult:
    """Judge a release by everything that both variants have answered so far, and plan the challenger's next share."""
    observe, share = event["observe"], event["share"]
    guard = Guard.of(observe["guard"])
    comparisons = compare_variants(guard, event["results"], event["changes"], event["now"])
    results = [comparison.finding() for comparison in comparisons]
    verdict, following = _decide(event, guard, comparisons, results)
    shifted = following != share and verdict.outcome in (decision.SHIFT, decision.UNDO) and observe["weighted"]
    return {
        "outcome": verdict.outcome,
        "verdict": verdict.to_json(),
        "findings": results,
        "share": following,
        "looks_at_share": 0 if shifted else event["looks_at_share"],
        "changes": [*event["changes"], event["now"]] if shifted else event["changes"],
        "request": update_weights(observe["endpoint"], {MAIN: 1 - following, CHALLENGER: following}) if shifted else None,
    }


def compare_variants(guard: Guard, results: Sequence[MetricSeries], changes: Sequence[str], now: str) -> list[MetricComparison]:
    """Compare both variants on every metric.

    Args:
        changes: when weights were changed (ISO 8601): a period that holds a change is left out, since its shares are of two kinds.
        now: ISO 8601.
    """
    comparisons, series = guard.comparisons(), _series(results)
    for number, comparison in enumerate(comparisons):
        for period in _periods(series, number, changes, now, CAPTURE_LAG if comparison.metric.captured else 0):
            comparison.add(*period)
    return comparisons


def _decide(event: WeighTrafficInput, guard: Guard, comparisons: list[MetricComparison], results: list[Finding]) -> tuple[Verdict, float]:
    """The verdict of this look, and the challenger's share from now on."""
    share, look = event["share"], event["look"]
    if end := _ended_early(event):
        outcome, following = (decision.CHANGED, share) if end.code == "ChangedByHand" else (decision.UNDO, 0.0)
        verdict = findings.verdict(guard, results, outcome, look, following)
        return Verdict(outcome, (end, *verdict.reasons)), following
    outcome, following = decide(guard, comparisons, look, share, event["looks_at_share"])
    if outcome == decision.SHIFT and event["endpoint"]["EndpointStatus"] != "InService":
        # Somebody is changing the endpoint: the shift waits for that.
        outcome, following = decision.WAIT, share
    return findings.verdict(guard, results, outcome, look, following), following


def _ended_early(event: WeighTrafficInput) -> Reason | None:
    """What ends a release whatever its evidence: a change of the endpoint by hand, or a request for the model's lock."""
    observe, endpoint = event["observe"], event["endpoint"]
    config = endpoint.get("EndpointConfigName")
    if config != observe["config"] and endpoint["EndpointStatus"] == "InService":
        text = f"{observe['endpoint']} serves {config}, not {observe['config']}: somebody has changed it by hand, and it is left as it is"
        return Reason("ChangedByHand", text, config, observe["config"])
    return stop_reason(ledger.text(event["lock"] or {}, "stop_request"))


def _series(results: Sequence[MetricSeries]) -> Series:
    """What each query has counted, by the second at which its period begins."""
    series: Series = defaultdict(dict)
    for result in results:
        # The same period may come twice, the later one corrected.
        series[result["Id"]].update({_seconds(time): value for time, value in zip(result["Timestamps"], result["Values"], strict=True)})
    return series


def _periods(series: Series, number: int, changes: Sequence[str], now: str, lag: int) -> Iterator[Period]:
    """The periods of one metric that have ended.

    A period that has just ended and lacks a counter of a variant with requests is left to the next look: a missing counter is no zero.

    Args:
        lag: of so many periods, the counts may still lack one variant's part.
    """
    names = [f"{side}_{kind}_{number}" for side in ("challenger", "champion") for kind in ("requests", "hits")]
    times = sorted({time for name in names for time in series[name]})
    length = min([PERIOD_SECONDS, *(after - before for before, after in pairwise(times))])
    moved, moment = [_seconds(change) for change in changes], _seconds(now)
    for time in times:
        fresh = time + 2 * length > moment
        late = any(series[f"{side}_requests_{number}"].get(time) and time not in series[f"{side}_hits_{number}"] for side in ("challenger", "champion"))
        if time + length * (1 + lag) > moment or (fresh and late):
            continue
        if not any(time <= change < time + length for change in moved) and time >= min(moved, default=0.0):
            challenger, hits, champion, champion_hits = (series[name].get(time, 0.0) for name in names)
            # A counter that is late has fewer requests than hits: no more than all of them were hits.
            yield Period(challenger, min(hits, challenger), champion, min(champion_hits, champion))


def _seconds(time: str | float) -> float:
    return float(time) if isinstance(time, int | float) else datetime.fromisoformat(time).timestamp()
