"""Uploads a file for a model, once for the same content and spec."""

import time
from dataclasses import dataclass
from pathlib import Path

from cli.base import ledger
from cli.base.errors import CliError
from cli.base.records import Dataset
from cli.base.session import Session
from cli.data import content as contents
from cli.data import parts
from cli.data.content import Content
from noria.data.contract import is_model_name
from noria.kernel import lake

#: Larger files are sent in parts (bytes).
LARGE_BYTES = 64 * 1024**2
#: The metadata by which an object names the quarantined dataset that it corrects.
CORRECTS = "noria-corrects"


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


def upload(session: Session, model: str, file: Path, force: bool = False, watch: parts.Watch = parts.unwatched, corrects: str | None = None) -> Upload:
    """Put a file under `incoming/<model>/`; a large one in parts, of which those are not sent again that an earlier attempt has sent.

    Args:
        force: send content again that is known for the published spec.
        watch: is given each step of a large file's way.
        corrects: the id of the quarantined dataset of which this file is a corrected copy.

    Raises:
        CliError: there is no such file, it is too large, it changes meanwhile, or nobody has published this model.
    """
    if not is_model_name(model):
        raise CliError(f"found {model!r}, expected the name of a model: lower-case letters, digits and dashes, a letter first, at most 24")
    content = contents.read(file)
    bucket, key = session.outputs["LakeBucket"], lake.incoming(model, file.name)
    record = ledger.read(session, model)
    spec, at = record.published()["id"], time.time()
    known = next((dataset["time"] for dataset in record.datasets if has_content(dataset, content.digest, spec) and not _waits_for_its_run(dataset)), None)
    if known and not force:
        return Upload(model, content.digest, bucket, key, at, None, sent=False, known=known)
    metadata = {CORRECTS: corrects} if corrects else {}
    if content.size > LARGE_BYTES:
        version = parts.send(session.s3, bucket, key, content, metadata, watch)
    else:
        version = _put(session, bucket, key, content, metadata)
    return Upload(model, content.digest, bucket, key, at, version, sent=True, known=known)


def _put(session: Session, bucket: str, key: str, content: Content, metadata: dict[str, str]) -> str | None:
    """Send a small file at once; the version of the object."""
    body = content.read()
    content.check_unchanged()
    return session.s3.put_object(Bucket=bucket, Key=key, Body=body, Metadata=metadata).get("VersionId")


def _waits_for_its_run(dataset: Dataset) -> bool:
    """Whether no run has taken a dataset that shall have one: sent again, it is announced again, and taken once."""
    return dataset["status"] == "accepted" and dataset["train"] and not dataset["claims"]


def has_content(dataset: Dataset, digest: str, spec: str | None) -> bool:
    """Whether a dataset has this content, judged by this spec."""
    return bool(dataset["digest"] == digest and dataset["spec"] == spec)
