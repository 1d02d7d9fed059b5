"""Finds a version in the model registry by its ARN, or by model and number."""

from cli.base.errors import CliError
from cli.base.session import Session


def version_arn(session: Session, version: str) -> str:
    """The ARN of a version.

    Args:
        version: its ARN, or model and number: `churn/3`.

    Raises:
        CliError: the text is neither, or the model has no such version; the message lists those there are.
    """
    if version.startswith("arn:"):
        return version
    model, _, number = version.partition("/")
    if not number.isdecimal():
        raise CliError(f"found {version!r}, expected a version's ARN, or model and number: churn/3")
    arns = _versions(session, f"{session.prefix}-{model}")
    if number not in arns:
        raise CliError(f"{model} has no version {number}; those there are: {', '.join(sorted(arns, key=int)) or 'none'}")
    return arns[number]


def newest_version(session: Session, arn: str) -> str:
    """The ARN of the newest version in the group of a version."""
    versions = _versions(session, arn.rsplit("/", 2)[-2])
    return versions[max(versions, key=int)]


def _versions(session: Session, group: str) -> dict[str, str]:
    """The ARNs of a group's versions by their numbers."""
    pages = session.sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=group)
    return {str(summary["ModelPackageVersion"]): summary["ModelPackageArn"] for page in pages for summary in page["ModelPackageSummaryList"]}
