"""Follows an upload through the loop: each stage as it ends, read from the running system."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli.base import event_log, ledger
from cli.base.errors import CliError
from cli.base.ledger import ModelRecord
from cli.base.records import Dataset, Reason, Release, Run
from cli.base.session import Session
from cli.data.upload import Upload, has_content
from noria.release.outlook import duration
from noria.release.status import RUNNING, WAITING

if TYPE_CHECKING:
    from types_boto3_sagemaker.type_defs import DescribeModelPackageOutputTypeDef

#: The stages of the loop, in order.
ORDER = ("ingest", "train", "evaluate", "register", "approve", "rollout")
#: SageMaker's codes for a job that does not exist.
MISSING = ("ValidationException", "ResourceNotFound")


@dataclass(frozen=True)
class Stage:
    """One stage of the loop.

    Attributes:
        seconds: since the stage before ended.
        verdict: its outcome.
        ids: names of what it made.
        reasons: sentences on the verdict.
    """

    name: str
    seconds: float
    verdict: str
    ids: dict[str, str] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)


#: Called at each poll.
Beat = Callable[[], None]
#: A stage that has ended, and whether it is the last.
Ended = tuple[Stage, bool]


def no_beat() -> None:
    """Nothing to do at a poll."""


def follow(session: Session, upload: Upload, limit_seconds: float, beat: Beat = no_beat) -> Iterator[Stage]:
    """Yield each stage of an upload as it ends, up to the last.

    Raises:
        CliError: a machine failed, or no further stage ended within the limit.
    """
    return _follow(session, upload.model, upload.at, limit_seconds, beat, lambda: stages(session, upload))


def follow_run(session: Session, model: str, run: str, since: float, limit_seconds: float, beat: Beat = no_beat) -> Iterator[Stage]:
    """Yield each stage of a run as it ends, up to the last; errors are those of `follow`.

    Args:
        since: when the run was requested (seconds since the epoch).
    """

    def ended() -> Iterator[Ended]:
        record = ledger.read(session, model)
        entry = next((entry for entry in record.runs if entry["run"] == run), None)
        return _run_stages(session, record, entry, datetime.fromtimestamp(since, UTC)) if entry else iter(())

    return _follow(session, model, since, limit_seconds, beat, ended)


def _follow(session: Session, model: str, since: float, limit_seconds: float, beat: Beat, ended: Callable[[], Iterator[Ended]]) -> Iterator[Stage]:
    ends, seen = time.monotonic() + limit_seconds, set[str]()
    while True:
        for stage, last in ended():
            if stage.name not in seen:
                seen.add(stage.name)
                yield stage
            if last:
                return
        if failure := event_log.first_failure(session, model, since):
            raise CliError(failure)
        if time.monotonic() > ends:
            names = ", ".join(sorted(seen)) or "none"
            raise CliError(f"nothing more came of it within {limit_seconds:.0f} s (stages seen: {names}); see: noria status {model}, noria events {model}")
        beat()
        time.sleep(session.poll_seconds)


def check_access(session: Session, model: str) -> None:
    """Read what `follow` reads, so that an upload that cannot be followed is not sent.

    Raises:
        ClientError: the credentials may not read the ledger, the event log or the model registry.
    """
    ledger.read(session, model).published()
    event_log.events(session, model, datetime.now(UTC).timestamp())
    session.sagemaker.list_model_packages(ModelPackageGroupName=session.endpoint(model), MaxResults=1)


def outlook(session: Session, model: str) -> str:
    """What the release of an upload's version waits for, and how long that may take; on the local AWS, its speed shortens it."""
    record = ledger.read(session, model)
    text = duration(record.published()["rollout"], first=record.champion is None)
    return f"{text}; the local AWS divides that by noria up --speed" if session.is_local else text


def stages(session: Session, upload: Upload) -> Iterator[Ended]:
    """The stages that have ended so far, in order."""
    record = ledger.read(session, upload.model)
    dataset = next((entry for entry in record.datasets if _is_of(entry, upload, record)), None)
    if dataset is None:
        return
    ingested = _time(dataset["time"])
    ids = {"dataset": dataset["dataset"], "object": f"s3://{dataset['bucket']}/{dataset['location']}"}
    last = dataset["status"] != "accepted" or not dataset["train"]
    yield Stage("ingest", _between(datetime.fromtimestamp(upload.at, UTC), ingested), dataset["status"], ids, _texts(dataset["reasons"])), last
    # A file that was sent begins a run of its own; of known content, the newest run is told.
    began = datetime.min.replace(tzinfo=UTC) if upload.known else datetime.fromtimestamp(upload.at, UTC)
    run = next((entry for entry in record.runs if entry["dataset"] == dataset["dataset"] and _time(entry["time"]) >= began), None)
    if run:
        yield from _run_stages(session, record, run, ingested)


