"""Monitoring policy: which causes for concern a monitoring run shows, and why."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from noria.kernel.verdict import Reason
from noria.kernel.wording import count
from noria.monitoring.causes import BELOW_BEST, CONTRACT, DEGRADED, DRIFT, INCIDENT, NO_TRAFFIC, NO_TRUTH, UNDECIDED
from noria.training import quality
from noria.training.metrics import less_is_better

if TYPE_CHECKING:
    from collections.abc import Mapping

    from noria.kernel.published_spec import PublishedSpec
    from noria.monitoring.shapes import JudgeWindowInput, QualityFinding, WeightedDrift, WindowDrift
    from noria.training.shapes import EstimateShape

#: Fewer rows never break the contract; the logarithm of how unlikely more are by chance; breaches that a reason names.
LEAST_BROKEN, CERTAIN, MOST_BREACHES = 5, math.log(1_000), 5
#: Of fewer answers whose truth is known, and without a complete window of requests, nothing is said.
FEWEST_ANSWERS = 20


class Assessment(NamedTuple):
    """Causes for concern with their reasons.

    Attributes:
        quality: nothing where no outcome is known, or the version has no baseline.
        best_limit: the best limit of the model's versions so far, by the same metric.
        drift: the verdict on the last complete window of this release.
        undecided: no window is complete, and too few outcomes are known: nothing speaks for or against the model.
    """

    causes: set[str]
    reasons: list[Reason]
    quality: QualityFinding | None
    best_limit: float | None
    drift: WeightedDrift | None
    undecided: bool


def assess(event: JudgeWindowInput, spec: PublishedSpec) -> Assessment:
    """Assess one monitoring run."""
    drift, best_limit = _last_drift(event), _best_limit(event)
    finding, fallen = _quality(event, spec)
    degraded = [DEGRADED] if fallen else _below_best(event, spec, best_limit)
    moved = _drift(drift, event["window"]["drifted_windows"], spec["monitor"]["persist"])
    if INCIDENT in moved:
        # While a feed is broken, wrong predictions are its fault.
        degraded, fallen = [], []
    breaches = _contract(drift, spec["data"]["bad_rows"]["at_most"])
    causes = {*degraded, *moved, *_missing_data(event, spec), *([CONTRACT] if breaches else [])}
    unreadable = [Reason("FileUnreadable", text) for text in event["window"]["faults"]]
    too_few = _too_few(drift, finding) if not causes else []
    return Assessment(causes, [*fallen, *breaches, *_explain(causes, drift, spec), *too_few, *unreadable], finding, best_limit, drift, bool(too_few))


def _too_few(drift: WeightedDrift | None, finding: QualityFinding | None) -> list[Reason]:
    """Why nothing can be said of a model yet."""
    rows = finding["rows"] if finding else 0
    if drift is not None or rows >= FEWEST_ANSWERS:
        return []
    text = f"{rows:,.0f} answers whose truth is known, and no complete window of requests since the release: too few to tell ({FEWEST_ANSWERS})"
    return [Reason("TooFewRows", text, rows, FEWEST_ANSWERS)]


def _last_drift(event: JudgeWindowInput) -> WeightedDrift | None:
    """The verdict on a window that is complete now, else that of an earlier run of this release."""
    previous, complete = event["previous"] or {}, event["window"]["drift"]
    if complete:
        return {**complete, "weight": _weight(complete, event.get("importance"))}
    return previous.get("drift") if previous.get("release") == event["release"]["id"] else None


def _weight(drift: WindowDrift, importance: Mapping[str, float] | None) -> float | None:
    """The share of the permutation importance that is in drifted columns; nothing where it is unknown."""
    if importance is None:
        return None
    return round(sum(float(importance.get(name, 0.0)) for name, column in drift["columns"].items() if column["drifted"]), 4)


def _best_limit(event: JudgeWindowInput) -> float | None:
    """The best limit of the model's versions so far, by the same metric."""
    baseline, previous = event["quality_baseline"], event["previous"] or {}
    if baseline is None:
        return None
    before = previous.get("quality_baseline")
    best = previous.get("best_limit") if before and before["metric"] == baseline["metric"] else None
    return quality.best_of(baseline["metric"], baseline["limit"], best)


def _quality(event: JudgeWindowInput, spec: PublishedSpec) -> tuple[QualityFinding | None, list[Reason]]:
    """The test for degradation, and the reason where the metric has fallen."""
    days, rule = event["window"]["days"], spec["monitor"]["quality"]
    if event["quality_baseline"] is None or not days:
        return None, []
    baseline = quality.QualityBaseline.of(event["quality_baseline"])
    baseline = baseline if rule["at_least"] is None else replace(baseline, limit=rule["at_least"])
    tested = quality.detect_degradation(baseline, days, rule["margin"])
    finding: QualityFinding = {**tested.to_json(), "metric": baseline.metric, "limit": baseline.limit}
    return finding, [_fallen(baseline, finding)] if finding["fallen"] else []


