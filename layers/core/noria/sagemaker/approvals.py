"""Approvals and rejections of versions in SageMaker's model registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_sagemaker.type_defs import UpdateModelPackageInputTypeDef


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
    return {"ModelPackageArn": package, "ModelApprovalStatus": "Rejected", "ApprovalDescription": description}
