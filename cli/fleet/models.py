"""Every published model at a glance: its state, its champion, its last run, its quality, and the hours of instances that it has used."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from cli.base import ledger
from cli.base.ledger import ModelRecord
from cli.base.session import Session
from noria.monitoring.causes import BELOW_BEST, DEGRADED, DRIFT, INCIDENT

#: Models that are read at once.
PARALLEL = 16
SECONDS_PER_HOUR = 3600.0
#: The states of a model, the most pressing one first.
STATES = ("releasing", "approval", "degraded", "incident", "drift", "failed", "serves", "trained", "waits", "published")


@dataclass(frozen=True)
class ModelSummary:
    """A model in the list.

    Attributes:
        state: `releasing`, `approval` (waits for a person), `degraded`, `incident`, `drift`, `failed` (its last run), `serves`, `trained` (no
            version serves), `waits` (for its first run) or `published` (no data yet).
        champion: the ARN of the version that serves, and since when.
        last_run: status and time of the newest run.
        quality: the metric of the last monitoring run, and its value.
        training_hours, serving_hours: of instances; serving since the endpoint of today was created.
    """

    model: str
    state: str
    champion: str | None
    since: str | None
    last_run: str | None
    last_run_at: str | None
    metric: str | None
    quality: float | None
    training_hours: float
    serving_hours: float


def models(session: Session, states: Iterable[str] = (), name: str = "") -> list[ModelSummary]:
    """Every published model, those in the most pressing state first.

    Args:
        states: only models in one of these states.
        name: only models whose name contains this.
    """
    names = [model for model in ledger.published_models(session) if name in model]
    created = _endpoints(session) if names else {}
    # The clients are made before threads share them.
    assert session.dynamodb
    with ThreadPoolExecutor(PARALLEL) as pool:
        records = list(pool.map(lambda model: ledger.read(session, model), names))
    summaries = [_summary(record, created.get(session.endpoint(record.model))) for record in records]
    chosen = [summary for summary in summaries if not states or summary.state in states]
    return sorted(chosen, key=lambda summary: (STATES.index(summary.state), summary.model))


def _endpoints(session: Session) -> dict[str, datetime]:
    """When each endpoint of the stack was created."""
    pages = session.sagemaker.get_paginator("list_endpoints").paginate(NameContains=session.prefix)
    return {endpoint["EndpointName"]: endpoint["CreationTime"] for page in pages for endpoint in page["Endpoints"]}


def _summary(record: ModelRecord, created: datetime | None) -> ModelSummary:
    run = record.runs[0] if record.runs else None
    quality = record.monitoring["quality"] if record.monitoring else None
    trained = sum(entry.get("train_seconds") or 0.0 for entry in record.runs)
    served = (datetime.now(UTC) - created).total_seconds() if created and record.champion else 0.0
    return ModelSummary(
        record.model,
        _state(record),
        record.champion["model_package_arn"] if record.champion else None,
        record.champion["time"] if record.champion else None,
        run["status"] if run else None,
        run["time"] if run else None,
        quality["metric"] if quality else None,
        quality["value"] if quality else None,
        round(trained / SECONDS_PER_HOUR, 2),
        round(served / SECONDS_PER_HOUR, 1),
    )


def _state(record: ModelRecord) -> str:
    if record.lock:
        return "releasing"
    if record.pending_approvals:
        return "approval"
    causes = set(record.monitoring["causes"]) if record.monitoring and record.champion else set[str]()
    for state, kinds in (("degraded", {DEGRADED, BELOW_BEST}), ("incident", {INCIDENT}), ("drift", {DRIFT})):
        if causes & kinds:
            return state
    if record.runs and record.runs[0]["status"] == "failed":
        return "failed"
    if record.champion:
        return "serves"
    return "trained" if record.runs else "waits" if record.datasets else "published"
