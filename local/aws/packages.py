"""Unpacked packages and layers of functions: each content once, for all processes that run it.

A process of its own needs nothing but its own working folder; unpacking 200 MB of a layer for each would be most of its start, and of the disk's use.
What was compiled at the first import serves the next process too.
"""

import os
import threading
import zipfile
from collections.abc import Callable
from functools import cache
from hashlib import file_digest
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime

_unpacking = threading.Lock()


def install() -> None:
    """Replace the `zipfile` module where the emulator unpacks what a process runs."""
    lambda_runtime.zipfile = _ZipFiles


class Package(zipfile.ZipFile):
    """An archive that is unpacked by a link to the folder of its content."""

    def extractall(self, path: Any = None, *_: Any, **__: Any) -> None:
        """Make `path`, an empty folder, a link to what the archive holds; the archive itself is not needed again."""
        assert self.filename is not None
        with _unpacking:
            folder = _unpacked(Path(self.filename), super().extractall)
        Path(self.filename).unlink()
        Path(path).rmdir()
        Path(path).symlink_to(folder)


class _ZipFiles:
    """The names of `zipfile` that the emulator uses there."""

    BadZipFile = zipfile.BadZipFile
    LargeFileError = zipfile.LargeZipFile
    ZipFile = Package


@cache
def _home() -> Path:
    folder = Path(os.environ["NORIA_WORK"]) / "packages"
    folder.mkdir(exist_ok=True)
    return folder


def _unpacked(archive: Path, extract: Callable[[Path], None]) -> Path:
    with archive.open("rb") as file:
        folder = _home() / file_digest(file, "sha256").hexdigest()
    if not folder.exists():
        unfinished = folder.with_suffix(".unfinished")
        extract(unfinished)
        unfinished.rename(folder)
    return folder
