"""Uploads data and follows what comes of it: every stage as it happens, read back from the running system."""

import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from cli import files, ledger, telling
from cli.errors import CliError
from cli.session import Session
from noria.data.contract import is_model_name
from noria.release.admission import RUNNING, WAITING

Json = dict[str, Any]
#: What S3 takes in one request (bytes).
MOST_BYTES = 5 * 1024**3


@dataclass
class Stage:
    """One stage of the loop.

    Attributes:
        seconds: since the stage before ended.
        verdict: what was decided, in a word.
        ids: what it made, by name.
        reasons: sentences, where something was missed.
    """

    name: str
    seconds: float
    verdict: str
    ids: dict[str, str] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)

    def to_json(self) -> Json:
        return asdict(self)


def upload(session: Session, model: str, file: Path, force: bool = False) -> Json:
    """Put a file under `incoming/<model>/`; one whose content is known for the present spec is not sent again.

    Returns:
        `{model, digest, bucket, key, version, sent, at}`; `at` is seconds since the epoch.

    Raises:
        CliError: there is no such file, or nobody has published this model.
    """
    if not is_model_name(model):
        raise CliError(f"found {model!r}, expected the name of a model: lower-case letters, digits and dashes, a letter first, at most 24")
    try:
        with files.there(file).open("rb") as body:
            size, digest = os.fstat(body.fileno()).st_size, file_digest(body, "sha256").hexdigest()
    except OSError as error:
        raise CliError(f"cannot read {file}: {error.strerror}") from error
    if size > MOST_BYTES:
        raise CliError(f"{file} has {size / 1024**3:.1f} GiB, S3 takes {MOST_BYTES // 1024**3} in one upload; send it in parts")
    bucket = session.outputs["LakeBucket"]
    story = ledger.read(session, model)
    spec = story.published()["id"]
    known = any(_same(dataset, digest, spec) for dataset in story.datasets)
    made = {"model": model, "digest": digest, "bucket": bucket, "key": f"incoming/{model}/{file.name}", "at": time.time()}
    if known and not force:
        return {**made, "version": None, "sent": False}
    with file.open("rb") as body:
        answer = session.s3.put_object(Bucket=bucket, Key=str(made["key"]), Body=body)
    return {**made, "version": answer.get("VersionId"), "sent": True}


def _same(dataset: Json, digest: str, spec: str | None) -> bool:
    return bool(dataset["digest"] == digest and dataset["spec"] == spec)


def follow(session: Session, sent: Json, limit_seconds: float) -> Iterator[Stage]:
    """The stages of one upload, each when it has ended, until the last one there will be.

    Raises:
        CliError: nothing more came within the limit.
    """
    ends, began = time.monotonic() + limit_seconds, datetime.fromtimestamp(sent["at"], UTC)
    told: set[str] = set()
    while True:
        for stage, over in _stages(session, sent, began):
            if stage.name not in told:
                told.add(stage.name)
                yield stage
            if over:
                return
        if broken := telling.failures(session, sent["model"], sent["at"]):
            raise CliError(broken)
        if time.monotonic() > ends:
            last = ", ".join(sorted(told)) or "none"
            raise CliError(f"nothing more came of the upload within {limit_seconds:.0f} s (stages seen: {last}); see: noria events {sent['model']}")
        time.sleep(session.look_seconds)


def _stages(session: Session, sent: Json, began: datetime) -> Iterator[tuple[Stage, bool]]:
    """What has ended so far, in order, each with whether it is the last."""
    model = sent["model"]
    story = ledger.read(session, model)
    dataset = next((found for found in story.datasets if _mine(found, sent, story)), None)
    if dataset is None:
        return
    last = _moment(dataset["time"])
    ids = {"dataset": dataset["dataset"], "object": f"s3://{dataset['bucket']}/{dataset['location']}"}
    stays = dataset["status"] != "accepted" or not dataset["train"]
    yield Stage("ingest", _since(began, last), dataset["status"], ids, _texts(dataset)), stays
    run = next((found for found in story.runs if found["dataset"] == dataset["dataset"]), None)
    if run is None:
        return
    yield from _run_stages(session, story, run, last)


def _run_stages(session: Session, story: ledger.Story, run: Json, last: datetime) -> Iterator[tuple[Stage, bool]]:
    job = f"{session.prefix}-{story.model}-{run['run']}"
    ended, over = _trained(session, job) or last, _moment(run["time"])
    ids = {"training_job": job, "run": run["run"]}
    failed_at = run.get("failed_at") or ("train" if run["metrics"] is None else None)
    if failed_at in ("split", "preprocess", "train"):
        yield Stage(failed_at, _since(last, over), "failed", ids, _texts(run)), True
        return
    yield Stage("train", _since(last, ended), "completed", ids), False
    if failed_at:
        yield Stage(failed_at, _since(ended, over), "failed", {}, _texts(run)), True
        return
    shown = {name: f"{value:.4f}" for name, value in run["metrics"].items()}
    yield Stage("evaluate", _since(ended, over), run["status"], {**shown, "rows": str(run["rows"])}, _texts(run)), run["status"] != "registered"
    package = _package(session, story.model, run["run"])
    if package is None:
        return
    made: datetime = package["CreationTime"]
    changed: datetime = package.get("LastModifiedTime", made)
    yield Stage("register", max(0.0, _since(over, made)), "registered", {"model_package": package["ModelPackageArn"]}), False
    if package["ModelApprovalStatus"] == "PendingManualApproval":
        manual = (story.spec or {}).get("approve", {}).get("mode") == "manual"
        if manual:
            asks = [f"approve it in the model registry: {package['ModelPackageArn']}"]
            yield Stage("approve", 0.0, "pending", {"model_package": package["ModelPackageArn"]}, asks), True
        return
    release = next((found for found in story.releases if found["run"] == run["run"] and found["status"] not in (RUNNING, WAITING)), None)
    # A version that was taken back is rejected afterwards: its release tells more.
    verdict = "approved" if release else package["ModelApprovalStatus"].lower()
    told = [package["ApprovalDescription"]] if package.get("ApprovalDescription") else []
    yield Stage("approve", _since(made, changed), verdict, {}, told), verdict != "approved"
    if release is not None:
        ids = {"endpoint": release["endpoint"], "release": release["release"]}
        yield Stage("rollout", release.get("seconds") or _since(changed, _moment(release["time"])), release["status"], ids, _texts(release)), True


def _mine(dataset: Json, sent: Json, story: ledger.Story) -> bool:
    spec = story.spec["id"] if story.spec else None
    return _same(dataset, sent["digest"], spec) or (sent["version"] is not None and dataset["source"].get("version") == sent["version"])


def _trained(session: Session, job: str) -> datetime | None:
    try:
        found = session.sagemaker.describe_training_job(TrainingJobName=job)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("ValidationException", "ResourceNotFound"):
            raise
        return None
    return found.get("TrainingEndTime", found["LastModifiedTime"])


def _package(session: Session, model: str, run: str) -> Json | None:
    group = f"{session.prefix}-{model}"
    pages = session.sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=group, SortBy="CreationTime", SortOrder="Descending")
    for page in pages:
        for summary in page["ModelPackageSummaryList"]:
            described: Json = dict(session.sagemaker.describe_model_package(ModelPackageName=summary["ModelPackageArn"]))
            if described.get("CustomerMetadataProperties", {}).get("run") == run:
                return described
    return None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _since(start: datetime, end: datetime) -> float:
    return round(max(0.0, (end - start).total_seconds()), 2)


def _texts(record: Json) -> list[str]:
    return [reason["text"] for reason in record["reasons"]]
