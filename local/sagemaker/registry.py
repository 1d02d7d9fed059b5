"""The model registry: model package groups, versions and approval; every change publishes an event.

Source: "Model Registry Models, Model Versions, and Model Groups", SageMaker developer guide.
"""

import time
from typing import Any

from ministack.core import iam_evaluator

from local.sagemaker import events, resources
from local.sagemaker.errors import ApiError, invalid
from local.sagemaker.resources import STORE, Lifecycle, Record

NOUN, GROUP = "ModelPackage", "ModelPackageGroup"
#: Members of a version that an update may change.
CHANGEABLE = ("ModelApprovalStatus", "ApprovalDescription", "CustomerMetadataProperties", "AdditionalInferenceSpecifications", "ModelLifeCycle", "SourceUri")


def _on_group_create(record: Record) -> None:
    record["ModelPackageGroupStatus"] = "Completed"


def _on_group_delete(record: Record) -> None:
    if versions := [package for package in STORE.of(NOUN) if package.get("ModelPackageGroupName") == record["ModelPackageGroupName"]]:
        raise invalid(f"Cannot delete model package group {record['ModelPackageGroupArn']}: it has {len(versions)} model packages")


GROUP_LIFECYCLE = Lifecycle(on_create=_on_group_create, on_delete=_on_group_delete)


def _create(parameters: Record) -> Record:
    group = parameters.get("ModelPackageGroupName")
    if not group:
        raise invalid("ModelPackageGroupName is required: unversioned model packages are for the Marketplace")
    group_record = STORE.find(GROUP, group)
    if group_record is None:
        raise invalid(f"Model Package Group {resources.arn(GROUP, group)} does not exist.")
    name, token = group_record["ModelPackageGroupName"], parameters.get("ClientToken")
    with STORE.lock:
        versions = [package for package in STORE.of(NOUN) if package["ModelPackageGroupName"] == name]
        if token and (earlier := next((package for package in versions if package.get("ClientToken") == token), None)):
            return {"ModelPackageArn": earlier["ModelPackageArn"]}
        version = 1 + max((package["ModelPackageVersion"] for package in versions), default=0)
        arn = resources.arn(NOUN, f"{name}/{version}")
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
    events.publish_state_change(NOUN, record)
    return {"ModelPackageArn": arn}


def _get(parameters: Record) -> Record:
    """The version that a request names, by `<group>/<version>` or ARN."""
    name = parameters.get("ModelPackageName") or parameters.get("ModelPackageArn") or ""
    arn = name if name.startswith("arn:") else resources.arn(NOUN, name)
    record = STORE.records.get(STORE.key(NOUN, arn))
    if record is None:
        raise invalid(f"ModelPackage {arn} does not exist.")
    return record


def _describe(parameters: Record) -> Record:
    return resources.as_output("DescribeModelPackage", _get(parameters))


def _update(parameters: Record) -> Record:
    record = _get(parameters)
    record.update({key: value for key, value in parameters.items() if key in CHANGEABLE and key != "CustomerMetadataProperties"})
    metadata = {**record.get("CustomerMetadataProperties", {}), **parameters.get("CustomerMetadataProperties", {})}
    record["CustomerMetadataProperties"] = {
        key: value for key, value in metadata.items() if key not in parameters.get("CustomerMetadataPropertiesToRemove", [])
    }
    record["LastModifiedTime"] = time.time()
    record["LastModifiedBy"] = {"IamIdentity": {"Arn": iam_evaluator.caller_arn()}}
    events.publish_state_change(NOUN, record, UpdatedModelPackageFields=[key for key in parameters if key != "ModelPackageArn"])
    return {"ModelPackageArn": record["ModelPackageArn"]}


def _delete(parameters: Record) -> Record:
    record = _get(parameters)
    STORE.records.pop(STORE.key(NOUN, record["ModelPackageArn"]), None)
    return {}


def _list(parameters: Record) -> Record:
    group = parameters.get("ModelPackageGroupName", "")
    return resources.list_page(NOUN, "ListModelPackages", {**parameters, **({"ModelPackageGroupName": group.rsplit("/", 1)[-1]} if group else {})})


def _batch_describe(parameters: Record) -> Record:
    versions: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    for arn in parameters["ModelPackageArnList"]:
        try:
            versions[arn] = _get({"ModelPackageName": arn})
        except ApiError as error:
            errors[arn] = {"ErrorCode": error.code, "ErrorResponse": error.message}
    return {"ModelPackageSummaries": versions, "BatchDescribeModelPackageErrorMap": errors}


OPERATIONS = {
    "CreateModelPackage": _create,
    "DescribeModelPackage": _describe,
    "UpdateModelPackage": _update,
    "DeleteModelPackage": _delete,
    "ListModelPackages": _list,
    "BatchDescribeModelPackage": _batch_describe,
}
