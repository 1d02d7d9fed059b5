"""Takes a model out of service: its endpoint, alarms and dashboard go; data, runs and the model registry stay."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from botocore.exceptions import ClientError

from cli.base import ledger
from cli.base.errors import CliError
from cli.base.ledger import ModelRecord
from cli.base.session import Session
from cli.runs.activity import activities
from noria.release.alarms import alarm_name
from noria.release.stop import stop_alarm_name

#: How long after a release its alarms are put at most.
ALARMS_FOLLOW = timedelta(seconds=60)
#: SageMaker's and CloudWatch's codes for what does not exist.
MISSING = ("ValidationException", "ResourceNotFound", "ResourceNotFoundException", "DashboardNotFoundError")


@dataclass(frozen=True)
class Retirement:
    """What was taken away.

    Attributes:
        removed: a sentence each.
        stays: what is left, and where.
    """

    model: str
    removed: list[str]
    stays: list[str]


def retire(session: Session, model: str) -> Retirement:
    """Take a model away; publishing it again brings it back.

    The model leaves the list of published models first, so nothing new begins for it.

    Raises:
        CliError: nobody has published the model, or an ingestion, a run or a release of it is under way.
    """
    record = ledger.read(session, model)
    record.published()
    if record.lock:
        raise CliError(f"a release of {record.lock['package']} is under way since {record.lock['began']}; wait for it, or end it: noria rollback {model}")
    if running := [activity.id for activity in activities(session, record)]:
        raise CliError(f"{', '.join(running)} is under way for {model}; wait for it, or end a run: noria stop RUN")
    _await_alarms(session, record)
    ledger.remove_publication(session, model)
    removed = ["the published spec: uploads are quarantined, monitoring and retraining end"]
    if record.champion:
        removed += _endpoint(session, record.champion["endpoint"])
    alarms = _alarms(session, model)
    if alarms:
        session.cloudwatch.delete_alarms(AlarmNames=alarms)
        removed.append(f"the alarms {', '.join(alarms)}")
    if _removed(lambda: session.cloudwatch.delete_dashboards(DashboardNames=[f"{session.prefix}-{model}"])):
        removed.append(f"the dashboard {session.prefix}-{model}")
    lake, artifacts = session.outputs["LakeBucket"], session.outputs["ArtifactBucket"]
    stays = [f"s3://{lake}/*/{model}/", f"s3://{artifacts}/*/{model}/", f"the model package group {session.endpoint(model)}", "its items in the ledger"]
    return Retirement(model, removed, stays)


def _await_alarms(session: Session, record: ModelRecord) -> None:
    """Wait for the alarms of a release that has just ended: a machine puts them a moment later, and would put them after all was deleted."""
    champion = record.champion
    while champion and datetime.now(UTC) < datetime.fromisoformat(champion["time"]) + ALARMS_FOLLOW:
        if {f"{session.prefix}-monitoring/{record.model}", alarm_name(session.prefix, record.model)} <= set(_alarms(session, record.model)):
            return
        time.sleep(session.poll_seconds)


def _endpoint(session: Session, endpoint: str) -> list[str]:
    scaling = session.client("application-autoscaling")
    targets = scaling.describe_scalable_targets(ServiceNamespace="sagemaker", ScalableDimension="sagemaker:variant:DesiredInstanceCount")["ScalableTargets"]
    for target in targets:
        if target["ResourceId"].startswith(f"endpoint/{endpoint}/"):
            scaling.deregister_scalable_target(**{name: target[name] for name in ("ServiceNamespace", "ResourceId", "ScalableDimension")})
    gone = _removed(lambda: session.sagemaker.delete_endpoint(EndpointName=endpoint))
    return [f"the endpoint {endpoint}"] if gone else []


def _alarms(session: Session, model: str) -> list[str]:
    """The alarms that a release has put for a model: those under its name, the one on its monitoring, and the one that stops a release."""
    folder, own = f"{session.prefix}/{model}/", (f"{session.prefix}-monitoring/{model}", stop_alarm_name(session.prefix, model))
    paginator = session.cloudwatch.get_paginator("describe_alarms")
    pages = [page for prefix in (folder, *own) for page in paginator.paginate(AlarmNamePrefix=prefix)]
    names = [alarm["AlarmName"] for page in pages for alarm in page.get("MetricAlarms", [])]
    return [name for name in names if name.startswith(folder) or name in own]


def _removed(remove: Callable[[], object]) -> bool:
    """Whether something was there to be removed."""
    try:
        remove()
    except ClientError as error:
        if error.response["Error"]["Code"] not in MISSING:
            raise
        return False
    return True
