"""Families of resources, served from the service model: Create, Describe, List, Update, Delete and tags of each.

A family's operations are found by name (`Create<Noun>` …), its name member and ARN member by shape. What a family does
beyond remembering is given as `Behaviour`.
"""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.model import ListShape, ServiceModel
from ministack.core.responses import get_account_id, get_region

from local.aws import models
from local.sagemaker.errors import ApiError, invalid

Record = dict[str, Any]
MODEL: ServiceModel = models.service_model("sagemaker")
PAGE = 10
#: Members of a List request that do not filter.
PAGING = frozenset({"MaxResults", "NextToken", "SortBy", "SortOrder"})
#: Jobs that AWS does not find are `Requested resource not found.`
JOBS = frozenset({"TrainingJob", "TransformJob", "ProcessingJob", "HyperParameterTuningJob"})
#: Families that List tells oldest first unless it is asked otherwise; all others come newest first.
OLDEST_FIRST = frozenset({"Algorithm", "CodeRepository", "HyperParameterTuningJob", "ModelPackage", "ModelPackageGroup", "ProcessingJob", "TrainingJob"})


@dataclass(frozen=True)
class Behaviour:
    """What happens beyond remembering. Each call gets the stored record, which it may change."""

    created: Callable[[Record], None] = lambda record: None
    updated: Callable[[Record, Record], None] | None = None
    deleted: Callable[[Record], None] = lambda record: None


@dataclass
class Store:
    """All records, by account, region, noun and name."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    records: dict[tuple[str, str, str, str], Record] = field(default_factory=dict)

    def key(self, noun: str, name: str) -> tuple[str, str, str, str]:
        return get_account_id(), get_region(), noun, name

    def of(self, noun: str) -> list[Record]:
        scope = (get_account_id(), get_region(), noun)
        with self.lock:
            return [record for key, record in self.records.items() if key[:3] == scope]

    def find(self, noun: str, name: str) -> Record | None:
        """By name or by ARN."""
        return self.records.get(self.key(noun, name.rsplit("/", 1)[-1]))

    def by_arn(self, arn: str) -> Record:
        with self.lock:
            for (_, _, noun, _), record in self.records.items():
                if record.get(f"{noun}Arn") == arn:
                    return record
        raise invalid(f'Could not find resource with ARN "{arn}".')


STORE = Store()


def arn(noun: str, name: str) -> str:
    """A resource's ARN: `TrainingJob`, `x` → `arn:aws:sagemaker:…:training-job/x`."""
    return f"arn:aws:sagemaker:{get_region()}:{get_account_id()}:{kebab(noun)}/{name}"


def kebab(noun: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"-\1", noun).lower()


def words(noun: str) -> str:
    """As AWS's messages name it: `EndpointConfig` → `endpoint configuration`."""
    return kebab(noun).replace("-", " ").replace("config", "configuration")


def name_of(noun: str, parameters: Record) -> str:
    return str(parameters.get(f"{noun}Name") or parameters.get(f"{noun}Arn", "").rsplit("/", 1)[-1])


def create(noun: str, parameters: Record, behaviour: Behaviour, name: str | None = None, **facts: Any) -> Record:
    """Store a new record and let it come to life.

    Raises:
        ApiError: the name is taken; `ResourceInUse` for jobs, `ValidationException` for the others.
    """
    name = name or name_of(noun, parameters)
    now = time.time()
    record = {**parameters, f"{noun}Name": name, f"{noun}Arn": arn(noun, name), "CreationTime": now, "LastModifiedTime": now, **facts}
    with STORE.lock:
        if STORE.key(noun, name) in STORE.records:
            raise _taken(noun, record[f"{noun}Arn"])
        STORE.records[STORE.key(noun, name)] = record
    try:
        behaviour.created(record)
    except ApiError:
        STORE.records.pop(STORE.key(noun, name), None)
        raise
    return {f"{noun}Arn": record[f"{noun}Arn"]}


def _taken(noun: str, taken: str) -> ApiError:
    if noun in JOBS:
        return ApiError("ResourceInUse", f"Job name must be unique within an AWS account and region, and a job with this name already exists ({taken})")
    if noun == "ModelPackageGroup":
        return invalid(f"Model Package Group already exists: {taken}")
    return invalid(f'Cannot create already existing {words(noun)} "{taken}".')


