"""Ends what runs: the jobs of a run, or a release under way. Its state machine concludes it, so it ends on record."""

from dataclasses import dataclass

from cli.base import ledger
from cli.base.errors import CliError
from cli.base.session import Session
from cli.release.releases import rollback
from cli.runs import jobs


@dataclass(frozen=True)
class Stopped:
    """What was ended.

    Attributes:
        kind: `run` or `release`.
        ended: the names of the jobs, or the outcome of the rollback.
    """

    id: str
    kind: str
    ended: list[str]


def stop(session: Session, id_: str, limit_seconds: float) -> Stopped:
    """End a run or a release.

    Args:
        id_: of the run or of the release, as `noria status` shows it.

    Raises:
        CliError: nothing of that id is under way.
    """
    known = jobs.jobs_of(session, id_)
    running = [job for job in known if job.status == "InProgress"]
    for job in running:
        jobs.stop(session, job)
    if running:
        return Stopped(id_, "run", [job.name for job in running])
    if model := _releasing(session, id_):
        result = rollback(session, model, None, f"the release {id_} was stopped", limit_seconds)
        return Stopped(id_, "release", [result.status, *(reason["text"] for reason in result.reasons)])
    if known:
        raise CliError(f"no job of the run {id_} is under way: {', '.join(f'{job.name} is {job.status}' for job in known)}")
    raise CliError(f"nothing of the id {id_!r} is under way; noria status MODEL shows what runs, with its id")


def _releasing(session: Session, release: str) -> str | None:
    """The model whose release under way has this id: the configuration that it brings ends in it."""
    for config in session.sagemaker.list_endpoint_configs(NameContains=release)["EndpointConfigs"]:
        model = config["EndpointConfigName"].removeprefix(f"{session.prefix}-").partition(f"-{release}")[0]
        if ledger.read(session, model).lock:
            return model
    return None
