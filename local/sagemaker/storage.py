"""S3 objects of jobs and model servers, read and written under their execution role; gzipped tarballs of folders."""

import io
import tarfile
from pathlib import Path

from botocore.exceptions import ClientError

from local.sagemaker.errors import JobFailedError
from local.sagemaker.execution_role import client


def split(uri: str) -> tuple[str, str]:
    """`s3://bucket/key` → bucket and key."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def read(role_arn: str, uri: str) -> bytes:
    """The body of one object.

    Raises:
        JobFailedError: it cannot be read; SageMaker's wording with S3's reason.
    """
    bucket, key = split(uri)
    try:
        body: bytes = client("s3", role_arn).get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        raise _download_error(uri, error) from error
    return body


def keys(role_arn: str, uri: str) -> list[str]:
    """Keys under a prefix, in order.

    Raises:
        JobFailedError: there are none, or the role may not list them.
    """
    bucket, prefix = split(uri)
    try:
        pages = client("s3", role_arn).get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        listing = [item["Key"] for page in pages for item in page.get("Contents", []) if not item["Key"].endswith("/")]
    except ClientError as error:
        raise _download_error(uri, error) from error
    if not listing:
        raise JobFailedError(
            f'ClientError: Data download failed:No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that the '
            "bucket exists in the selected region, that objects exist under that S3 prefix, and that the role has s3:ListBucket permissions"
        )
    return listing


def write(role_arn: str, uri: str, body: bytes) -> None:
    """Put one object.

    Raises:
        JobFailedError: S3 refuses it; with S3's reason.
    """
    bucket, key = split(uri)
    try:
        client("s3", role_arn).put_object(Bucket=bucket, Key=key, Body=body)
    except ClientError as error:
        raise JobFailedError(f"ClientError: Artifact upload failed:{error.response['Error']['Message']}, S3 URL {uri}") from error


def download(role_arn: str, uri: str, folder: Path) -> None:
    """Download every object under a prefix to its path relative to the prefix.

    Raises:
        JobFailedError: an object cannot be read, or its key leads out of the folder.
    """
    bucket, prefix = split(uri)
    base = prefix if prefix.endswith("/") else prefix.rpartition("/")[0]
    listing = keys(role_arn, uri)
    if any(key.startswith(prefix.rstrip("/") + "/") for key in listing):
        base = prefix.rstrip("/")
    for key in listing:
        target = (folder / key.removeprefix(base).lstrip("/")).resolve()
        if not target.is_relative_to(folder.resolve()):
            raise JobFailedError(f"ClientError: Data download failed:the key {key} leads out of its channel")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(read(role_arn, f"s3://{bucket}/{key}"))


def unpack(archive: bytes, folder: Path) -> None:
    """Extract a gzipped tarball into a folder.

    Raises:
        JobFailedError: the archive is none.
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


def _download_error(uri: str, error: ClientError) -> JobFailedError:
    return JobFailedError(f"ClientError: Data download failed:{error.response['Error'].get('Message')}, S3 URL {uri}")
