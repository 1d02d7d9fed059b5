"""Concludes a run: registered, rejected or failed, with the registration of its version, its item and its event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.kernel import ledger
from noria.kernel.events import EventContext, put_events_entry
from noria.kernel.spec_defaults import with_defaults
from noria.kernel.verdict import Verdict
from noria.training import failure, policy
from noria.training.events import ModelRegistered, ModelRejected, TrainingFailed
from noria.training.gates import gates_of
from noria.training.registration import registration

if TYPE_CHECKING:
    from noria.kernel.json import Json
    from noria.kernel.published_spec import PublishedSpec
    from noria.training.shapes import ConcludeRunInput, ConcludeRunResult, RunDocument

EVENTS = {policy.PASSED: ModelRegistered, policy.REJECTED: ModelRejected, policy.FAILED: TrainingFailed}


def conclude_run(event: ConcludeRunInput) -> ConcludeRunResult:
    """Conclude one run. The event lacks the version's ARN, which the registry assigns and the state machine fills in."""
    spec: PublishedSpec = with_defaults(event["spec"])
    verdict = _verdict(event, spec)
    document = _document(event, spec, verdict)
    published = EVENTS[verdict.outcome](**document)
    return {
        "outcome": verdict.outcome,
        "verdict": verdict.to_json(),
        "registration": registration(event, spec) if verdict.outcome == policy.PASSED else None,
        "record": _record(event, verdict, document),
        "entry": put_events_entry(published, event["model"], event["run"], EventContext(**event["cause"])),
    }


def _verdict(event: ConcludeRunInput, spec: PublishedSpec) -> Verdict:
    evaluation = event["evaluation"]
    if event["failure"] or evaluation is None:
        return Verdict(policy.FAILED, (failure.reason_of(event["failure"]),))
    return policy.judge(evaluation, gates_of(spec["evaluate"]))


def _document(event: ConcludeRunInput, spec: PublishedSpec, verdict: Verdict) -> RunDocument:
    evaluation = event["evaluation"]
    return {
        "run": event["run"],
        "dataset": event["dataset"],
        "spec": spec["id"],
        "metrics": evaluation["candidate"] if evaluation else None,
        "champion": evaluation["champion"] if evaluation else None,
        "rows": evaluation["rows"] if evaluation else None,
        "quality_baseline": evaluation["quality_baseline"] if evaluation else None,
        "train_seconds": event.get("train_seconds") or failure.billed_seconds(event["failure"]),
        "failed_at": failure.stage_of(event["failure"], event["failed_at"]),
        "reasons": verdict.to_json()["reasons"],
    }


def _record(event: ConcludeRunInput, verdict: Verdict, document: RunDocument) -> Json:
    """`UpdateItem` of the run. The importance has an attribute of its own: it grows with the columns, and most readers skip it."""
    evaluation = event["evaluation"]
    return {
        "TableName": event["ledger"],
        "Key": ledger.run(event["model"], event["run"]),
        "UpdateExpression": "SET #status = :status, #document = :document, ended = :time, importance = :importance",
        "ExpressionAttributeNames": {"#status": "status", "#document": "document"},
        "ExpressionAttributeValues": {
            ":status": ledger.attribute(verdict.outcome),
            ":document": ledger.attribute(document),
            ":time": ledger.attribute(event["cause"]["time"]),
            ":importance": ledger.attribute(evaluation["importance"] if evaluation else None),
        },
    }
