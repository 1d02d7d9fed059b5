"""A healing: from the news that a model got worse to the request of a training."""

import json
from datetime import datetime

from noria.healing import policy
from noria.kernel.events import EventContext, put_named_entry
from noria.kernel.identity import digest, event_id
from noria.kernel.json import Json
from noria.kernel.spec_defaults import with_defaults
from noria.kernel.verdict import Reason, Verdict

#: What events are causes of.
CAUSES = {"QualityDegraded": "quality", "DriftDetected": policy.DRIFT}
#: A run's status in the ledger, as a healing's outcome.
OUTCOMES = {"registered": policy.IMPROVED, "rejected": policy.NO_IMPROVEMENT, "failed": policy.FAILED}
#: The ledger's document before the first healing.
NONE_YET: Json = {"attempts": [], "told": None}
#: Healings that are remembered.
MOST_ATTEMPTS = 50
#: A training that has told nothing for so long (days) is not waited for any more.
LONGEST_DAYS = 2


def decide_healing(event: Json) -> Json:
    """Decide whether a model is trained again.

    Args:
        event: `{model, name, data, event_id, spec, heal, answered, runs, run, releasing, dataset, state, bucket, ledger, cause}`: `name` and
            `data` are the event's; `spec` is the published document, `heal` the ledger's document of earlier healings, or null,
            `runs` the ledger's items of their runs, `answered` when a person last asked for a training, or null; `run` and
            `dataset` are those of the serving version, `state` what the last look has left.

    Returns:
        `{outcome, verdict, dataset, assemble, transaction, entry}`: `assemble` is what the function that puts the rows together is
        given; `entry` is `RetrainingDeferred` or `RetrainingEscalated`, with the `transaction` that goes before it; each may be null.
    """
    spec, cause, data = with_defaults(event["spec"]), EventContext(**event["cause"]), event["data"]
    rule, now = policy.Policy.of(spec["heal"]), datetime.fromisoformat(cause.time)
    heal = event["heal"] or NONE_YET
    attempts = [
        policy.Attempt(datetime.fromisoformat(attempt["time"]), _outcome(attempt, event["runs"], now), _seconds(attempt["run"], event["runs"]))
        for attempt in heal["attempts"]
    ]
    state = policy.State(
        now,
        (CAUSES[event["name"]],),
        _fresh(data, spec, heal),
        data.get("trained_rows", 0),
        attempts,
        releasing=event["releasing"],
        unchanged=bool(heal["attempts"]) and heal["attempts"][-1]["labelled"] == data["labelled_rows"],
        weight=data.get("weight"),
        training_seconds=_seconds(event.get("run", ""), event["runs"]),
        answered=datetime.fromisoformat(event["answered"]) if event["answered"] else None,
    )
    decision = policy.decide(rule, state)
    verdict = decision.verdict
    dataset = digest(event["model"], "healing", event["event_id"])
    report = {"cause": CAUSES[event["name"]], "until": decision.until.isoformat() if decision.until else None, "reasons": verdict.to_json()["reasons"]}
    answer: Json = {"outcome": verdict.outcome, "verdict": verdict.to_json(), "dataset": dataset, "assemble": None, "transaction": None, "entry": None}
    if verdict.outcome == policy.RETRAIN:
        answer["assemble"] = _assemble(event, rule, spec, dataset)
    elif verdict.outcome != policy.IGNORE:
        name = "RetrainingEscalated" if verdict.outcome == policy.ASK else "RetrainingDeferred"
        first = verdict.outcome == policy.ASK and heal["told"] != len(attempts)
        answer["entry"] = put_named_entry("healing", name, event["model"], event["event_id"], cause, {**report, "page": first})
        answer["transaction"] = {"TransactItems": [_heal(event, {**heal, "told": len(attempts)}, cause)]} if first else None
    return answer


def _fresh(data: Json, spec: Json, heal: Json) -> int:
    """Labelled rows that are newer than what serves; without times, those since the last healing."""
    if spec["data"]["time"] or not heal["attempts"]:
        return int(data["fresh_rows"])
    return int(data["labelled_rows"] - heal["attempts"][-1]["labelled"])


def _outcome(attempt: Json, runs: list[Json], now: datetime) -> str:
    item = next((run for run in runs if run["sk"]["S"] == f"RUN#{attempt['run']}"), None)
    if item is not None and (status := item.get("status", {}).get("S")) in OUTCOMES:
        return OUTCOMES[status]
    age = now - datetime.fromisoformat(attempt["time"])
    return policy.RUNNING if age.days < LONGEST_DAYS else policy.FAILED


def _seconds(run: str, runs: list[Json]) -> float:
    """What a run's training was billed for, as far as the ledger has it."""
    item = next((entry for entry in runs if entry["sk"]["S"] == f"RUN#{run}"), {})
    return float(json.loads(item.get("document", {}).get("S", "{}")).get("train_seconds") or 0.0)


