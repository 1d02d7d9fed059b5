"""The status of a model: the champion with its endpoint, and the last datasets, runs, releases and healings."""

from dataclasses import dataclass
from typing import NotRequired

from botocore.exceptions import ClientError

from cli.base import ledger
from cli.base.ledger import ModelRecord
from cli.base.records import Champion, Dataset, Healing, MonitoringRun, PendingApproval, Release, Rollback, Run
from cli.base.session import Session
from cli.release.state import describe_endpoint
from cli.runs.activity import MOST_RUNS, Activity, activities
from noria.release.names import TRIAL
from noria.release.status import HELD, RUNNING

#: Records of a kind that a status has.
LAST = 5


class ChampionStatus(Champion):
    """The champion, the status of its endpoint, and the configuration that the endpoint serves.

    `expected` is whether the champion, or a release or rollback under way or held, has put that configuration there.
    """

    endpoint_status: str
    serves: NotRequired[str | None]
    expected: NotRequired[bool]


@dataclass(frozen=True)
class ModelStatus:
    """A model at one moment; records are newest first, healings oldest first.

    Attributes:
        spec: the id of the published spec.
        image: the spec's images by purpose.
        pending_approvals: versions that wait for a person.
        monitoring: the last monitoring run.
        under_way: the ARN of the version that is released or restored at this moment.
        running: ingestions and runs under way.
    """

    model: str
    published: bool
    spec: str | None
    image: dict[str, str] | None
    champion: ChampionStatus | None
    datasets: list[Dataset]
    runs: list[Run]
    releases: list[Release]
    rollbacks: list[Rollback]
    pending_approvals: list[PendingApproval]
    monitoring: MonitoringRun | None
    healings: list[Healing]
    under_way: str | None
    running: list[Activity]


def status(session: Session, model: str) -> ModelStatus:
    """The status of a model; one that nobody has published has nothing."""
    record = ledger.read(session, model)
    return ModelStatus(
        model=model,
        published=record.spec is not None,
        spec=record.spec["id"] if record.spec else None,
        image=record.spec["images"] if record.spec else None,
        champion=_champion(session, record),
        datasets=record.datasets[:LAST],
        runs=[_with_substitution(session, model, run) for run in record.runs[:LAST]],
        releases=record.releases[:LAST],
        rollbacks=record.rollbacks[:LAST],
        pending_approvals=record.pending_approvals,
        monitoring=record.monitoring,
        healings=[_with_status(healing, record) for healing in record.healings[-LAST:]],
        under_way=record.lock["package"] if record.lock else None,
        running=activities(session, record, MOST_RUNS),
    )


def _with_status(healing: Healing, record: ModelRecord) -> Healing:
    """A healing with the status of its run."""
    return {**healing, "status": next((run["status"] for run in record.runs if run["run"] == healing["run"]), "running")}


def _champion(session: Session, record: ModelRecord) -> ChampionStatus | None:
    if record.champion is None:
        return None
    endpoint = describe_endpoint(session, record.champion["endpoint"])
    if endpoint is None:
        return {**record.champion, "endpoint_status": "Missing", "serves": None, "expected": False}
    serves = endpoint.get("EndpointConfigName")
    return {**record.champion, "endpoint_status": endpoint["EndpointStatus"], "serves": serves, "expected": serves in _expected(record)}


def _expected(record: ModelRecord) -> set[str]:
    """Configurations that Noria has put in place: the champion's, and what a release or rollback under way, or a held one, brings."""
    under_way = record.lock["package"] if record.lock else None
    own = [release for release in record.releases if release["model_package_arn"] == under_way or release["status"] in (RUNNING, HELD)]
    configs = [release["config"] for release in own]
    return {*configs, *(config + TRIAL for config in configs), *([record.champion["config"]] if record.champion else [])}


def _with_substitution(session: Session, model: str, run: Run) -> Run:
    """A run with the framework version that the local AWS trained with in place of the image's own, where it did."""
    try:
        job = session.sagemaker.describe_training_job(TrainingJobName=f"{session.prefix}-{model}-{run['run']}")
    except ClientError:
        return run
    tags = session.sagemaker.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"]
    substitution = next((tag["Value"] for tag in tags if tag["Key"] == "noria:substitution"), None)
    return {**run, "substitution": substitution} if substitution else run
