"""The model registry: groups, versions, approval, and the event of every change.

Source: "Model Registry Models, Model Versions, and Model Groups", SageMaker developer guide.
"""

import time
from typing import Any

from ministack.core import iam_evaluator

from local.sagemaker import events, families
from local.sagemaker.errors import ApiError, invalid
from local.sagemaker.families import STORE, Behaviour, Record

NOUN, GROUP = "ModelPackage", "ModelPackageGroup"
#: What can be changed of a version once it is registered.
CHANGEABLE = ("ModelApprovalStatus", "ApprovalDescription", "CustomerMetadataProperties", "AdditionalInferenceSpecifications", "ModelLifeCycle", "SourceUri")


def _group_created(record: Record) -> None:
    record["ModelPackageGroupStatus"] = "Completed"


def _group_deleted(record: Record) -> None:
    if versions := [package for package in STORE.of(NOUN) if package.get("ModelPackageGroupName") == record["ModelPackageGroupName"]]:
        raise invalid(f"Cannot delete model package group {record['ModelPackageGroupArn']}: it has {len(versions)} model packages")


GROUP_BEHAVIOUR = Behaviour(created=_group_created, deleted=_group_deleted)


def _create(parameters: Record) -> Record:
    group = parameters.get("ModelPackageGroupName")
    if not group:
        raise invalid("ModelPackageGroupName is required: unversioned model packages are for the Marketplace")
    family = STORE.find(GROUP, group)
    if family is None:
        raise invalid(f"Model Package Group {families.arn(GROUP, group)} does not exist.")
    name, token = family["ModelPackageGroupName"], parameters.get("ClientToken")
    with STORE.lock:
        versions = [package for package in STORE.of(NOUN) if package["ModelPackageGroupName"] == name]
        if token and (earlier := next((package for package in versions if package.get("ClientToken") == token), None)):
            return {"ModelPackageArn": earlier["ModelPackageArn"]}
        version = 1 + max((package["ModelPackageVersion"] for package in versions), default=0)
        arn = families.arn(NOUN, f"{name}/{version}")
        now = time.time()
        record = {
            **parameters,
            "ModelPackageName": f"{name}/{version}",
            "ModelPackageGroupName": name,
            "ModelPackageVersion": version,
            "ModelPackageArn": arn,
            "ModelPackageStatus": "Completed",
            "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
            "ModelApprovalStatus": parameters.get("ModelApprovalStatus", "PendingManualApproval"),
            "CreationTime": now,
            "LastModifiedTime": now,
        }
        STORE.records[STORE.key(NOUN, arn)] = record
    events.state_changed(NOUN, record)
    return {"ModelPackageArn": arn}


def _found(parameters: Record) -> Record:
    named = parameters.get("ModelPackageName") or parameters.get("ModelPackageArn") or ""
    arn = named if named.startswith("arn:") else families.arn(NOUN, named)
    record = STORE.records.get(STORE.key(NOUN, arn))
    if record is None:
        raise invalid(f"ModelPackage {arn} does not exist.")
    return record


def _describe(parameters: Record) -> Record:
    return families.shaped("DescribeModelPackage", _found(parameters))


def _update(parameters: Record) -> Record:
    record = _found(parameters)
    record.update({key: value for key, value in parameters.items() if key in CHANGEABLE and key != "CustomerMetadataProperties"})
    metadata = {**record.get("CustomerMetadataProperties", {}), **parameters.get("CustomerMetadataProperties", {})}
    record["CustomerMetadataProperties"] = {
        key: value for key, value in metadata.items() if key not in parameters.get("CustomerMetadataPropertiesToRemove", [])
    }
    record["LastModifiedTime"] = time.time()
    record["LastModifiedBy"] = {"IamIdentity": {"Arn": iam_evaluator.caller_arn()}}
    events.state_changed(NOUN, record, UpdatedModelPackageFields=[key for key in parameters if key != "ModelPackageArn"])
    return {"ModelPackageArn": record["ModelPackageArn"]}


def _delete(parameters: Record) -> Record:
    record = _found(parameters)
    STORE.records.pop(STORE.key(NOUN, record["ModelPackageArn"]), None)
    return {}


def _list(parameters: Record) -> Record:
    group = parameters.get("ModelPackageGroupName", "")
    return families.listing(NOUN, "ListModelPackages", {**parameters, **({"ModelPackageGroupName": group.rsplit("/", 1)[-1]} if group else {})})


def _batch_describe(parameters: Record) -> Record:
    found: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    for arn in parameters["ModelPackageArnList"]:
        try:
            found[arn] = _found({"ModelPackageName": arn})
        except ApiError as error:
            errors[arn] = {"ErrorCode": error.code, "ErrorResponse": error.message}
    return {"ModelPackageSummaries": found, "BatchDescribeModelPackageErrorMap": errors}


OPERATIONS = {
    "CreateModelPackage": _create,
    "DescribeModelPackage": _describe,
    "UpdateModelPackage": _update,
    "DeleteModelPackage": _delete,
    "ListModelPackages": _list,
    "BatchDescribeModelPackage": _batch_describe,
}
