"""The content of a file to send: its digest and size, and whether the file is still as it was."""

import os
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

from cli.base import files
from cli.base.errors import CliError
from noria.data import policy


@dataclass(frozen=True)
class Content:
    """A file as it was when it was read first.

    Attributes:
        digest: SHA-256 of the content.
        size: in bytes.
        modified: when the file was last written (nanoseconds since the epoch).
    """

    path: Path
    digest: str
    size: int
    modified: int

    def read(self, begin: int = 0, size: int = -1) -> bytes:
        """Some of the bytes, or all of them.

        Raises:
            CliError: the file cannot be read any more.
        """
        try:
            with self.path.open("rb") as body:
                body.seek(begin)
                return body.read(size)
        except OSError as error:
            raise self._gone(error) from error

    def check_unchanged(self) -> None:
        """Refuse a file that was written to since its digest was taken.

        Raises:
            CliError: it was, or it is gone.
        """
        try:
            now = self.path.stat()
        except OSError as error:
            raise self._gone(error) from error
        if (now.st_size, now.st_mtime_ns) != (self.size, self.modified):
            sizes = f"{self.size:,} bytes when it began, {now.st_size:,} now"
            raise CliError(f"{self.path} changed while it was sent ({sizes}), so nothing of it was ingested; send it again when nothing writes to it any more")

    def _gone(self, error: OSError) -> CliError:
        return CliError(f"cannot read {self.path} any more: {error.strerror}; nothing of it was ingested")


def read(file: Path) -> Content:
    """The content of a file to upload.

    Raises:
        CliError: there is no such file, or it is larger than what is ingested.
    """
    try:
        with files.existing(file).open("rb") as body:
            before, digest = os.fstat(body.fileno()), file_digest(body, "sha256").hexdigest()
    except OSError as error:
        raise CliError(f"cannot read {file}: {error.strerror}") from error
    if before.st_size > policy.MOST_BYTES:
        raise CliError(f"{file} was not sent: {policy.too_large(before.st_size)}")
    return Content(file, digest, before.st_size, before.st_mtime_ns)
