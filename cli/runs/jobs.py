"""The SageMaker jobs of a run: their state, their logs, and how they are stopped."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from cli.base.errors import CliError
from cli.base.session import Session

UNDER_WAY = ("InProgress", "Stopping")
#: Kinds of jobs in the order of a run's stages.
KINDS = ("processing", "training", "transform")


@dataclass(frozen=True)
class Job:
    """One job; `status` is SageMaker's."""

    kind: str
    name: str
    status: str

    @property
    def under_way(self) -> bool:
        return self.status in UNDER_WAY

    @property
    def log_group(self) -> str:
        return f"/aws/sagemaker/{self.kind.capitalize()}Jobs"


def jobs_of(session: Session, name: str) -> list[Job]:
    """The jobs of a run in the order of its stages; `name` is the run's id, which the name of each of them contains."""
    client: Any = session.sagemaker
    jobs = []
    for kind in KINDS:
        noun = kind.capitalize()
        pages = client.get_paginator(f"list_{kind}_jobs").paginate(NameContains=name, SortBy="CreationTime", SortOrder="Ascending")
        jobs += [Job(kind, summary[f"{noun}JobName"], summary[f"{noun}JobStatus"]) for page in pages for summary in page[f"{noun}JobSummaries"]]
    return jobs


def stop(session: Session, job: Job) -> None:
    """Stop one job; the machine that waits for it concludes its run."""
    getattr(session.sagemaker, f"stop_{job.kind}_job")(**{f"{job.kind.capitalize()}JobName": job.name})


def last_line(session: Session, job: Job) -> str | None:
    """The newest line of a job's log; nothing while there is none."""
    newest: list[Any] = []
    for stream in _streams(session, job):
        newest += session.logs.get_log_events(logGroupName=job.log_group, logStreamName=stream, limit=1)["events"]
    return max(((event["timestamp"], event["message"]) for event in newest), default=(0, None))[1]


def follow_logs(session: Session, run: str, follow: bool, show: Callable[[str, str], None]) -> None:
    """Show the log of a run's jobs, oldest line first.

    Args:
        follow: go on while a job of the run is under way.
        show: is given the name of a job and a line of its log.

    Raises:
        CliError: no job belongs to the run.
    """
    tokens: dict[str, str] = {}
    while True:
        jobs = jobs_of(session, run)
        if not jobs:
            raise CliError(f"SageMaker has no job of a run {run}; noria status MODEL shows the runs of a model")
        for _, name, line in sorted(line for job in jobs for line in _new_lines(session, job, tokens)):
            show(name, line)
        if not follow or not any(job.under_way for job in jobs):
            return
        time.sleep(session.poll_seconds)


def _new_lines(session: Session, job: Job, tokens: dict[str, str]) -> list[tuple[int, str, str]]:
    """Time, job and text of the lines that were not read before; `tokens` has the place in each stream."""
    events: list[Any] = []
    for stream in _streams(session, job):
        while True:
            place: Any = {"nextToken": tokens[stream]} if stream in tokens else {}
            page = session.logs.get_log_events(logGroupName=job.log_group, logStreamName=stream, startFromHead=True, **place)
            events += page["events"]
            unchanged = tokens.get(stream) == page["nextForwardToken"]
            tokens[stream] = page["nextForwardToken"]
            if unchanged or not page["events"]:
                break
    return [(event["timestamp"], job.name, event["message"]) for event in events]


def _streams(session: Session, job: Job) -> list[str]:
    """The log streams of a job: one a host and container."""
    try:
        streams = session.logs.describe_log_streams(logGroupName=job.log_group, logStreamNamePrefix=f"{job.name}/")["logStreams"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return []
    return [stream["logStreamName"] for stream in streams]
