"""What a deleted stack leaves: endpoints, models and registered versions that its machines made, and the data that it retains."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from cli.base.errors import CliError
from cli.base.session import Session

#: Kinds of SageMaker resources in the order in which they can be deleted: the list operation, its key, the name's key, the delete operation.
KINDS = (
    ("endpoint", "list_endpoints", "Endpoints", "EndpointName", "delete_endpoint"),
    ("endpoint configuration", "list_endpoint_configs", "EndpointConfigs", "EndpointConfigName", "delete_endpoint_config"),
    ("model", "list_models", "Models", "ModelName", "delete_model"),
)


@dataclass(frozen=True)
class Leftover:
    """One resource of a deleted stack; `data` is what can be lost: registered versions, buckets, the ledger."""

    kind: str
    name: str
    data: bool


#: A leftover, and what deletes it.
Found = tuple[Leftover, Callable[[], Any]]


def leftovers(session: Session, prefix: str) -> list[Leftover]:
    """What is left of a deleted stack.

    Raises:
        CliError: a stack of that prefix is there.
    """
    return [leftover for leftover, _ in _found(session, prefix)]


def remove(session: Session, prefix: str) -> list[Leftover]:
    """Delete what is left of a deleted stack, but for data; errors are those of `leftovers`."""
    removed = []
    for leftover, delete in list(_found(session, prefix)):
        if not leftover.data:
            delete()
            removed.append(leftover)
    return removed


def _found(session: Session, prefix: str) -> Iterator[Found]:
    for stack in session.stacks():
        if any((output["OutputKey"], output["OutputValue"]) == ("Prefix", prefix) for output in stack.get("Outputs", [])):
            raise CliError(f"the stack {stack['StackName']} has the prefix {prefix} and is there: noria retire MODEL takes a model away; sam delete, the stack")
    yield from _serving(session, prefix)
    yield from _watching(session, prefix)
    yield from ((Leftover(kind, name, data=True), _retained) for kind, name in _data(session, prefix))


def _serving(session: Session, prefix: str) -> Iterator[Found]:
    client: Any = session.sagemaker
    for kind, listing, key, name_key, delete in KINDS:
        for page in client.get_paginator(listing).paginate(NameContains=f"{prefix}-"):
            for name in [entry[name_key] for entry in page[key] if entry[name_key].startswith(f"{prefix}-")]:
                yield Leftover(kind, name, data=False), partial(getattr(client, delete), **{name_key: name})


def _watching(session: Session, prefix: str) -> Iterator[Found]:
    for alarms in (f"{prefix}/", f"{prefix}-monitoring/", f"{prefix}-stop/"):
        for page in session.cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=alarms):
            for name in [alarm["AlarmName"] for alarm in page.get("MetricAlarms", [])]:
                yield Leftover("alarm", name, data=False), partial(session.cloudwatch.delete_alarms, AlarmNames=[name])
    for name in [entry["DashboardName"] for entry in session.cloudwatch.list_dashboards(DashboardNamePrefix=prefix)["DashboardEntries"]]:
        if name == prefix or name.startswith(f"{prefix}-"):
            yield Leftover("dashboard", name, data=False), partial(session.cloudwatch.delete_dashboards, DashboardNames=[name])


def _data(session: Session, prefix: str) -> Iterator[tuple[str, str]]:
    """Kind and name of what holds data: CloudFormation names it after the stack, whose name is the prefix by default."""
    for page in session.sagemaker.get_paginator("list_model_package_groups").paginate(NameContains=f"{prefix}-"):
        yield from (("model package group", entry["ModelPackageGroupName"]) for entry in page["ModelPackageGroupSummaryList"])
    buckets = [bucket["Name"] for bucket in session.s3.list_buckets()["Buckets"]]
    yield from (("bucket", name) for name in buckets if name.startswith((f"{prefix}-lakebucket-", f"{prefix}-artifactbucket-")))
    for listed in session.dynamodb.get_paginator("list_tables").paginate():
        yield from (("table", name) for name in listed["TableNames"] if name.startswith(f"{prefix}-LedgerTable"))


def _retained() -> None:
    """Data are deleted by hand."""