def _run_stages(session: Session, record: ModelRecord, run: Run, ingested: datetime) -> Iterator[Ended]:
    job = f"{session.prefix}-{record.model}-{run['run']}"
    trained, ended = _training_end(session, job) or ingested, _time(run["time"])
    ids = {"training_job": job, "run": run["run"]}
    failed_at = run.get("failed_at") or ("train" if run["metrics"] is None else None)
    if failed_at in ("split", "preprocess", "train"):
        yield Stage(failed_at, _between(ingested, ended), "failed", ids, _texts(run["reasons"])), True
        return
    yield Stage("train", _between(ingested, trained), "completed", ids), False
    if failed_at:
        yield Stage(failed_at, _between(trained, ended), "failed", {}, _texts(run["reasons"])), True
        return
    metrics = {name: f"{value:.4f}" for name, value in (run["metrics"] or {}).items()}
    evaluated = Stage("evaluate", _between(trained, ended), run["status"], {**metrics, "rows": str(run["rows"])}, _texts(run["reasons"]))
    yield evaluated, run["status"] != "registered"
    package = _package(session, record.model, run["run"])
    if package:
        yield from _version_stages(record, run, package, ended)


def _version_stages(record: ModelRecord, run: Run, package: "DescribeModelPackageOutputTypeDef", evaluated: datetime) -> Iterator[Ended]:
    arn, registered = package["ModelPackageArn"], package["CreationTime"]
    yield Stage("register", _between(evaluated, registered), "registered", {"model_package": arn}), False
    if package["ModelApprovalStatus"] == "PendingManualApproval":
        if record.spec and record.spec["approve"].get("mode") == "manual":
            yield Stage("approve", 0.0, "pending", {"model_package": arn}, [f"approve it in the model registry: {arn}"]), True
        return
    if record.lock and record.lock["package"] == arn and package["ModelApprovalStatus"] == "Rejected":
        # The rollout marks a version before it records its release.
        return
    decided = package.get("LastModifiedTime", registered)
    release = next((entry for entry in record.releases if entry["run"] == run["run"] and entry["status"] not in (RUNNING, WAITING)), None)
    # A version that was rolled back is rejected afterwards: its release tells more.
    verdict = "approved" if release else package["ModelApprovalStatus"].lower()
    comments = [package["ApprovalDescription"]] if package.get("ApprovalDescription") else []
    yield Stage("approve", _between(registered, decided), verdict, {}, comments), verdict != "approved"
    if release:
        yield _rollout(release, decided), True


def _rollout(release: Release, decided: datetime) -> Stage:
    seconds = release.get("seconds") or _between(decided, _time(release["time"]))
    return Stage("rollout", seconds, release["status"], {"endpoint": release["endpoint"], "release": release["release"]}, _texts(release["reasons"]))


def _is_of(dataset: Dataset, upload: Upload, record: ModelRecord) -> bool:
    """Whether a dataset came of this upload: the same content under the same spec, or the very object version."""
    spec = record.spec["id"] if record.spec else None
    return has_content(dataset, upload.digest, spec) or (upload.version is not None and dataset["source"].get("version") == upload.version)


def _training_end(session: Session, job: str) -> datetime | None:
    try:
        description = session.sagemaker.describe_training_job(TrainingJobName=job)
    except ClientError as error:
        if error.response["Error"]["Code"] not in MISSING:
            raise
        return None
    return description.get("TrainingEndTime", description["LastModifiedTime"])


def _package(session: Session, model: str, run: str) -> "DescribeModelPackageOutputTypeDef | None":
    """The version that a run has registered."""
    pages = session.sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=f"{session.prefix}-{model}", SortBy="CreationTime", SortOrder="Descending"
    )
    for page in pages:
        for summary in page["ModelPackageSummaryList"]:
            package = session.sagemaker.describe_model_package(ModelPackageName=summary["ModelPackageArn"])
            if package.get("CustomerMetadataProperties", {}).get("run") == run:
                return package
    return None


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _between(start: datetime, end: datetime) -> float:
    """Seconds from one time to another, no fewer than none."""
    return round(max(0.0, (end - start).total_seconds()), 2)


def _texts(reasons: list[Reason]) -> list[str]:
    return [reason["text"] for reason in reasons]
