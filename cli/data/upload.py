"""Uploads a file for a model, once for the same content and spec."""

import os
import time
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

from cli.base import files, ledger
from cli.base.errors import CliError
from cli.base.records import Dataset
from cli.base.session import Session
from noria.data.contract import is_model_name

GIB = 1024**3
#: The most that S3 takes in one request (bytes).
MOST_BYTES = 5 * GIB


@dataclass(frozen=True)
class Upload:
    """One upload.

    Attributes:
        digest: SHA-256 of the content.
        at: when the upload began (seconds since the epoch).
        version: of the object in S3; nothing where the content was known.
        sent: whether the content was sent; content that is known for the published spec is not.
    """

    model: str
    digest: str
    bucket: str
    key: str
    at: float
    version: str | None
    sent: bool


def upload(session: Session, model: str, file: Path, force: bool = False) -> Upload:
    """Put a file under `incoming/<model>/`.

    Args:
        force: send content again that is known for the published spec.

    Raises:
        CliError: there is no such file, it is too large, or nobody has published this model.
    """
    if not is_model_name(model):
        raise CliError(f"found {model!r}, expected the name of a model: lower-case letters, digits and dashes, a letter first, at most 24")
    digest = _digest(file)
    bucket, key = session.outputs["LakeBucket"], f"incoming/{model}/{file.name}"
    record = ledger.read(session, model)
    spec, at = record.published()["id"], time.time()
    if not force and any(has_content(dataset, digest, spec) for dataset in record.datasets):
        return Upload(model, digest, bucket, key, at, None, sent=False)
    with file.open("rb") as body:
        response = session.s3.put_object(Bucket=bucket, Key=key, Body=body)
    return Upload(model, digest, bucket, key, at, response.get("VersionId"), sent=True)


def has_content(dataset: Dataset, digest: str, spec: str | None) -> bool:
    """Whether a dataset has this content, judged by this spec."""
    return bool(dataset["digest"] == digest and dataset["spec"] == spec)


def _digest(file: Path) -> str:
    try:
        with files.existing(file).open("rb") as body:
            size, digest = os.fstat(body.fileno()).st_size, file_digest(body, "sha256").hexdigest()
    except OSError as error:
        raise CliError(f"cannot read {file}: {error.strerror}") from error
    if size > MOST_BYTES:
        raise CliError(f"{file} has {size / GIB:.1f} GiB, S3 takes {MOST_BYTES // GIB} in one upload; send it in parts")
    return digest