def _fallen(baseline: quality.QualityBaseline, finding: QualityFinding) -> Reason:
    side = "above" if less_is_better(baseline.metric) else "below"
    text = (
        f"{baseline.metric} is {finding['value']:.3f} on {count(round(finding['rows']), 'answer')} whose truth is known; in the evaluation it was "
        f"{baseline.value:.3f}, and {side} {baseline.limit:.3f} is more than chance explains, since {finding['since']}"
    )
    return Reason("QualityFell", text, finding["value"], baseline.limit)


def _below_best(event: JudgeWindowInput, spec: PublishedSpec, best_limit: float | None) -> list[str]:
    """Whether the metric is below the limit of an earlier version: a reason to retrain that pages nobody."""
    baseline, days = event["quality_baseline"], event["window"]["days"]
    if baseline is None or best_limit is None or best_limit == baseline["limit"] or not days:
        return []
    stricter = replace(quality.QualityBaseline.of(baseline), limit=best_limit)
    return [BELOW_BEST] if quality.detect_degradation(stricter, days, spec["monitor"]["quality"]["margin"]).fallen else []


def _drift(drift: WeightedDrift | None, drifted_windows: int, persist: int) -> list[str]:
    if drift is None:
        return []
    if drift["verdict"] == DRIFT:
        return [DRIFT] if drifted_windows >= persist else []
    return [drift["verdict"]] if drift["verdict"] in (INCIDENT, UNDECIDED) else []


def _missing_data(event: JudgeWindowInput, spec: PublishedSpec) -> list[str]:
    """Whether no requests, or no ground truth, have arrived for `monitor.silent_days`."""
    if spec["monitor"]["capture"] == 0:
        return []
    now, longest = datetime.fromisoformat(event["cause"]["time"]), timedelta(days=spec["monitor"]["silent_days"])
    if now - _latest(event["window"]["last_prediction"], event["release"]["time"]) > longest:
        return [NO_TRAFFIC]
    return [NO_TRUTH] if now - _latest(event["window"]["last_truth"], event["release"]["time"]) > longest else []


def _latest(*times: str | None) -> datetime:
    return max(datetime.fromisoformat(time) for time in times if time)


def _contract(drift: WeightedDrift | None, most: float) -> list[Reason]:
    """The reason why more of the last window breaks the contract than it allows, by more than chance explains.

    Chernoff's bound at one in a thousand.

    Args:
        most: the share of bad rows that the contract allows.
    """
    breaches = drift["contract"] if drift else None
    if not breaches or not breaches["broken"]:
        return []
    rows, share = breaches["rows"], breaches["broken"] / breaches["rows"]
    if share <= most or breaches["broken"] < LEAST_BROKEN or rows * _divergence(share, most) < CERTAIN:
        return []
    often = sorted(breaches["faults"].items(), key=lambda item: -item[1])[:MOST_BREACHES]
    named = ", ".join(f"{fault} {count:,}" for fault, count in often)
    return [Reason("ContractBroken", f"{share:.1%} of {rows:,} rows that were asked break the contract: {named}", round(share, 4), most)]


def _divergence(share: float, most: float) -> float:
    """Kullback and Leibler's divergence of two shares, the first the larger one."""
    apart = share * math.log(share / most) if most else math.inf
    return apart + ((1 - share) * math.log((1 - share) / (1 - most)) if share < 1 else 0.0)


def _explain(causes: set[str], drift: WeightedDrift | None, spec: PublishedSpec) -> list[Reason]:
    """The reasons of every cause but a fallen metric and a broken contract."""
    days = spec["monitor"]["silent_days"]
    reasons = [Reason(**reason) for reason in drift["reasons"]] if drift and {DRIFT, INCIDENT, UNDECIDED} & causes else []
    if drift and DRIFT in causes and drift["weight"] is not None:
        text = f"what has drifted is {drift['weight']:.0%} of what moves this model's answers"
        reasons.insert(0, Reason("DriftWeight", text, drift["weight"], spec["heal"]["drift_weight"]))
    if BELOW_BEST in causes:
        text = "it is as good as its evaluation said, and an earlier version of this model was better: a reason to train, and none to page"
        reasons.append(Reason("QualityBelowBest", text))
    if NO_TRAFFIC in causes:
        reasons.append(Reason("NoTraffic", f"nobody has asked this model for more than {count(days, 'day')}: nothing can be said of it", None, days))
    if NO_TRUTH in causes:
        text = f"no truth has come for more than {count(days, 'day')}: its quality is not known{_estimated(drift['estimate'] if drift else None)}"
        reasons.append(Reason("NoTruth", text, None, days))
    return reasons


def _estimated(estimate: EstimateShape | None) -> str:
    if estimate is None:
        return ""
    return f"; by its own probabilities {estimate['metric']} is about {estimate['value']:.3f} ({estimate['low']:.3f} to {estimate['high']:.3f})"
