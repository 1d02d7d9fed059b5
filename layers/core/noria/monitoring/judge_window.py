"""What a look at a served model means: is its quality what it was, has its world changed, is anybody looking at all."""

import json
import math
from dataclasses import replace
from datetime import datetime, timedelta

from noria.kernel.events import EventContext, put_named_entry
from noria.kernel.json import Json
from noria.kernel.spec_defaults import with_defaults
from noria.kernel.verdict import Reason, Verdict
from noria.monitoring.window_state import BELOW_BEST, CONTRACT, DEGRADED, DRIFT, INCIDENT, NO_TRAFFIC, NO_TRUTH, OK, UNDECIDED
from noria.training import quality

#: Causes by what is said of them.
SAID = {
    DEGRADED: "QualityDegraded",
    BELOW_BEST: "QualityDegraded",
    DRIFT: "DriftDetected",
    INCIDENT: "DataIncident",
    CONTRACT: "DataIncident",
    NO_TRAFFIC: "MonitoringDataMissing",
    NO_TRUTH: "MonitoringDataMissing",
}
#: What a model's state is called after, worst first.
ORDER = (DEGRADED, INCIDENT, CONTRACT, DRIFT, NO_TRAFFIC, NO_TRUTH, BELOW_BEST, UNDECIDED, OK)
#: Periods that the course of quality is told by, at most.
MOST_PERIODS = 120
#: What the ledger has of a look as it is.
HANDED_ON = ("state", "counts", "fresh_rows", "labelled_rows", "trained_rows", "last_prediction", "last_truth")
#: Reasons, and columns, that a look tells of.
MOST_TOLD = 20
#: Fewer rows that break the contract are none to speak of; how certain it must be that they are too many; kinds that are named.
LEAST_BROKEN, CERTAIN, MOST_KINDS = 5, math.log(1_000), 5


def judge_window(event: Json) -> Json:
    """Judge one look.

    Args:
        event: `{model, look, number, began, release: {id, time, version}, spec, level, importance, previous, ledger, cause}`: `look`
            is what `noria.monitoring.read_window.read_window` returns, `level` and `importance` what the evaluation has shown, `previous`
            the ledger's document of the last look; each of these three may be null.

    Returns:
        `{outcome, verdict, record, metrics, entries}`: requests of `PutItem` and `PutMetricData`, and entries of `PutEvents`.
    """
    spec, cause, look = with_defaults(event["spec"]), EventContext(**event["cause"]), event["look"]
    previous = event["previous"] or {}
    request, expected = spec["monitor"]["quality"], _wanted(event["level"], previous)
    finding, reasons = _quality(event["level"], request, look["days"])
    same = previous.get("release") == event["release"]["id"]
    fresh = look["drift"] and {**look["drift"], "weight": _weight(look["drift"], event.get("importance"))}
    judged = fresh or (previous.get("drift") if same else None)
    fallen = [DEGRADED] if finding and finding["fallen"] else _below_best(event["level"], request, look["days"], expected)
    moved = _drifted(judged, look, spec["monitor"]["persist"])
    if INCIDENT in moved:
        # While a feed is broken, wrong answers are its fault.
        fallen, reasons = [], []
    broken = _contract(judged, spec)
    results = {*fallen, *moved, *_silent(event, spec, look), *([CONTRACT] if broken else [])}
    weight = (judged or {}).get("weight")
    unread = [Reason("FileUnreadable", text) for text in look["faults"]]
    verdict = _verdict(results, [*reasons, *broken, *_told(results, judged, spec, weight), *unread])
    told_before = previous.get("told", []) if same else []
    document = {
        "number": event["number"],
        "release": event["release"]["id"],
        "outcome": verdict.outcome,
        "causes": sorted(results),
        "told": sorted({*told_before, *results}),
        "reasons": verdict.to_json()["reasons"],
        "quality": finding,
        "level": event["level"],
        "wanted": expected,
        "series": series(event["level"], look["days"]),
        "drift": _short(judged),
        "weight": weight,
        **{name: look[name] for name in HANDED_ON},
    }
    return {
        "outcome": verdict.outcome,
        "verdict": verdict.to_json(),
        "record": _record(event, document, cause),
        "metrics": _metrics(event["model"], document),
        "entries": [*_entries(event, results, told_before, document, cause)],
    }


def _verdict(results: set[str], reasons: list[Reason]) -> Verdict:
    """The worst of what was found, with no more reasons than a person reads."""
    more = len(reasons) - MOST_TOLD
    retained = [*reasons[:MOST_TOLD], *([Reason("MoreReasons", f"and {more} more", more, 0)] if more > 0 else [])]
    return Verdict(next((state for state in ORDER if state in results), OK), tuple(retained))


