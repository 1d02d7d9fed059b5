"""Objects that jobs and servers read and write, always under the role that the request named."""

import io
import tarfile
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from ministack.core.responses import get_region

from local.aws import roles
from local.sagemaker.errors import JobFailedError

SAGEMAKER = "sagemaker.amazonaws.com"


def client(api: str, role_arn: str) -> Any:
    """A client of the gateway under a job's execution role.

    Raises:
        JobFailedError: the role does not trust SageMaker.
    """
    session(role_arn)
    return roles.client(api, role_arn, SAGEMAKER, get_region())


def session(role_arn: str) -> roles.RoleSession:
    """SageMaker's session of a job's execution role.

    Raises:
        JobFailedError: the role does not trust SageMaker.
    """
    try:
        return roles.assume(role_arn, SAGEMAKER)
    except roles.RoleNotAssumableError as error:
        raise JobFailedError(f"ClientError: {error}") from error


def split(uri: str) -> tuple[str, str]:
    """`s3://bucket/key` → bucket and key."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def read(role_arn: str, uri: str) -> bytes:
    """One object.

    Raises:
        JobFailedError: as SageMaker words it, with S3's own reason.
    """
    bucket, key = split(uri)
    try:
        body: bytes = client("s3", role_arn).get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        raise _unreadable(uri, error) from error
    return body


def keys(role_arn: str, uri: str) -> list[str]:
    """Keys under a prefix, in order.

    Raises:
        JobFailedError: there are none, or they may not be listed.
    """
    bucket, prefix = split(uri)
    try:
        pages = client("s3", role_arn).get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        found = [item["Key"] for page in pages for item in page.get("Contents", []) if not item["Key"].endswith("/")]
    except ClientError as error:
        raise _unreadable(uri, error) from error
    if not found:
        raise JobFailedError(
            f'ClientError: Data download failed:No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that the '
            "bucket exists in the selected region, that objects exist under that S3 prefix, and that the role has s3:ListBucket permissions"
        )
    return found


def write(role_arn: str, uri: str, body: bytes) -> None:
    """Raises JobFailedError with S3's own reason when it is refused."""
    bucket, key = split(uri)
    try:
        client("s3", role_arn).put_object(Bucket=bucket, Key=key, Body=body)
    except ClientError as error:
        raise JobFailedError(f"ClientError: Artifact upload failed:{error.response['Error']['Message']}, S3 URL {uri}") from error


def download(role_arn: str, uri: str, folder: Path) -> None:
    """Every object under a prefix, at its path relative to it."""
    bucket, prefix = split(uri)
    base = prefix if prefix.endswith("/") else prefix.rpartition("/")[0]
    found = keys(role_arn, uri)
    if any(key.startswith(prefix.rstrip("/") + "/") for key in found):
        base = prefix.rstrip("/")
    for key in found:
        target = (folder / key.removeprefix(base).lstrip("/")).resolve()
        if not target.is_relative_to(folder.resolve()):
            raise JobFailedError(f"ClientError: Data download failed:the key {key} leads out of its channel")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(read(role_arn, f"s3://{bucket}/{key}"))


def unpack(archive: bytes, folder: Path) -> None:
    """A gzipped tarball, into a folder.

    Raises:
        JobFailedError: it is none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
            tar.extractall(folder, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise JobFailedError(f"ClientError: cannot unpack the archive: {error}") from error


def pack(folder: Path) -> bytes:
    """A folder's content as a gzipped tarball."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for path in sorted(folder.rglob("*")):
            tar.add(path, arcname=str(path.relative_to(folder)), recursive=False)
    return buffer.getvalue()


def _unreadable(uri: str, error: ClientError) -> JobFailedError:
    return JobFailedError(f"ClientError: Data download failed:{error.response['Error'].get('Message')}, S3 URL {uri}")
