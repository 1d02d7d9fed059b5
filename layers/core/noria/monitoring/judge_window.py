"""Judges one monitoring run: the verdict, its record in the ledger, its metrics and its events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.kernel import ledger
from noria.kernel.events import EventContext, put_events_entry
from noria.kernel.spec_defaults import with_defaults
from noria.kernel.verdict import Reason, Verdict
from noria.monitoring import policy
from noria.monitoring.causes import BELOW_BEST, BY_SEVERITY, CONTRACT, DEGRADED, DRIFT, INCIDENT, NO_TRAFFIC, NO_TRUTH, OK, UNDECIDED
from noria.monitoring.events import DataIncident, DriftDetected, MonitoringCompleted, MonitoringDataMissing, QualityDegraded
from noria.training import quality

if TYPE_CHECKING:
    from noria.kernel.json import Json
    from noria.kernel.published_spec import PublishedSpec
    from noria.monitoring.shapes import (
        DriftSummary,
        JudgeWindowInput,
        JudgeWindowResult,
        MonitoringDocument,
        MonitoringFacts,
        OutcomeCounts,
        SeriesPoint,
        WeightedDrift,
    )
    from noria.training.shapes import QualityBaselineShape

#: The event of each cause.
EVENTS = {
    DEGRADED: QualityDegraded,
    BELOW_BEST: QualityDegraded,
    DRIFT: DriftDetected,
    INCIDENT: DataIncident,
    CONTRACT: DataIncident,
    NO_TRAFFIC: MonitoringDataMissing,
    NO_TRUTH: MonitoringDataMissing,
}
#: Points of the series of the metric, at most.
MOST_PERIODS = 120
#: Reasons and columns that a document holds, at most.
MOST_REASONS, MOST_COLUMNS = 20, 20
NAMESPACE = "Noria/Models"


def judge_window(event: JudgeWindowInput) -> JudgeWindowResult:
    """Judge one monitoring run."""
    spec: PublishedSpec = with_defaults(event["spec"])
    assessment = policy.assess(event, spec)
    verdict = _verdict(assessment)
    document = _document(event, assessment, verdict)
    return {
        "outcome": verdict.outcome,
        "verdict": verdict.to_json(),
        "record": _record(event, document),
        "metrics": _metrics(event["model"], document),
        "entries": _entries(event, document),
    }


def _verdict(assessment: policy.Assessment) -> Verdict:
    """The worst cause, with no more reasons than a person reads."""
    more = len(assessment.reasons) - MOST_REASONS
    reasons = [*assessment.reasons[:MOST_REASONS], *([Reason("MoreReasons", f"and {more} more", more, 0)] if more > 0 else [])]
    quiet = UNDECIDED if assessment.undecided else OK
    return Verdict(next((cause for cause in BY_SEVERITY if cause in assessment.causes), quiet), tuple(reasons))


def _document(event: JudgeWindowInput, assessment: policy.Assessment, verdict: Verdict) -> MonitoringDocument:
    window = event["window"]
    return {
        "number": event["number"],
        "release": event["release"]["id"],
        "outcome": verdict.outcome,
        "causes": sorted(assessment.causes),
        "reported": sorted({*_reported(event), *assessment.causes}),
        "reasons": verdict.to_json()["reasons"],
        "quality": assessment.quality,
        "quality_baseline": event["quality_baseline"],
        "best_limit": assessment.best_limit,
        "series": series(event["quality_baseline"], window["days"]),
        "drift": _summary(assessment.drift),
        "weight": assessment.drift["weight"] if assessment.drift else None,
        "state": window["state"],
        "counts": window["counts"],
        "fresh_rows": window["fresh_rows"],
        "labelled_rows": window["labelled_rows"],
        "trained_rows": window["trained_rows"],
        "last_prediction": window["last_prediction"],
        "last_truth": window["last_truth"],
    }


def _reported(event: JudgeWindowInput) -> list[str]:
    """The causes that earlier runs have published since the release."""
    previous = event["previous"] or {}
    return previous.get("reported", []) if previous.get("release") == event["release"]["id"] else []


def _summary(drift: WeightedDrift | None) -> DriftSummary | None:
    """A verdict on drift with the columns that moved most."""
    if drift is None:
        return None
    columns = sorted(drift["columns"].items(), key=lambda item: -item[1]["effect"] / item[1]["limit"])
    return {**drift, "columns": dict(columns[:MOST_COLUMNS]), "reasons": drift["reasons"][:MOST_REASONS], "watched": len(columns)}


def series(baseline: QualityBaselineShape | None, days: OutcomeCounts) -> list[SeriesPoint]:
    """The metric by day, or by as many days as keep the series short."""
    if baseline is None:
        return []
    ordered = sorted(days.items())
    size = max(1, -(-len(ordered) // MOST_PERIODS))
    return [_point(baseline, ordered[begin : begin + size]) for begin in range(0, len(ordered), size)]


def _point(baseline: QualityBaselineShape, days: list[tuple[str, dict[str, float]]]) -> SeriesPoint:
    counts = quality.merge_counts(dict(days))
    return {"from": days[0][0], "value": quality.value(baseline["metric"], counts, baseline["cap"]), "rows": sum(counts.values())}


def _record(event: JudgeWindowInput, document: MonitoringDocument) -> Json:
    """`PutItem` of the run; a run that another one has overtaken changes nothing."""
    facts = {"number": event["number"], "started_at": event["started_at"], "state": document["state"], "time": event["cause"]["time"]}
    return {
        "TableName": event["ledger"],
        "Item": ledger.item(ledger.monitoring(event["model"]), **facts, document=document),
        "ConditionExpression": "attribute_not_exists(pk) OR #number = :before OR #state = :mine",
        "ExpressionAttributeNames": {"#number": "number", "#state": "state"},
        "ExpressionAttributeValues": {":before": ledger.attribute(event["number"] - 1), ":mine": ledger.attribute(document["state"])},
    }


def _metrics(model: str, document: MonitoringDocument) -> Json:
    """`PutMetricData` for dashboards and alarms."""
    drift, points = document["drift"], document["series"]
    values: dict[str, float] = {
        "Causes": len(document["causes"]),
        "NewPredictions": document["counts"]["predictions"],
        "NewTruth": document["counts"]["labelled"],
        "DriftedColumns": sum(column["drifted"] for column in drift["columns"].values()) if drift else 0,
    }
    if drift and (estimate := drift["estimate"]):
        values["EstimatedQuality"] = estimate["value"]
    if points and (latest := points[-1]["value"]) is not None:
        values["Quality"] = latest
    dimensions = [{"Name": "Model", "Value": model}]
    return {"Namespace": NAMESPACE, "MetricData": [{"MetricName": name, "Dimensions": dimensions, "Value": float(value)} for name, value in values.items()]}


def _entries(event: JudgeWindowInput, document: MonitoringDocument) -> list[Json]:
    """An event for each cause, and one for the end of the run; a cause pages in the first run of a release that shows it."""
    subject, context = f"{event['release']['id']}/{event['number']}", EventContext(**event["cause"])
    facts, silent = _facts(event, document), {*_reported(event), BELOW_BEST}
    entries = []
    for cause in BY_SEVERITY:
        if cause in document["causes"] and cause in EVENTS:
            published = EVENTS[cause](**facts, cause=cause, page=cause not in silent)
            entries.append(put_events_entry(published, event["model"], f"{subject}/{cause}", context))
    return [*entries, put_events_entry(MonitoringCompleted(**facts), event["model"], subject, context)]


def _facts(event: JudgeWindowInput, document: MonitoringDocument) -> MonitoringFacts:
    """The fields that all events of a monitoring run share."""
    return {
        "number": document["number"],
        "release": document["release"],
        "model_package_arn": event["release"]["model_package_arn"],
        "outcome": document["outcome"],
        "causes": document["causes"],
        "reasons": document["reasons"],
        "quality": document["quality"],
        "fresh_rows": document["fresh_rows"],
        "labelled_rows": document["labelled_rows"],
        "trained_rows": document["trained_rows"],
        "counts": document["counts"],
        "weight": document["weight"],
    }