def found(noun: str, parameters: Record) -> Record:
    """The record that a request names.

    Raises:
        ApiError: with the code and the words that AWS has for this family.
    """
    name = name_of(noun, parameters)
    record = STORE.find(noun, name)
    if record is None:
        raise _missing(noun, name)
    return record


def _missing(noun: str, name: str) -> ApiError:
    if noun in JOBS:
        return invalid("Requested resource not found.")
    if noun == "ModelPackageGroup":
        return invalid(f"ModelPackageGroup {arn(noun, name)} does not exist.")
    if any(shape.name == "ResourceNotFound" for shape in MODEL.operation_model(f"Describe{noun}").error_shapes):
        return ApiError("ResourceNotFound", f"{noun} '{name}' does not exist.")
    return invalid(f'Could not find {words(noun)} "{arn(noun, name)}".')


def describe(noun: str, parameters: Record) -> Record:
    return shaped(f"Describe{noun}", found(noun, parameters))


def shaped(operation: str, record: Record) -> Record:
    """Only what the operation's answer has."""
    members = answer_members(operation)
    return {key: value for key, value in record.items() if key in members}


def answer_members(operation: str) -> dict[str, Any]:
    """The members of an operation's answer, by name, with their shapes."""
    shape = MODEL.operation_model(operation).output_shape
    return dict(shape.members) if shape else {}


def update(noun: str, parameters: Record, behaviour: Behaviour) -> Record:
    record = found(noun, parameters)
    changes = {key: value for key, value in parameters.items() if key not in (f"{noun}Name", f"{noun}Arn")}
    if behaviour.updated:
        behaviour.updated(record, changes)
    else:
        record.update(changes)
    record["LastModifiedTime"] = time.time()
    return {f"{noun}Arn": record[f"{noun}Arn"]}


def delete(noun: str, parameters: Record, behaviour: Behaviour) -> Record:
    record = found(noun, parameters)
    behaviour.deleted(record)
    STORE.records.pop(STORE.key(noun, record[f"{noun}Name"]), None)
    return {}


def listing(noun: str, operation: str, parameters: Record) -> Record:
    """One page of summaries, filtered and sorted as the request asks."""
    member, shape = next((name, shape) for name, shape in answer_members(operation).items() if isinstance(shape, ListShape))
    shown: set[str] = set(getattr(shape.member, "members", ()))
    matching = [record for record in STORE.of(noun) if all(_matches(noun, record, key, value) for key, value in parameters.items() if key not in PAGING)]
    asked = parameters.get("SortBy", "CreationTime")
    sort = f"{noun}{asked}" if asked in ("Name", "Status") else asked
    order = parameters.get("SortOrder", "Ascending" if noun in OLDEST_FIRST else "Descending")
    matching.sort(key=lambda record: record.get(sort) or 0, reverse=order.upper() == "DESCENDING")
    start, size = _start(parameters.get("NextToken", "0")), parameters.get("MaxResults", PAGE)
    page = [{key: value for key, value in record.items() if key in shown} for record in matching[start : start + size]]
    return {member: page, **({"NextToken": str(start + size)} if start + size < len(matching) else {})}


def _start(token: str) -> int:
    if not token.isdecimal():
        raise invalid("Invalid pagination token.")
    return int(token)


def _matches(noun: str, record: Record, key: str, value: Any) -> bool:
    if key == "NameContains":
        return value.lower() in record[f"{noun}Name"].lower()
    if key == "StatusEquals":
        return bool(record.get(f"{noun}Status") == value)
    if side := re.fullmatch(r"(CreationTime|LastModifiedTime)(After|Before)", key):
        return bool(record[side[1]] > value if side[2] == "After" else record[side[1]] < value)
    return bool(record.get(key, value) == value)


def add_tags(parameters: Record) -> Record:
    record = STORE.by_arn(parameters["ResourceArn"])
    tags = {tag["Key"]: tag for tag in [*record.get("Tags", []), *parameters["Tags"]]}
    record["Tags"] = list(tags.values())
    return {"Tags": record["Tags"]}


def list_tags(parameters: Record) -> Record:
    return {"Tags": STORE.by_arn(parameters["ResourceArn"]).get("Tags", [])}


def delete_tags(parameters: Record) -> Record:
    record = STORE.by_arn(parameters["ResourceArn"])
    record["Tags"] = [tag for tag in record.get("Tags", []) if tag["Key"] not in parameters["TagKeys"]]
    return {}
