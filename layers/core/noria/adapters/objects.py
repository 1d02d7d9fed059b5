"""S3 objects for the functions that read data: lines and bytes of an exact version."""

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from noria.kernel.errors import TransientError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

CHUNK = 1024 * 1024


@cache
def _client() -> "S3Client":
    import boto3

    return boto3.client("s3")


def chunks(bucket: str, key: str, version: str | None = None) -> Iterator[bytes]:
    """An object's bytes, one piece at a time.

    Raises:
        TransientError: S3 failed in a way that a later call may not.
    """
    from botocore.exceptions import BotoCoreError

    exact = {"VersionId": version} if version else {}
    try:
        yield from _client().get_object(Bucket=bucket, Key=key, **exact)["Body"].iter_chunks(CHUNK)  # type: ignore[arg-type]
    except BotoCoreError as error:
        raise TransientError(f"cannot read s3://{bucket}/{key}: {error}") from error


def read(bucket: str, key: str, version: str | None = None) -> bytes:
    """A whole object."""
    return b"".join(chunks(bucket, key, version))


def write(bucket: str, key: str, body: bytes, content_type: str) -> None:
    """Put one object; its name is derived from its content's, so writing it again changes nothing."""
    _client().put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)