def _quality(level: Json | None, request: Json, days: Json) -> tuple[Json | None, list[Reason]]:
    if level is None or not days:
        return None, []
    result = quality.QualityBaseline.of(level)
    result = result if request["at_least"] is None else replace(result, limit=request["at_least"])
    finding = quality.detect_degradation(result, days, request["margin"])
    report = {**finding.to_json(), "metric": result.metric, "limit": result.limit}
    if not finding.fallen or finding.value is None:
        return report, []
    text = (
        f"{result.metric} is {finding.value:.3f} on {finding.rows:,.0f} answers whose truth is known; in the evaluation it was {result.value:.3f}, "
        f"and {'above' if result.metric in quality.LESS_IS_BETTER else 'below'} {result.limit:.3f} is more than chance explains, since {finding.since}"
    )
    return report, [Reason("QualityFell", text, finding.value, result.limit)]


def _short(judged: Json | None) -> Json | None:
    """A verdict on drift with the columns that moved most, and no more than a person looks at."""
    if judged is None:
        return None
    columns = sorted(judged["columns"].items(), key=lambda item: -item[1]["effect"] / item[1]["limit"])
    return {**judged, "columns": dict(columns[:MOST_TOLD]), "reasons": judged["reasons"][:MOST_TOLD], "watched": len(columns)}


def _wanted(level: Json | None, previous: Json) -> float | None:
    """What this model has shown that it can do: the best limit of its versions, by the same metric."""
    if level is None:
        return None
    same = (previous.get("level") or {}).get("metric") == level["metric"]
    return quality.best_of(level["metric"], level["limit"], previous.get("wanted") if same else None)


def _below_best(level: Json | None, request: Json, days: Json, expected: float | None) -> list[str]:
    """Whether it is worse than an earlier version was: no news to page for, and a reason to try."""
    if level is None or expected is None or expected == level["limit"] or not days:
        return []
    return [BELOW_BEST] if quality.detect_degradation(replace(quality.QualityBaseline.of(level), limit=expected), days, request["margin"]).fallen else []


def _drifted(judged: Json | None, look: Json, persist: int) -> list[str]:
    if judged is None:
        return []
    if judged["verdict"] == DRIFT:
        return [DRIFT] if look["drifted"] >= persist else []
    return [judged["verdict"]] if judged["verdict"] in (INCIDENT, UNDECIDED) else []


def _silent(event: Json, spec: Json, look: Json) -> list[str]:
    """Whether nothing has come for too long: traffic, or the truth of what was predicted."""
    now, longest = datetime.fromisoformat(event["cause"]["time"]), timedelta(days=spec["monitor"]["silent_days"])
    if spec["monitor"]["capture"] == 0:
        return []
    since = max(datetime.fromisoformat(time) for time in (look["last_prediction"], event["release"]["time"]) if time)
    if now - since > longest:
        return [NO_TRAFFIC]
    heard = max(datetime.fromisoformat(time) for time in (look["last_truth"], event["release"]["time"]) if time)
    return [NO_TRUTH] if now - heard > longest else []


def _contract(judged: Json | None, spec: Json) -> list[Reason]:
    """Why more of the last window breaks the contract than it allows, by more than chance (Chernoff's bound at one in a thousand)."""
    report, most = (judged or {}).get("contract"), spec["data"]["bad_rows"]["at_most"]
    if not report or not report["broken"]:
        return []
    share = report["broken"] / report["rows"]
    if share <= most or report["broken"] < LEAST_BROKEN:
        return []
    apart = share * math.log(share / most) if most else math.inf
    apart += (1 - share) * math.log((1 - share) / (1 - most)) if share < 1 else 0.0
    if report["rows"] * apart < CERTAIN:
        return []
    kinds = sorted(report["faults"].items(), key=lambda item: -item[1])[:MOST_KINDS]
    named = ", ".join(f"{kind} {count:,}" for kind, count in kinds)
    return [Reason("ContractBroken", f"{share:.1%} of {report['rows']:,} rows that were asked break the contract: {named}", round(share, 4), most)]


def _weight(judged: Json, importance: Json | None) -> float | None:
    """Which share of what moves the model's answers is in the columns that have drifted; nothing where that is not known."""
    if importance is None:
        return None
    return round(sum(float(importance.get(name, 0.0)) for name, column in judged["columns"].items() if column["drifted"]), 4)


