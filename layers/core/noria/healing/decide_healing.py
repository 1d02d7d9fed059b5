"""Decides on an automatic retraining after a cause for concern: now, later, or only by a person."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from noria.healing import policy
from noria.healing.events import RetrainingDeferred, RetrainingEscalated
from noria.healing.record import first_document, put_document
from noria.kernel import lake, ledger
from noria.kernel.events import EventContext, put_events_entry
from noria.kernel.identity import digest
from noria.kernel.spec_defaults import with_defaults

if TYPE_CHECKING:
    from noria.healing.shapes import AssembleRequest, AttemptShape, DecideHealingInput, DecideHealingResult, HealingDocument
    from noria.kernel.json import Json
    from noria.kernel.ledger import Item
    from noria.kernel.published_spec import PublishedSpec

#: The cause of each event.
CAUSES = {"QualityDegraded": policy.QUALITY, "DriftDetected": policy.DRIFT}
#: The outcome of a retraining by the status of its run in the ledger.
OUTCOMES = {"registered": policy.IMPROVED, "rejected": policy.NO_IMPROVEMENT, "failed": policy.FAILED}
#: A run without a result counts as failed after so long (days).
LONGEST_DAYS = 2


def decide_healing(event: DecideHealingInput) -> DecideHealingResult:
    """Decide whether the model is retrained now."""
    spec: PublishedSpec = with_defaults(event["spec"])
    rule, heal = policy.Policy.of(spec["heal"]), event["heal"] or first_document()
    decision = policy.decide(rule, _state(event, spec, heal))
    outcome = decision.verdict.outcome
    dataset = digest(event["model"], "healing", event["event_id"])
    result: DecideHealingResult = {
        "outcome": outcome,
        "verdict": decision.verdict.to_json(),
        "dataset": dataset,
        "assemble": _assemble(event, rule, spec, dataset) if outcome == policy.RETRAIN else None,
        "transaction": None,
        "entry": None,
    }
    if outcome == policy.ESCALATE:
        is_first = heal["attempts_at_escalation"] != len(heal["attempts"])
        result["entry"] = _escalated(event, decision, is_first)
        result["transaction"] = _record_escalation(event, heal) if is_first else None
    elif outcome == policy.DEFER:
        result["entry"] = _deferred(event, decision)
    return result


def _state(event: DecideHealingInput, spec: PublishedSpec, heal: HealingDocument) -> policy.State:
    data, now, attempts = event["data"], datetime.fromisoformat(event["cause"]["time"]), heal["attempts"]
    return policy.State(
        now,
        (CAUSES[event["name"]],),
        _fresh_rows(event, spec, heal),
        data["trained_rows"],
        [_attempt(attempt, event["runs"], now) for attempt in attempts],
        releasing=event["releasing"],
        unchanged=bool(attempts) and attempts[-1]["labelled"] == data["labelled_rows"],
        weight=data["weight"],
        training_seconds=_billed_seconds(_run_item(event["run"], event["runs"])),
        requested_at=datetime.fromisoformat(event["requested_at"]) if event["requested_at"] else None,
    )


def _fresh_rows(event: DecideHealingInput, spec: PublishedSpec, heal: HealingDocument) -> int:
    """Labelled rows that are newer than the champion's dataset; without times, those since the last retraining."""
    data = event["data"]
    if spec["data"]["time"] or not heal["attempts"]:
        return int(data["fresh_rows"])
    return int(data["labelled_rows"] - heal["attempts"][-1]["labelled"])


def _attempt(attempt: AttemptShape, runs: list[Item], now: datetime) -> policy.Attempt:
    time, item = datetime.fromisoformat(attempt["time"]), _run_item(attempt["run"], runs)
    late = policy.RUNNING if (now - time).days < LONGEST_DAYS else policy.FAILED
    return policy.Attempt(time, OUTCOMES.get(ledger.text(item, "status"), late), _billed_seconds(item))


def _run_item(run: str, runs: list[Item]) -> Item:
    """The ledger's item of a run; empty where there is none."""
    return next((item for item in runs if item["sk"] == ledger.run("", run)["sk"]), {})


def _billed_seconds(item: Item) -> float:
    """Billed seconds of a run's training; 0 where they are unknown."""
    return float(ledger.document(item).get("train_seconds") or 0.0)


def _assemble(event: DecideHealingInput, rule: policy.Policy, spec: PublishedSpec, dataset: str) -> AssembleRequest:
    return {
        "bucket": event["bucket"],
        "model": event["model"],
        "dataset": dataset,
        "folder": lake.curated(event["model"], dataset),
        "base": event["dataset"],
        "state": event["state"],
        "recent_days": None if rule.data == "all" else rule.recent_days,
        "backtest": rule.data == "backtest",
        "spec": spec,
    }


def _deferred(event: DecideHealingInput, decision: policy.Decision) -> Json:
    until = decision.until.isoformat() if decision.until else None
    deferred = RetrainingDeferred(cause=CAUSES[event["name"]], until=until, reasons=decision.verdict.to_json()["reasons"])
    return put_events_entry(deferred, event["model"], event["event_id"], EventContext(**event["cause"]))


def _escalated(event: DecideHealingInput, decision: policy.Decision, page: bool) -> Json:
    escalated = RetrainingEscalated(cause=CAUSES[event["name"]], reasons=decision.verdict.to_json()["reasons"], page=page)
    return put_events_entry(escalated, event["model"], event["event_id"], EventContext(**event["cause"]))


def _record_escalation(event: DecideHealingInput, heal: HealingDocument) -> Json:
    return {"TransactItems": [put_document(event, {**heal, "attempts_at_escalation": len(heal["attempts"])})]}
