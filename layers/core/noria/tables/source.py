"""Where a table's bytes come from: read once, hashed on the way, and kept in a temporary file where a format needs random access."""

from __future__ import annotations

import io
import tempfile
from hashlib import sha256
from typing import IO, TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

#: Bytes of one read of a local file.
CHUNK_BYTES = 1024 * 1024


class Source(Protocol):
    """The bytes of one file or object; `name` is what messages call it."""

    name: str

    def chunks(self) -> Iterator[bytes]:
        """The bytes from the beginning, a piece at a time."""


class FileSource:
    """A local file."""

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, path.name

    def chunks(self) -> Iterator[bytes]:
        with self.path.open("rb") as opened:
            yield from iter(lambda: opened.read(CHUNK_BYTES), b"")


class BytesSource:
    """Bytes in memory, whole or in pieces."""

    def __init__(self, pieces: bytes | Iterable[bytes], name: str = "the file") -> None:
        self.name, self._pieces = name, [pieces] if isinstance(pieces, bytes) else pieces

    def chunks(self) -> Iterator[bytes]:
        return iter(self._pieces)


class HashedSource:
    """A source that counts and hashes what is read of it; `finish` reads the rest.

    Attributes:
        size: bytes that were read; all of them after `finish`.
    """

    def __init__(self, source: Source) -> None:
        self.name, self._source, self._hash, self.size = source.name, source, sha256(), 0
        self._pieces: Iterator[bytes] | None = None

    def chunks(self) -> Iterator[bytes]:
        """The bytes that were not read yet."""
        self._pieces = self._pieces or self._source.chunks()
        for piece in self._pieces:
            self._hash.update(piece)
            self.size += len(piece)
            yield piece

    def finish(self) -> str:
        """The SHA-256 of the content."""
        for _ in self.chunks():
            pass
        return self._hash.hexdigest()


class ByteStream(io.RawIOBase):
    """A stream over pieces of bytes: what decoders and Arrow's readers take."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def spooled(pieces: Iterator[bytes]) -> IO[bytes]:
    """A temporary file with these bytes, at its beginning; it vanishes when it is closed."""
    # Its reader closes it: the table is read while batches are asked for.
    file = tempfile.TemporaryFile()  # noqa: SIM115
    for piece in pieces:
        file.write(piece)
    file.seek(0)
    return file