def _assemble(event: Json, rule: policy.Policy, spec: Json, dataset: str) -> Json:
    return {
        "bucket": event["bucket"],
        "model": event["model"],
        "dataset": dataset,
        "folder": f"curated/{event['model']}/{dataset}/",
        "base": event["dataset"],
        "state": event["state"],
        "recent_days": None if rule.data == "all" else rule.recent_days,
        "backtest": rule.data == "backtest",
        "spec": spec,
    }


def _heal(event: Json, document: Json, cause: EventContext) -> Json:
    """The healings so far in the ledger; a document that another execution has changed meanwhile is not overwritten."""
    before = event["heal"]
    put = {
        "TableName": event["ledger"],
        "Item": {"pk": {"S": f"MODEL#{event['model']}"}, "sk": {"S": "HEAL"}, "time": {"S": cause.time}, "document": {"S": json.dumps(document)}},
    }
    if event.get("answered"):
        put["Item"]["answered"] = {"S": event["answered"]}
    if before is None:
        return {"Put": {**put, "ConditionExpression": "attribute_not_exists(#document)", "ExpressionAttributeNames": {"#document": "document"}}}
    values = {":before": {"S": json.dumps(before)}}
    return {
        "Put": {
            **put,
            "ConditionExpression": "#document = :before",
            "ExpressionAttributeNames": {"#document": "document"},
            "ExpressionAttributeValues": values,
        }
    }


def announce_healing(event: Json) -> Json:
    """What makes a healing's dataset a dataset, and its training a training.

    Args:
        event: `{model, dataset, assembled, labelled, spec, heal, answered, verdict, bucket, ledger, cause}`; `assembled` is what
            `assemble_dataset` returned.

    Returns:
        `{outcome, assemble: null, transaction, entry}`: `TransactWriteItems` of the dataset and the healing, and the entry of
        `TrainingRequested`; of rows that make no dataset, nothing but `RetrainingDeferred`.
    """
    spec, cause, result, model = with_defaults(event["spec"]), EventContext(**event["cause"]), event["assembled"], event["model"]
    if reason := _unfit(result, spec):
        report = {"cause": None, "until": None, "reasons": Verdict(policy.DEFER, (reason,)).to_json()["reasons"], "page": False}
        deferred = put_named_entry("healing", "RetrainingDeferred", model, event["dataset"], cause, report)
        return {"outcome": policy.DEFER, "assemble": None, "transaction": None, "entry": deferred}
    subject = f"{model}/{event['dataset']}"
    run = digest(model, event["dataset"], event_id("TrainingRequested", subject))
    heal = event["heal"] or NONE_YET
    attempt = {"time": cause.time, "run": run, "dataset": event["dataset"], "labelled": event["labelled"], "reasons": event["verdict"]["reasons"]}
    data = {
        "dataset": event["dataset"],
        "bucket": event["bucket"],
        "location": f"curated/{model}/{event['dataset']}/data.csv",
        "source": {"healing": cause.causation_id, "base": result["base"], "since": result["since"], "backtest": result["backtest"]},
        "spec": spec["id"],
        "train": True,
        "digest": result["digest"],
        "rows": result["rows"],
        "set_aside": result["set_aside"],
        "reasons": event["verdict"]["reasons"],
    }
    key = {"pk": {"S": f"MODEL#{model}"}}
    dataset = {**key, "sk": {"S": f"DATASET#{event['dataset']}"}, "status": {"S": "accepted"}, "time": {"S": cause.time}}
    dataset |= {"document": {"S": json.dumps(data)}, "spec": {"S": json.dumps(spec)}}
    retained = {"attempts": [*heal["attempts"], attempt][-MOST_ATTEMPTS:], "told": None}
    return {
        "outcome": policy.RETRAIN,
        "assemble": None,
        "transaction": {
            "TransactItems": [
                {"Put": {"TableName": event["ledger"], "Item": dataset, "ConditionExpression": "attribute_not_exists(claims)"}},
                _heal(event, retained, cause),
            ]
        },
        "entry": put_named_entry("training", "TrainingRequested", model, subject, cause, data),
    }


def _unfit(result: Json, spec: Json) -> Reason | None:
    """Why rows that were put together are no dataset."""
    if result["missing"]:
        text = f"the spec asks for {', '.join(result['missing'])}, which what serves was not trained on: upload a dataset that has it"
        return Reason("SchemaChanged", text, None, result["missing"])
    if result["rows"] < spec["data"]["min_rows"]:
        return Reason(
            "TooFewRows",
            f"{result['rows']:,} good rows came together, data.min_rows asks {spec['data']['min_rows']:,}",
            result["rows"],
            spec["data"]["min_rows"],
        )
    return None