def _told(results: set[str], judged: Json | None, spec: Json, weight: float | None) -> list[Reason]:
    reasons = [Reason(**reason) for reason in (judged or {}).get("reasons", [])] if {DRIFT, INCIDENT, UNDECIDED} & results else []
    if DRIFT in results and weight is not None:
        request = spec["heal"]["drift_weight"]
        reasons.insert(0, Reason("DriftWeight", f"what has drifted is {weight:.0%} of what moves this model's answers", weight, request))
    days = spec["monitor"]["silent_days"]
    if BELOW_BEST in results:
        reasons.append(
            Reason("QualityFaded", "it is as good as its evaluation said, and an earlier version of this model was better: a reason to train, and none to page")
        )
    if NO_TRAFFIC in results:
        reasons.append(Reason("NoTraffic", f"nobody has asked this model for more than {days:g} days: nothing can be said of it", None, days))
    if NO_TRUTH in results:
        text = f"no truth has come for more than {days:g} days: its quality is not known{_estimated((judged or {}).get('estimate'))}"
        reasons.append(Reason("NoTruth", text, None, days))
    return reasons


def _estimated(result: Json | None) -> str:
    if result is None:
        return ""
    return f"; by its own probabilities {result['metric']} is about {result['value']:.3f} ({result['low']:.3f} to {result['high']:.3f})"


def series(level: Json | None, days: Json) -> list[Json]:
    """The course of quality: the metric by day, or by so many days that it stays short."""
    if level is None:
        return []
    ordered = sorted(days.items())
    size = max(1, -(-len(ordered) // MOST_PERIODS))
    results = []
    for begin in range(0, len(ordered), size):
        counts = quality.merge_counts(dict(ordered[begin : begin + size]))
        results.append({"from": ordered[begin][0], "value": quality.value(level["metric"], counts, level["cap"]), "rows": sum(counts.values())})
    return results


def _record(event: Json, document: Json, cause: EventContext) -> Json:
    """The look in the ledger; who was overtaken by another look has changed nothing."""
    return {
        "TableName": event["ledger"],
        "Item": {
            "pk": {"S": f"MODEL#{event['model']}"},
            "sk": {"S": "MONITOR"},
            "number": {"N": str(event["number"])},
            "began": {"S": event["began"]},
            "state": {"S": document["state"]},
            "time": {"S": cause.time},
            "document": {"S": json.dumps(document)},
        },
        "ConditionExpression": "attribute_not_exists(pk) OR #number = :before OR #state = :mine",
        "ExpressionAttributeNames": {"#number": "number", "#state": "state"},
        "ExpressionAttributeValues": {":before": {"N": str(event["number"] - 1)}, ":mine": {"S": document["state"]}},
    }


def _metrics(model: str, document: Json) -> Json:
    """`PutMetricData`: what a dashboard shows, and alarms may be put on."""
    values = {
        "Causes": len(document["causes"]),
        "NewPredictions": document["counts"]["predictions"],
        "NewTruth": document["counts"]["labelled"],
        "DriftedColumns": sum(column["drifted"] for column in (document["drift"] or {}).get("columns", {}).values()),
    }
    if estimate := (document["drift"] or {}).get("estimate"):
        values["EstimatedQuality"] = estimate["value"]
    if document["series"] and document["series"][-1]["value"] is not None:
        values["Quality"] = document["series"][-1]["value"]
    dimensions = [{"Name": "Model", "Value": model}]
    return {
        "Namespace": "Noria/Models",
        "MetricData": [{"MetricName": name, "Dimensions": dimensions, "Value": float(value)} for name, value in values.items()],
    }


def _entries(event: Json, results: set[str], told_before: list[str], document: Json, cause: EventContext) -> list[Json]:
    """Each cause that there is, and that the look is done; a cause that was not told before is paged."""
    subject = f"{event['release']['id']}/{event['number']}"
    data = {
        name: document[name]
        for name in ("number", "release", "outcome", "causes", "reasons", "quality", "fresh_rows", "labelled_rows", "trained_rows", "counts", "weight")
    }
    data["version"] = event["release"]["version"]

    def pages(state: str) -> bool:
        return state not in (*told_before, BELOW_BEST)

    messages = [
        put_named_entry("monitoring", SAID[state], event["model"], f"{subject}/{state}", cause, {**data, "cause": state, "page": pages(state)})
        for state in ORDER
        if state in results and state in SAID
    ]
    return [*messages, put_named_entry("monitoring", "MonitoringCompleted", event["model"], subject, cause, data)]
