"""The format and the compression of a file, by its content; and what files are that are no tables, with the command that converts them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from typing import IO, TYPE_CHECKING, cast

from noria.kernel.errors import UnreadableDatasetError
from noria.tables.source import CHUNK_BYTES, ByteStream

if TYPE_CHECKING:
    from collections.abc import Iterator

CSV, PARQUET, JSON_LINES, JSON_ARRAY, ARROW_FILE, ARROW_STREAM, EXCEL = "csv", "parquet", "jsonl", "json", "arrow", "arrow stream", "xlsx"
GZIP, BZIP2, ZSTD, XZ = "gzip", "bzip2", "zstd", "xz"
COMPRESSIONS = {b"\x1f\x8b": GZIP, b"BZh": BZIP2, b"\x28\xb5\x2f\xfd": ZSTD, b"\xfd7zXZ\x00": XZ}
MAGIC = {b"PAR1": PARQUET, b"ARROW1": ARROW_FILE, b"\xff\xff\xff\xff": ARROW_STREAM, b"PK\x03\x04": EXCEL}
#: Formats that are named, not read: what they are, and what to do.
OTHERS = {
    b"\xd0\xcf\x11\xe0": "an Excel file in the old format (.xls): save it as .xlsx or CSV",
    b"%PDF": "a PDF: export its table as CSV",
    b"ORC": "an ORC file: convert it with duckdb -c \"COPY (FROM 'file') TO 'file.parquet'\" or Spark",
    b"Obj\x01": "an Avro file: convert it to Parquet with Spark or DuckDB",
    b"SQLite format 3": "an SQLite database: export one table with sqlite3 -csv -header file 'SELECT * FROM …'",
    b"\x89HDF": "an HDF5 file: convert it with pandas.read_hdf(file).to_parquet(…)",
    b"\x80\x04": "a Python pickle, which is not read for safety: write the data as Parquet",
    b"\x80\x05": "a Python pickle, which is not read for safety: write the data as Parquet",
    b"7z\xbc\xaf": "a 7-Zip archive: upload the table that is in it",
    b"Rar!": "a RAR archive: upload the table that is in it",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"GIF8": "an image",
    b"version https://git-lfs": "a pointer of Git LFS, not the data: run git lfs pull",
}
#: What a name's ending promises.
ENDINGS = {".parquet": PARQUET, ".xlsx": EXCEL, ".gz": GZIP, ".bz2": BZIP2, ".zst": ZSTD, ".xz": XZ}
#: A compressed file may expand to so many times its size, once it has so many bytes; and to no more than that at all.
MOST_EXPANSION, FREELY_EXPANDED, MOST_EXPANDED = 200, 256 * 1024**2, 64 * 1024**3
HEAD_BYTES = 256 * 1024


class Opened:
    """A file's bytes, decompressed, with its format.

    Attributes:
        format: of the content.
        compression: of the file, or nothing.
        head: the beginning of the content.
        whole: whether that is all of it.
    """

    def __init__(self, pieces: Iterator[bytes], name: str = "") -> None:
        head, rest = _head(pieces)
        if not head:
            raise UnreadableDatasetError("the file is empty: upload one with a header and rows")
        self.compression = next((name for mark, name in COMPRESSIONS.items() if head.startswith(mark)), "")
        self._rest = rest
        if self.compression:
            head, self._rest = _head(expanded(_joined(head, rest), self.compression))
        self.head, self.whole = head, len(head) < HEAD_BYTES
        self.format = _format(head)
        self._check_name(name.lower())

    def _check_name(self, name: str) -> None:
        """A name that says otherwise than the content: a download that failed, or half a file."""
        for ending, expected in ENDINGS.items():
            if name.endswith(ending) and expected not in (self.format, self.compression):
                raise UnreadableDatasetError(f"its name ends in {ending}, and its content is no {expected}: it is damaged, or has a wrong name")

    def pieces(self) -> Iterator[bytes]:
        """The content from its beginning."""
        return _joined(self.head, self._rest)


def _joined(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    yield from rest


def _head(pieces: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    parts, size = [], 0
    for piece in pieces:
        parts.append(piece)
        size += len(piece)
        if size >= HEAD_BYTES:
            break
    whole = b"".join(parts)
    return whole[:HEAD_BYTES], _joined(whole[HEAD_BYTES:], pieces)


def _format(head: bytes) -> str:
    for mark, name in MAGIC.items():
        if head.startswith(mark):
            return name
    for mark, what in OTHERS.items():
        if head.startswith(mark):
            raise UnreadableDatasetError(f"the file is {what}")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:512]
    lowered = start.lower()
    if lowered.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<body", b"<table")):
        kind = "an HTML page, perhaps a login or an error page of the download" if b"<!doctype html" in lowered or b"<html" in lowered else "an XML file"
        raise UnreadableDatasetError(f"the file is {kind}, no table: download or export the data itself")
    if start[:1] == b"[":
        return JSON_ARRAY
    if start[:1] == b"{":
        return JSON_LINES
    return CSV


def expanded(pieces: Iterator[bytes], compression: str) -> Iterator[bytes]:
    """The content of compressed bytes.

    Raises:
        UnreadableDatasetError: they are damaged, break off, or expand beyond all measure.
    """
    counted = _Counted(pieces)
    try:
        with _opener(ByteStream(counted.chunks()), compression) as opened:
            size = 0
            while piece := opened.read(CHUNK_BYTES):
                size += len(piece)
                if size > MOST_EXPANDED or (size > FREELY_EXPANDED and size > MOST_EXPANSION * counted.size):
                    raise UnreadableDatasetError(
                        f"the {compression} file expands to more than {size // 2**20} MiB from {counted.size // 1024} KiB, as no table does: "
                        "upload it uncompressed if it is one"
                    )
                yield piece
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise UnreadableDatasetError(f"the {compression} file is damaged or breaks off ({str(error).splitlines()[0] if str(error) else error!r})") from error


class _Counted:
    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self.size = pieces, 0

    def chunks(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.size += len(piece)
            yield piece


def _opener(stream: ByteStream, compression: str) -> IO[bytes]:
    buffered = io.BufferedReader(stream, CHUNK_BYTES)
    if compression == GZIP:
        return cast("IO[bytes]", gzip.open(buffered, "rb"))
    if compression == BZIP2:
        return cast("IO[bytes]", bz2.open(buffered, "rb"))
    if compression == XZ:
        return cast("IO[bytes]", lzma.open(buffered, "rb"))
    import pyarrow as pa

    return cast("IO[bytes]", pa.CompressedInputStream(pa.PythonFile(buffered, "r"), "zstd"))
