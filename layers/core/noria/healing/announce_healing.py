"""Records the dataset of an automatic retraining, and requests its run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.healing import policy
from noria.healing.events import RetrainingDeferred
from noria.healing.record import first_document, put_document
from noria.kernel import lake, ledger
from noria.kernel.events import EventContext, put_events_entry
from noria.kernel.identity import event_id, run_id
from noria.kernel.spec_defaults import with_defaults
from noria.kernel.verdict import Reason
from noria.training.events import TrainingRequested

if TYPE_CHECKING:
    from noria.healing.shapes import AnnounceHealingInput, AssembledDataset, AttemptShape, HealingDocument, RetrainingPlan
    from noria.kernel.json import Json
    from noria.kernel.published_spec import PublishedSpec

#: Automatic retrainings that the ledger holds of a model.
MOST_ATTEMPTS = 50


def announce_healing(event: AnnounceHealingInput) -> RetrainingPlan:
    """Request the run, or defer the retraining where the rows make no dataset."""
    spec: PublishedSpec = with_defaults(event["spec"])
    context = EventContext(**event["cause"])
    if unfit := _unfit(event["assembled"], spec):
        deferred = RetrainingDeferred(cause=None, until=None, reasons=[unfit.to_json()])
        entry = put_events_entry(deferred, event["model"], event["dataset"], context)
        return {"outcome": policy.DEFER, "assemble": None, "transaction": None, "entry": entry}
    requested, subject = _training_request(event, spec), f"{event['model']}/{event['dataset']}"
    run = run_id(event["model"], event["dataset"], event_id(TrainingRequested.__name__, subject), event["bucket"])
    items = [_put_dataset(event, spec, requested), put_document(event, _next_document(event, run))]
    entry = put_events_entry(requested, event["model"], subject, context)
    return {"outcome": policy.RETRAIN, "assemble": None, "transaction": {"TransactItems": items}, "entry": entry}


def _training_request(event: AnnounceHealingInput, spec: PublishedSpec) -> TrainingRequested:
    assembled = event["assembled"]
    return TrainingRequested(
        dataset=event["dataset"],
        bucket=event["bucket"],
        location=lake.curated(event["model"], event["dataset"]) + lake.DATA,
        verdict=None,
        source={
            "healing": event["cause"]["causation_id"],
            "base": assembled["base"],
            "since": assembled["since"],
            "backtest": assembled["backtest"],
        },
        spec=spec["id"],
        train=True,
        digest=assembled["digest"],
        rows=assembled["rows"],
        set_aside=assembled["set_aside"],
        reasons=event["verdict"]["reasons"],
    )


def _put_dataset(event: AnnounceHealingInput, spec: PublishedSpec, requested: TrainingRequested) -> Json:
    """A `Put` of the dataset, until a run has taken it."""
    key = ledger.dataset(event["model"], event["dataset"])
    item = ledger.item(key, status="accepted", time=event["cause"]["time"], document=requested.to_json(), spec=spec)
    return {"Put": {"TableName": event["ledger"], "Item": item, "ConditionExpression": "attribute_not_exists(claims)"}}


def _next_document(event: AnnounceHealingInput, run: str) -> HealingDocument:
    """The automatic retrainings with this one."""
    attempt: AttemptShape = {
        "time": event["cause"]["time"],
        "run": run,
        "dataset": event["dataset"],
        "labelled": event["labelled"],
        "reasons": event["verdict"]["reasons"],
    }
    earlier = (event["heal"] or first_document())["attempts"]
    return {"attempts": [*earlier, attempt][-MOST_ATTEMPTS:], "attempts_at_escalation": None}


def _unfit(assembled: AssembledDataset, spec: PublishedSpec) -> Reason | None:
    """Why the assembled rows make no dataset."""
    if missing := assembled["missing"]:
        text = f"the spec asks for {', '.join(missing)}, which what serves was not trained on: upload a dataset that has it"
        return Reason("SchemaChanged", text, None, missing)
    rows, needed = assembled["rows"], spec["data"]["min_rows"]
    if rows < needed:
        return Reason("TooFewRows", f"{rows:,} good rows came together, data.min_rows asks {needed:,}", rows, needed)
    return None
