"""S3 objects for the functions that read data: lines and bytes of an exact version."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from noria.kernel.errors import TransientError

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

CHUNK = 1024 * 1024
#: Objects that are fetched at the same time: the connections that a client keeps.
AT_ONCE = 10
BUSY = ("SlowDown", "Throttling", "ThrottlingException", "RequestTimeout", "RequestTimeTooSkewed")


@cache
def _client() -> "S3Client":
    import boto3

    return boto3.client("s3")


@contextmanager
def _passing_trouble(what: str) -> Iterator[None]:
    """Connections that break, and answers by which S3 says that it is busy, or failed by itself."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except BotoCoreError as error:
        raise TransientError(f"{what}: {error}") from error
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500 or error.response["Error"]["Code"] in BUSY:
            raise TransientError(f"{what}: {error}") from error
        raise


def chunks(bucket: str, key: str, version: str | None = None) -> Iterator[bytes]:
    """An object's bytes, one piece at a time.

    Raises:
        TransientError: S3 failed in a way that a later call may not.
    """
    exact = {"VersionId": version} if version else {}
    with _passing_trouble(f"cannot read s3://{bucket}/{key}"):
        yield from _client().get_object(Bucket=bucket, Key=key, **exact)["Body"].iter_chunks(CHUNK)  # type: ignore[arg-type]


class ObjectSource:
    """An object, or an exact version of it, as a table's source (`noria.tables.source.Source`)."""

    def __init__(self, bucket: str, key: str, version: str | None = None) -> None:
        self.name, self._bucket, self._key, self._version = key.rsplit("/", 1)[-1], bucket, key, version

    def chunks(self) -> Iterator[bytes]:
        """The object's bytes, one piece at a time.

        Raises:
            TransientError: S3 failed in a way that a later call may not.
        """
        return chunks(self._bucket, self._key, self._version)


def read(bucket: str, key: str, version: str | None = None) -> bytes:
    """A whole object."""
    return b"".join(chunks(bucket, key, version))


def read_all(bucket: str, names: Iterable[str]) -> Iterator[bytes]:
    """Whole objects in the given order, a few fetched at a time.

    Raises:
        TransientError: S3 failed in a way that a later call may not.
    """
    ahead = deque[Future[bytes]]()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for name in names:
            ahead.append(pool.submit(read, bucket, name))
            if len(ahead) == AT_ONCE:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def read_if_there(bucket: str, key: str) -> bytes | None:
    """A whole object, or nothing where there is none."""
    return read(bucket, key) if key in keys(bucket, key, "") else None


def keys(bucket: str, prefix: str, after: str) -> list[str]:
    """Names of objects in their order, from a name on.

    Raises:
        TransientError: S3 failed in a way that a later call may not.
    """
    results: list[str] = []
    with _passing_trouble(f"cannot list s3://{bucket}/{prefix}"):
        for page in _client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, StartAfter=after):
            results += [item["Key"] for item in page.get("Contents", [])]
    return results


def listed(bucket: str, prefix: str) -> list[tuple[str, str]]:
    """Names of objects in their order, each with the tag of its content.

    Raises:
        TransientError: S3 failed in a way that a later call may not.
    """
    results: list[tuple[str, str]] = []
    with _passing_trouble(f"cannot list s3://{bucket}/{prefix}"):
        for page in _client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            results += [(item["Key"], item["ETag"]) for item in page.get("Contents", [])]
    return results


def write(bucket: str, key: str, body: bytes, content_type: str) -> None:
    """Put one object; its name is derived from its content's, so writing it again changes nothing.

    Raises:
        TransientError: S3 failed in a way that a later call may not.
    """
    with _passing_trouble(f"cannot write s3://{bucket}/{key}"):
        _client().put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)


def put(bucket: str, key: str, content: "Path | bytes", content_type: str) -> None:
    """Put one object: bytes, or a local file, in parts where it is large.

    Raises:
        TransientError: S3 failed in a way that a later call may not.
    """
    if isinstance(content, bytes):
        write(bucket, key, content, content_type)
        return
    from boto3.exceptions import S3UploadFailedError

    with _passing_trouble(f"cannot write s3://{bucket}/{key}"):
        try:
            _client().upload_file(str(content), bucket, key, ExtraArgs={"ContentType": content_type})
        except S3UploadFailedError as error:
            raise TransientError(f"cannot write s3://{bucket}/{key}: {error}") from error
