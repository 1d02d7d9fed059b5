"""Sends a large file in parts, several at a time, and goes on where an earlier attempt broke off.

Parts are compared by SHA-256, which S3 checks as it takes them and lists afterwards; the ETag of what a KMS key encrypts is no digest.
"""

import base64
import hashlib
import io
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from cli.base.errors import CliError
from cli.data.content import Content

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

#: Size of a part (bytes), and parts that are on their way at once.
PART_BYTES, PARALLEL = 16 * 1024**2, 4
#: How long S3 holds the parts of an upload that is not finished: the lake's lifecycle rule (days).
DAYS = 7


@dataclass(frozen=True)
class Sending:
    """How far an upload is.

    Attributes:
        sent: bytes that S3 has, of `size`.
        parts: parts that S3 has, of `of`.
        before: parts that an earlier attempt had sent.
    """

    sent: int
    size: int
    parts: int
    of: int
    before: int


#: Is given each step of an upload; called in the thread that sends.
Watch = Callable[[Sending], None]


def unwatched(_: Sending) -> None:
    """Nobody looks."""


@dataclass
class PartedUpload:
    """One multipart upload of a file to a key; `there` are the parts that S3 has, by number."""

    s3: "S3Client"
    bucket: str
    key: str
    content: Content
    id: str = ""
    there: dict[int, Any] = field(default_factory=dict)

    @property
    def of(self) -> int:
        return -(-self.content.size // PART_BYTES)

    @property
    def place(self) -> dict[str, Any]:
        return {"Bucket": self.bucket, "Key": self.key, "UploadId": self.id}

    def part(self, number: int) -> bytes:
        """The bytes of a part; the first has number 1."""
        return self.content.read((number - 1) * PART_BYTES, PART_BYTES)

    def size_of(self, number: int) -> int:
        return max(0, min(PART_BYTES, self.content.size - (number - 1) * PART_BYTES))


def send(s3: "S3Client", bucket: str, key: str, content: Content, metadata: dict[str, str], watch: Watch) -> str | None:
    """Send a file in parts; parts of it that an unfinished upload to the same key holds are not sent again.

    Returns:
        The version of the object.

    Raises:
        CliError: the file has changed meanwhile, the connection broke off, or another command has ended this very upload.
    """
    upload = _earlier(s3, bucket, key, content)
    if upload is None:
        begun = s3.create_multipart_upload(Bucket=bucket, Key=key, Metadata=metadata, ChecksumAlgorithm="SHA256")
        upload = PartedUpload(s3, bucket, key, content, begun["UploadId"])
    try:
        _send_missing(upload, watch)
        _check_unchanged(upload)
        parts = [upload.there[number] for number in sorted(upload.there)]
        return s3.complete_multipart_upload(**upload.place, MultipartUpload={"Parts": parts}).get("VersionId")
    except BotoCoreError as error:
        raise CliError(f"{content.path} was not sent whole: {error}; {going_on(len(upload.there), upload.of)}") from error
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchUpload":
            raise
        raise CliError(f"another command has finished or ended the upload of {key} meanwhile; run this one again, which sends only what is missing") from error


def going_on(parts: int, of: int) -> str:
    """What to do after an upload that broke off."""
    return f"S3 holds {parts} of {of} parts for {DAYS} days: run the same command again, which sends the others"


def _earlier(s3: "S3Client", bucket: str, key: str, content: Content) -> PartedUpload | None:
    """The unfinished upload of this content to this key that has most parts; one with a part of another content is somebody else's."""
    pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=key)
    ids = [entry["UploadId"] for page in pages for entry in page.get("Uploads", []) if entry["Key"] == key]
    uploads = [upload for id_ in ids if _has_own_parts(upload := PartedUpload(s3, bucket, key, content, id_))]
    return max(uploads, key=lambda upload: len(upload.there), default=None)


def _has_own_parts(upload: PartedUpload) -> bool:
    """Whether S3 holds parts of it, all of them of its content; they are noted in `there`."""
    for part in _listed(upload):
        number = part["PartNumber"]
        if part["Size"] != upload.size_of(number) or not _is_equal(part, upload.part(number)):
            return False
        upload.there[number] = {name: part[name] for name in ("PartNumber", "ETag", "ChecksumSHA256") if name in part}
    return bool(upload.there)


def _listed(upload: PartedUpload) -> Iterator[Any]:
    for page in upload.s3.get_paginator("list_parts").paginate(**upload.place):
        yield from page.get("Parts", [])


def _is_equal(part: Any, body: bytes) -> bool:
    if "ChecksumSHA256" in part:
        return bool(part["ChecksumSHA256"] == _checksum(body))
    return bool(part["ETag"].strip('"') == hashlib.md5(body, usedforsecurity=False).hexdigest())


def _checksum(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def _send_missing(upload: PartedUpload, watch: Watch) -> None:
    before, stop = len(upload.there), threading.Event()

    def step() -> None:
        watch(Sending(sum(map(upload.size_of, upload.there)), upload.content.size, len(upload.there), upload.of, before))

    step()
    with ThreadPoolExecutor(PARALLEL) as pool:
        parts = [pool.submit(_send_part, upload, number, stop) for number in range(1, upload.of + 1) if number not in upload.there]
        try:
            for part in as_completed(parts):
                upload.there[part.result()["PartNumber"]] = part.result()
                step()
        finally:
            # What is still on its way is given up, so that an interrupted command ends at once.
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)


def _send_part(upload: PartedUpload, number: int, stop: threading.Event) -> dict[str, Any]:
    body = upload.part(number)
    checksum = _checksum(body)
    answer = upload.s3.upload_part(**upload.place, PartNumber=number, Body=_Body(body, stop), ChecksumSHA256=checksum)
    return {"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": checksum}


class _StoppedError(BaseException):
    """The command ends; no handler of a failed request shall try again."""


class _Body(io.BytesIO):
    """The bytes of a part, which break off when the command ends."""

    def __init__(self, body: bytes, stop: threading.Event) -> None:
        super().__init__(body)
        self._stop = stop

    def read(self, size: int | None = -1, /) -> bytes:
        if self._stop.is_set():
            raise _StoppedError
        return super().read(size)


def _check_unchanged(upload: PartedUpload) -> None:
    try:
        upload.content.check_unchanged()
    except CliError:
        upload.s3.abort_multipart_upload(**upload.place)
        raise
