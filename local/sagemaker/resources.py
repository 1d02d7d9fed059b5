"""Create, Describe, List, Update and Delete of every kind of SageMaker resource, from the service model.

The operations of a resource are those named after its noun (`Create<Noun>` …); the model's shapes give the name and ARN members.
A resource that does more than be stored has a `Lifecycle`.
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
#: AWS's message for a missing one of these is `Requested resource not found.`
JOBS = frozenset({"TrainingJob", "TransformJob", "ProcessingJob", "HyperParameterTuningJob"})
#: List returns these oldest first unless the request says otherwise; all others come newest first.
OLDEST_FIRST = frozenset({"Algorithm", "CodeRepository", "HyperParameterTuningJob", "ModelPackage", "ModelPackageGroup", "ProcessingJob", "TrainingJob"})


@dataclass(frozen=True)
class Lifecycle:
    """Callbacks of a resource. Each gets the stored record, which it may change; `on_update` gets the request's changes as well."""

    on_create: Callable[[Record], None] = lambda record: None
    on_update: Callable[[Record, Record], None] | None = None
    on_delete: Callable[[Record], None] = lambda record: None


@dataclass
class Store:
    """All records, by account, region, noun and name."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    records: dict[tuple[str, str, str, str], Record] = field(default_factory=dict)

    def key(self, noun: str, name: str) -> tuple[str, str, str, str]:
        return get_account_id(), get_region(), noun, name

    def of(self, noun: str) -> list[Record]:
        """The records of a noun in the caller's account and region."""
        scope = (get_account_id(), get_region(), noun)
        with self.lock:
            return [record for key, record in self.records.items() if key[:3] == scope]

    def find(self, noun: str, name: str) -> Record | None:
        """By name or by ARN."""
        return self.records.get(self.key(noun, name.rsplit("/", 1)[-1]))

    def by_arn(self, arn: str) -> Record:
        """Raises ApiError where there is none."""
        with self.lock:
            for (_, _, noun, _), record in self.records.items():
                if record.get(f"{noun}Arn") == arn:
                    return record
        raise invalid(f'Could not find resource with ARN "{arn}".')


STORE = Store()


def arn(noun: str, name: str) -> str:
    """The ARN of a resource: `TrainingJob`, `x` → `arn:aws:sagemaker:…:training-job/x`."""
    return f"arn:aws:sagemaker:{get_region()}:{get_account_id()}:{kebab(noun)}/{name}"


def kebab(noun: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"-\1", noun).lower()


def label(noun: str) -> str:
    """A noun in AWS's messages: `EndpointConfig` → `endpoint configuration`."""
    return kebab(noun).replace("-", " ").replace("config", "configuration")


def name_of(noun: str, parameters: Record) -> str:
    """The name that a request has for a resource, by name or ARN."""
    return str(parameters.get(f"{noun}Name") or parameters.get(f"{noun}Arn", "").rsplit("/", 1)[-1])


def create(noun: str, parameters: Record, lifecycle: Lifecycle) -> Record:
    """`Create<Noun>`: store a record and call `on_create`.

    Raises:
        ApiError: the name is taken; `ResourceInUse` for jobs, `ValidationException` for the others.
    """
    name, now = name_of(noun, parameters), time.time()
    record = {**parameters, f"{noun}Name": name, f"{noun}Arn": arn(noun, name), "CreationTime": now, "LastModifiedTime": now}
    with STORE.lock:
        if STORE.key(noun, name) in STORE.records:
            raise _name_taken_error(noun, record[f"{noun}Arn"])
        STORE.records[STORE.key(noun, name)] = record
    try:
        lifecycle.on_create(record)
    except ApiError:
        STORE.records.pop(STORE.key(noun, name), None)
        raise
    return {f"{noun}Arn": record[f"{noun}Arn"]}


def _name_taken_error(noun: str, arn: str) -> ApiError:
    if noun in JOBS:
        return ApiError("ResourceInUse", f"Job name must be unique within an AWS account and region, and a job with this name already exists ({arn})")
    if noun == "ModelPackageGroup":
        return invalid(f"Model Package Group already exists: {arn}")
    return invalid(f'Cannot create already existing {label(noun)} "{arn}".')


def get(noun: str, parameters: Record) -> Record:
    """The record that a request names.

    Raises:
        ApiError: there is none; with AWS's code and wording for this noun.
    """
    name = name_of(noun, parameters)
    record = STORE.find(noun, name)
    if record is None:
        raise _not_found_error(noun, name)
    return record


def _not_found_error(noun: str, name: str) -> ApiError:
    if noun in JOBS:
        return invalid("Requested resource not found.")
    if noun == "ModelPackageGroup":
        return invalid(f"ModelPackageGroup {arn(noun, name)} does not exist.")
    if any(shape.name == "ResourceNotFound" for shape in MODEL.operation_model(f"Describe{noun}").error_shapes):
        return ApiError("ResourceNotFound", f"{noun} '{name}' does not exist.")
    return invalid(f'Could not find {label(noun)} "{arn(noun, name)}".')


def describe(noun: str, parameters: Record) -> Record:
    """`Describe<Noun>`."""
    return as_output(f"Describe{noun}", get(noun, parameters))


def as_output(operation: str, record: Record) -> Record:
    """The members of a record that an operation's response has."""
    members = output_members(operation)
    return {key: value for key, value in record.items() if key in members}


def output_members(operation: str) -> dict[str, Any]:
    """The members of an operation's response, by name, with their shapes."""
    shape = MODEL.operation_model(operation).output_shape
    return dict(shape.members) if shape else {}


def update(noun: str, parameters: Record, lifecycle: Lifecycle) -> Record:
    """`Update<Noun>`: call `on_update`, or store the changes where there is none."""
    record = get(noun, parameters)
    changes = {key: value for key, value in parameters.items() if key not in (f"{noun}Name", f"{noun}Arn")}
    if lifecycle.on_update:
        lifecycle.on_update(record, changes)
    else:
        record.update(changes)
    record["LastModifiedTime"] = time.time()
    return {f"{noun}Arn": record[f"{noun}Arn"]}


def delete(noun: str, parameters: Record, lifecycle: Lifecycle) -> Record:
    """`Delete<Noun>`: call `on_delete` and remove the record."""
    record = get(noun, parameters)
    lifecycle.on_delete(record)
    STORE.records.pop(STORE.key(noun, record[f"{noun}Name"]), None)
    return {}


def list_page(noun: str, operation: str, parameters: Record) -> Record:
    """`List<Noun>s`: one page of summaries, filtered and sorted by the request."""
    member, shape = next((name, shape) for name, shape in output_members(operation).items() if isinstance(shape, ListShape))
    members: set[str] = set(getattr(shape.member, "members", ()))
    matching = [record for record in STORE.of(noun) if all(_matches(noun, record, key, value) for key, value in parameters.items() if key not in PAGING)]
    by = parameters.get("SortBy", "CreationTime")
    sort = f"{noun}{by}" if by in ("Name", "Status") else by
    order = parameters.get("SortOrder", "Ascending" if noun in OLDEST_FIRST else "Descending")
    matching.sort(key=lambda record: record.get(sort) or 0, reverse=order.upper() == "DESCENDING")
    start, size = _page_start(parameters.get("NextToken", "0")), parameters.get("MaxResults", PAGE)
    page = [{key: value for key, value in record.items() if key in members} for record in matching[start : start + size]]
    return {member: page, **({"NextToken": str(start + size)} if start + size < len(matching) else {})}


def _page_start(token: str) -> int:
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
