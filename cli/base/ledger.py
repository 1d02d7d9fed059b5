"""The ledger: reads everything on record of one model, and records published specs."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from cli.base.errors import CliError
from cli.base.records import Champion, Correction, Dataset, Healing, Lock, MonitoringRun, PendingApproval, Release, Rollback, Run
from cli.base.session import Session
from noria.kernel import ledger
from noria.kernel.published_spec import PublishedSpec
from noria.kernel.spec_defaults import with_defaults

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Item = Mapping[str, AttributeValueTypeDef]


@dataclass
class ModelRecord:
    """One model's items in the ledger, newest first.

    Attributes:
        spec: the published spec, or nothing.
        specs: every spec that was ever published, by its id.
        champion: the version that serves, or nothing.
        pending_approvals: versions that wait for a person.
        lock: of the release or rollback under way, or nothing.
        monitoring: the last monitoring run, or nothing.
        healings: automatic retrainings, oldest first.
    """

    model: str
    spec: PublishedSpec | None = None
    specs: dict[str, PublishedSpec] = field(default_factory=dict)
    champion: Champion | None = None
    datasets: list[Dataset] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    rollbacks: list[Rollback] = field(default_factory=list)
    pending_approvals: list[PendingApproval] = field(default_factory=list)
    lock: Lock | None = None
    monitoring: MonitoringRun | None = None
    healings: list[Healing] = field(default_factory=list)

    def published(self) -> PublishedSpec:
        """The published spec.

        Raises:
            CliError: nobody has published this model.
        """
        if self.spec is None:
            raise CliError(f"no model named {self.model!r} is published here; run: noria publish models/{self.model}")
        return self.spec

    def serving(self) -> PublishedSpec:
        """The champion's spec, which may be older than the published one; without a champion the published one.

        Raises:
            CliError: nobody has published this model.
        """
        published = self.published()
        return self.specs.get(self.champion["spec"], published) if self.champion else published

    def champion_in_service(self) -> Champion:
        """The champion.

        Raises:
            CliError: no version serves.
        """
        if self.champion is None:
            raise CliError(f"no version of {self.model} serves yet; see: noria status {self.model}")
        return self.champion


def read(session: Session, model: str) -> ModelRecord:
    """Every item of one model."""
    record = ModelRecord(model)
    for item in _items(session, ledger.model_partition(model)):
        kind, _, name = ledger.text(item, "sk").partition("#")
        READERS.get((kind, bool(name)), _ignore)(record, name, item)
    _newest_first(record.datasets)
    _newest_first(record.runs)
    _newest_first(record.releases)
    _newest_first(record.rollbacks)
    return record


def _newest_first[R: (Dataset, Run, Release, Rollback)](records: list[R]) -> None:
    records.sort(key=lambda record: record["time"], reverse=True)


def published_models(session: Session) -> list[str]:
    """The name of every published model."""
    return [ledger.text(item, "sk") for item in _items(session, ledger.MODELS)]


def _items(session: Session, partition: str) -> "Iterator[Item]":
    table, values = session.outputs["LedgerTable"], {":pk": ledger.attribute(partition)}
    pages = session.dynamodb.get_paginator("query").paginate(
        TableName=table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues=values, ConsistentRead=True
    )
    return (item for page in pages for item in page["Items"])


def record_spec(session: Session, spec: PublishedSpec) -> None:
    """Record a spec for good under its id, as the one that judges uploads from now on, and its model among all models."""
    model, now = spec["name"], datetime.now(UTC).isoformat()
    document = json.dumps(spec, allow_nan=False)
    items = [ledger.item(key, document=document, time=now) for key in (ledger.spec(model, spec["id"]), ledger.published_spec(model))]
    items.append(ledger.item(ledger.listed_model(model), time=now))
    session.dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": session.outputs["LedgerTable"], "Item": item}} for item in items])


def remove_publication(session: Session, model: str) -> None:
    """Take a model off the list of published models, with its published spec and its champion; its specs by id and its history stay.

    Raises:
        CliError: a release or a rollback has begun meanwhile.
    """
    table = session.outputs["LedgerTable"]
    deletes: list[Any] = [{"Delete": {"TableName": table, "Key": of(model)}} for of in (ledger.listed_model, ledger.published_spec, ledger.champion)]
    free: Any = {"ConditionCheck": {"TableName": table, "Key": ledger.release_lock(model), "ConditionExpression": "attribute_not_exists(pk)"}}
    try:
        session.dynamodb.transact_write_items(TransactItems=[free, *deletes])
    except ClientError as error:
        if error.response["Error"]["Code"] != "TransactionCanceledException":
            raise
        raise CliError(f"a release of {model} has just begun; wait for it: noria watch {model}") from error


def record_attention(session: Session, model: str) -> None:
    """Record that a person has attended to a model: earlier healings without improvement no longer hold back the next one."""
    session.dynamodb.update_item(
        TableName=session.outputs["LedgerTable"],
        Key=ledger.healing(model),
        UpdateExpression="SET requested_at = :time",
        ExpressionAttributeValues={":time": ledger.attribute(datetime.now(UTC).isoformat())},
    )


def record_correction(session: Session, model: str, dataset: str, correction: Correction) -> None:
    """Add a corrected copy to the record of a quarantined dataset.

    Raises:
        CliError: the dataset is no longer quarantined.
    """
    try:
        session.dynamodb.update_item(
            TableName=session.outputs["LedgerTable"],
            Key=ledger.dataset(model, dataset),
            UpdateExpression="SET #corrections = list_append(if_not_exists(#corrections, :none), :one)",
            ConditionExpression="#status = :quarantined",
            ExpressionAttributeNames={"#corrections": ledger.CORRECTIONS, "#status": "status"},
            ExpressionAttributeValues={":none": {"L": []}, ":one": ledger.entry(correction), ":quarantined": ledger.attribute("quarantined")},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        raise CliError(f"dataset {dataset} of {model} is not quarantined any more; the copy is judged all the same: noria datasets {model}") from error


def _entry(item: "Item", time: str = "time") -> Any:
    """A document with its status and time."""
    return {**ledger.document(item), "status": ledger.text(item, "status"), "time": ledger.text(item, time)}


def _published(record: ModelRecord, _: str, item: "Item") -> None:
    record.spec = with_defaults(ledger.document(item))


def _spec(record: ModelRecord, name: str, item: "Item") -> None:
    record.specs[name] = with_defaults(ledger.document(item))


def _champion(record: ModelRecord, _: str, item: "Item") -> None:
    record.champion = cast("Champion", {**ledger.document(item), "time": ledger.text(item, "time"), "sagemaker_model": ledger.text(item, "sagemaker_model")})


def _monitoring(record: ModelRecord, _: str, item: "Item") -> None:
    record.monitoring = cast("MonitoringRun", {**ledger.document(item), "time": ledger.text(item, "time")})


def _healings(record: ModelRecord, _: str, item: "Item") -> None:
    record.healings = ledger.document(item).get("attempts", [])


def _lock(record: ModelRecord, _: str, item: "Item") -> None:
    record.lock = {"package": ledger.text(item, "package"), "began": ledger.text(item, "began"), "holder": ledger.text(item, "holder")}


def _pending(record: ModelRecord, _: str, item: "Item") -> None:
    record.pending_approvals.append({"package": ledger.text(item, "package"), "time": ledger.text(item, "time")})


def _dataset(record: ModelRecord, _: str, item: "Item") -> None:
    claims = {"claims": item.get("claims", {}).get("SS", []), "claimed_by": ledger.text(item, "claim_owner") or None}
    record.datasets.append(cast("Dataset", {**_entry(item), **claims, "corrections": ledger.entries(item, ledger.CORRECTIONS)}))


def _run(record: ModelRecord, _: str, item: "Item") -> None:
    record.runs.append(_entry(item, "ended"))


def _release(record: ModelRecord, _: str, item: "Item") -> None:
    # A rollback leaves its own reasons: what it went back from serves no more.
    later: Any = {"reasons": json.loads(ledger.text(item, "reasons"))} if "reasons" in item else {}
    record.releases.append(cast("Release", {**_entry(item), **later}))


def _rollback(record: ModelRecord, name: str, item: "Item") -> None:
    record.rollbacks.append(cast("Rollback", {**_entry(item), "id": name}))


def _ignore(record: ModelRecord, name: str, item: "Item") -> None:
    """An item of a kind that the command does not read."""


#: The reader of an item, by the kind of its sort key and whether a name follows it.
READERS: "dict[tuple[str, bool], Callable[[ModelRecord, str, Item], None]]" = {
    (ledger.SPEC, False): _published,
    (ledger.SPEC, True): _spec,
    (ledger.CHAMPION, False): _champion,
    (ledger.MONITOR, False): _monitoring,
    (ledger.HEAL, False): _healings,
    (ledger.LOCK, False): _lock,
    (ledger.APPROVAL, True): _pending,
    (ledger.DATASET, True): _dataset,
    (ledger.RUN, True): _run,
    (ledger.RELEASE, True): _release,
    (ledger.ROLLBACK, True): _rollback,
}
