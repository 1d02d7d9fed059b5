"""The execution role of a job or a model: SageMaker's session of it, clients under it, and its credentials for a container."""

from typing import Any

from ministack.core.responses import get_region

from local.aws import roles
from local.sagemaker.errors import JobFailedError

SAGEMAKER = "sagemaker.amazonaws.com"


def session(role_arn: str) -> roles.RoleSession:
    """SageMaker's session of a role.

    Raises:
        JobFailedError: the role does not trust SageMaker.
    """
    try:
        return roles.assume(role_arn, SAGEMAKER)
    except roles.RoleNotAssumableError as error:
        raise JobFailedError(f"ClientError: {error}") from error


def client(api: str, role_arn: str) -> roles.Client:
    """A client of the gateway under a role.

    Raises:
        JobFailedError: the role does not trust SageMaker.
    """
    session(role_arn)
    return roles.client(api, role_arn, SAGEMAKER, get_region())


def environment(role_arn: str) -> dict[str, Any]:
    """Environment variables by which an AWS SDK inside a container finds the role, the region and the gateway.

    Raises:
        JobFailedError: the role does not trust SageMaker.
    """
    credentials, region = session(role_arn), get_region()
    return {
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        "AWS_SESSION_TOKEN": credentials.token,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ENDPOINT_URL": roles.gateway_url(),
    }
