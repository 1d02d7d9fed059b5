"""What runs for a model at this moment: ingestions and runs, with their stage, their job and its last log line."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli.base import ledger
from cli.base.durations import duration
from cli.base.event_log import model_of
from cli.base.ledger import ModelRecord
from cli.base.records import Dataset
from cli.base.session import Session
from cli.runs.jobs import Job, jobs_of, last_line
from noria.kernel.identity import run_id

if TYPE_CHECKING:
    from types_boto3_stepfunctions.type_defs import ExecutionListItemTypeDef

#: The stages of a run by the states of its machine, in order.
STAGES = {"Preprocess": "preprocess", "Train model": "train", "Evaluate candidate": "evaluate", "Register version": "register"}
#: Executions of ingestion that are looked at: an upload is ingested in seconds.
MOST_INGESTIONS = 20
EVENTS_READ = 50
#: Runs that a status looks at: of a burst of a hundred it would ask for minutes.
MOST_RUNS = 8


@dataclass(frozen=True)
class Activity:
    """One ingestion or run under way.

    Attributes:
        kind: `ingest` or `run`.
        id: of the run; of an ingestion, the name of its execution.
        file: the key of the upload.
        stage: `ingest`, or the stage of the run, which is the `number`-th of `of`.
        began, since: when the execution and when the stage began, ISO 8601.
        jobs: the SageMaker jobs of the stage that are under way.
        last_line: the newest line of their log.
    """

    kind: str
    id: str
    file: str | None
    stage: str
    number: int
    of: int
    began: str
    since: str
    jobs: list[str]
    last_line: str | None


def activities(session: Session, record: ModelRecord, most: int | None = None) -> list[Activity]:
    """The ingestions and runs of a model that are under way, oldest first.

    Args:
        most: of its runs that have not ended so many are looked at, the newest ones; each takes several calls.
    """
    running = [*_ingestions(session, record.model), *_runs(session, record, most)]
    return sorted(running, key=lambda activity: activity.began)


def _ingestions(session: Session, model: str) -> list[Activity]:
    page = session.stepfunctions.list_executions(stateMachineArn=session.machine("ingest"), statusFilter="RUNNING", maxResults=MOST_INGESTIONS)
    return [activity for execution in page["executions"] if (activity := _ingestion(session, model, execution))]


def _ingestion(session: Session, model: str, execution: "ExecutionListItemTypeDef") -> Activity | None:
    described = session.stepfunctions.describe_execution(executionArn=execution["executionArn"])
    text = described.get("input", "{}")
    if model_of(text) != model or described["status"] != "RUNNING":
        return None
    began = described["startDate"].astimezone(UTC).isoformat()
    return Activity("ingest", described.get("name", ""), json.loads(text)["detail"]["object"]["key"], "ingest", 1, 1, began, began, [], None)


def _runs(session: Session, record: ModelRecord, most: int | None) -> list[Activity]:
    model = record.model
    ended = {run["run"] for run in record.runs}
    newest = sorted(record.datasets, key=lambda dataset: dataset["time"], reverse=True)
    claims = [(dataset, run_of(session, model, dataset["dataset"], event)) for dataset in newest for event in dataset["claims"]]
    unended = [(dataset, run) for dataset, run in claims if run not in ended]
    return [activity for dataset, run in unended[:most] if (activity := _run(session, model, dataset, run))]


def _run(session: Session, model: str, dataset: Dataset, run: str) -> Activity | None:
    execution = dataset["claimed_by"] or ""
    try:
        described = session.stepfunctions.describe_execution(executionArn=execution)
    except ClientError as error:
        # Step Functions forgets an execution after ninety days.
        if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
            raise
        return None
    if described["status"] != "RUNNING":
        return None
    stage, since = _stage(session, execution, described["startDate"])
    jobs = [job for job in jobs_of(session, f"{session.prefix}-{model}-{run}") if job.under_way]
    number = list(STAGES.values()).index(stage) + 1
    began, file = described["startDate"].astimezone(UTC).isoformat(), dataset["source"].get("key")
    return Activity("run", run, file, stage, number, len(STAGES), began, since, [job.name for job in jobs], _last_line(session, jobs))


def _last_line(session: Session, jobs: list[Job]) -> str | None:
    return next((line for job in reversed(jobs) if (line := last_line(session, job))), None)


def _stage(session: Session, execution: str, began: datetime) -> tuple[str, str]:
    """The stage of a run and when it began."""
    history = session.stepfunctions.get_execution_history(executionArn=execution, reverseOrder=True, maxResults=EVENTS_READ)
    for event in history["events"]:
        name = event.get("stateEnteredEventDetails", {}).get("name")
        if name in STAGES:
            return STAGES[name], event["timestamp"].astimezone(UTC).isoformat()
    return next(iter(STAGES.values())), began.astimezone(UTC).isoformat()


def run_of(session: Session, model: str, dataset: str, event: str) -> str:
    """The id of the run that an event starts on a dataset of this stack."""
    return run_id(model, dataset, event, session.outputs["LakeBucket"])


def line(session: Session, model: str) -> str | None:
    """A line on the newest ingestion or run under way, or nothing."""
    running = activities(session, ledger.read(session, model), 1)
    if not running:
        return None
    newest = running[-1]
    jobs = f"; {', '.join(newest.jobs)}" if newest.jobs else ""
    return f"{newest.stage} ({newest.number} of {newest.of}) for {spent(newest.since)}{jobs}" + (f": {newest.last_line}" if newest.last_line else "")


def spent(since: str) -> str:
    """The time since a moment, as a person says it."""
    return duration((datetime.now(UTC) - datetime.fromisoformat(since)).total_seconds())
