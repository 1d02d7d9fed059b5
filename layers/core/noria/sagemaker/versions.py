"""Requests for a version of SageMaker's model registry: its approval, its rejection, and the SageMaker model that serves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_sagemaker.type_defs import CreateModelInputTypeDef, UpdateModelPackageInputTypeDef

    from noria.sagemaker.stack import Tags


#: The registry takes this much of a description (characters).
LONGEST_DESCRIPTION = 1024


def version_number(package: str) -> int:
    """A version's number in its group, out of its ARN."""
    return int(package.rsplit("/", 1)[-1])


def approve(package: str, description: str, approver: str) -> UpdateModelPackageInputTypeDef:
    """`UpdateModelPackage`: the version is approved, by whom and why."""
    return {
        "ModelPackageArn": package,
        "ModelApprovalStatus": "Approved",
        "ApprovalDescription": description,
        "CustomerMetadataProperties": {"approved_by": approver},
    }


def reject(package: str, description: str) -> UpdateModelPackageInputTypeDef:
    """`UpdateModelPackage`: the version is rejected, and why."""
    return {"ModelPackageArn": package, "ModelApprovalStatus": "Rejected", "ApprovalDescription": description[:LONGEST_DESCRIPTION]}


def approve_again(package: str, description: str) -> UpdateModelPackageInputTypeDef:
    """`UpdateModelPackage`: a version that serves again is approved, and why; who approved it first stays on record."""
    return {"ModelPackageArn": package, "ModelApprovalStatus": "Approved", "ApprovalDescription": description[:LONGEST_DESCRIPTION]}


def serving_model(name: str, package: str, role: str, tags: Tags) -> CreateModelInputTypeDef:
    """`CreateModel`: the containers are the version's own.

    Args:
        role: ARN of the role of the endpoint.
    """
    return {"ModelName": name, "ExecutionRoleArn": role, "Containers": [{"ModelPackageName": package}], "Tags": tags}
