"""Every command as a function for notebooks and programs: typed, returning values, printing nothing.

    from noria_client import Session, predict, publish, upload

    session = Session()
    publish(session, Path("models/churn"))
    result = upload(session, "churn", Path("churn.csv"), wait=True, progress=print)
    print(result.stages[-1].verdict)

A function has the name of its command; those of `noria quarantine` are in a module of that name.
What the user can mend raises `CliError` or `NoriaError`, whose message says what to do.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cli.base.errors import CliError, CredentialsError, NoStackError
from cli.base.event_log import events, newest
from cli.base.files import profile
from cli.base.ledger import read as record
from cli.base.records import Dataset
from cli.base.session import Session
from cli.data import progress as _progress
from cli.data import upload as _upload
from cli.data.contract import suggest
from cli.data.parts import Sending, Watch, unwatched
from cli.data.progress import Stage
from cli.fleet.leftovers import leftovers
from cli.fleet.models import models
from cli.fleet.retire import retire
from cli.fleet.stop import stop
from cli.healing.replay import replay
from cli.history.status import status
from cli.monitoring.check import check
from cli.monitoring.dashboard import put_dashboard as dashboard
from cli.monitoring.runs import last_run as drift
from cli.monitoring.runs import monitor
from cli.monitoring.truth import upload_truth as truth
from cli.project.publish import publish
from cli.project.scaffold import scaffold as init
from cli.release.approval import APPROVED, REJECTED, Decision, decide
from cli.release.releases import history as releases
from cli.release.releases import rollback
from cli.release.simulate import run as simulate
from cli.release.state import release_state as watch
from cli.runs.jobs import follow_logs as logs
from cli.serving.predict import predict, predict_file
from cli.serving.snippet import Language, snippet
from cli.training import requests as _requests
from noria.kernel.errors import NoriaError
from noria_client import quarantine

__all__ = [
    "CliError",
    "CredentialsError",
    "Dataset",
    "Decision",
    "Language",
    "NoStackError",
    "NoriaError",
    "Sending",
    "Session",
    "Stage",
    "TrainingRequest",
    "Upload",
    "approve",
    "check",
    "dashboard",
    "datasets",
    "drift",
    "events",
    "init",
    "leftovers",
    "logs",
    "models",
    "monitor",
    "newest",
    "predict",
    "predict_file",
    "profile",
    "publish",
    "quarantine",
    "record",
    "reject",
    "releases",
    "replay",
    "retire",
    "retrain",
    "rollback",
    "simulate",
    "snippet",
    "status",
    "stop",
    "suggest",
    "truth",
    "upload",
    "watch",
]
#: Is given each stage as it ends.
Progress = Callable[[Stage], None]
TIMEOUT_SECONDS = 3600.0


@dataclass(frozen=True)
class Upload:
    """An upload, and with `wait` the stages that followed it, up to the last."""

    sent: _upload.Upload
    stages: list[Stage] = field(default_factory=list)


@dataclass(frozen=True)
class TrainingRequest:
    """A requested run, and with `wait` its stages, up to the last."""

    request: _requests.TrainingRequest
    stages: list[Stage] = field(default_factory=list)


def upload(
    session: Session,
    model: str,
    file: Path,
    *,
    force: bool = False,
    wait: bool = False,
    timeout: float = TIMEOUT_SECONDS,
    progress: Progress | None = None,
    sending: Watch = unwatched,
) -> Upload:
    """Upload data; ingestion, training, evaluation and release follow.

    Args:
        wait: until a version serves or a stage rejects it, at most `timeout` seconds.
        sending: is given each step of a large file's way, of which an upload that broke off earlier is a part.

    Raises:
        CliError: the file cannot be sent, nobody has published the model, or with `wait` a machine failed or nothing came in time.
    """
    sent = _upload.upload(session, model, file, force, sending)
    return Upload(sent, _collected(_progress.follow(session, sent, timeout), progress) if wait else [])


def retrain(session: Session, model: str, *, wait: bool = False, timeout: float = TIMEOUT_SECONDS, progress: Progress | None = None) -> TrainingRequest:
    """Train the published spec again on the newest accepted dataset; arguments are those of `upload`.

    Raises:
        CliError: no dataset was accepted, the published contract refuses it, or with `wait` a machine failed or nothing came in time.
    """
    since = time.time()
    request = _requests.retrain(session, model)
    return TrainingRequest(request, _collected(_progress.follow_run(session, model, request.run, since, timeout), progress) if wait else [])


def approve(session: Session, version: str, comment: str, *, again: bool = False) -> Decision:
    """Approve a version that waits for a person: `churn/3` or its ARN; `again` for one that was taken back."""
    return decide(session, version, APPROVED, comment, again)


def reject(session: Session, version: str, comment: str) -> Decision:
    """Reject a version: `churn/3` or its ARN."""
    return decide(session, version, REJECTED, comment)


def datasets(session: Session, model: str) -> list[Dataset]:
    """Every dataset of a model, newest first."""
    return record(session, model).datasets


def _collected(stages: Iterable[Stage], progress: Progress | None) -> list[Stage]:
    collected = []
    for stage in stages:
        collected.append(stage)
        if progress:
            progress(stage)
    return collected
