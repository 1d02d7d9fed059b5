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
from noria.data import policy
from noria.data.contract import is_model_name


@dataclass(frozen=True)
class Upload:
    """One upload.

    Attributes:
        digest: SHA-256 of the content.
        at: when the upload began (seconds since the epoch).
        version: of the object in S3; nothing where the content was known.
        sent: whether the content was sent; content that is known for the published spec is only where it is forced.
        known: when the content was accepted before, for the published spec; nothing where it is new.
    """

    model: str
    digest: str
    bucket: str
    key: str
    at: float
    version: str | None
    sent: bool
    known: str | None = None


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
    known = next((dataset["time"] for dataset in record.datasets if has_content(dataset, digest, spec) and not _waits_for_its_run(dataset)), None)
    if known and not force:
        return Upload(model, digest, bucket, key, at, None, sent=False, known=known)
    with file.open("rb") as body:
        response = session.s3.put_object(Bucket=bucket, Key=key, Body=body)
    return Upload(model, digest, bucket, key, at, response.get("VersionId"), sent=True, known=known)


def _waits_for_its_run(dataset: Dataset) -> bool:
    """Whether no run has taken a dataset that shall have one: sent again, it is announced again, and taken once."""
    return dataset["status"] == "accepted" and dataset["train"] and not dataset["claims"]


def has_content(dataset: Dataset, digest: str, spec: str | None) -> bool:
    """Whether a dataset has this content, judged by this spec."""
    return bool(dataset["digest"] == digest and dataset["spec"] == spec)


def _digest(file: Path) -> str:
    try:
        with files.existing(file).open("rb") as body:
            size, digest = os.fstat(body.fileno()).st_size, file_digest(body, "sha256").hexdigest()
    except OSError as error:
        raise CliError(f"cannot read {file}: {error.strerror}") from error
    if size > policy.MOST_BYTES:
        raise CliError(f"{file} was not sent: {policy.too_large(size)}")
    return digest
