"""Reads files of any size in batches of rows: CSV of any dialect, Parquet, JSON Lines, also compressed."""

import bz2
import csv
import gzip
import io
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet

from noria.kernel.errors import UnreadableDatasetError
from noria.kernel.values import EMPTY

#: Rows of one batch; a profile takes the memory of a few batches, whatever the file's size.
BATCH_ROWS = 131_072
BLOCK_BYTES = 4 * 1024 * 1024
#: The beginning of a CSV that shows its dialect and encoding (bytes).
SNIFFED_BYTES = 64 * 1024
DELIMITERS = ",;\t|"
PARQUET, JSON_LINES = ".parquet", (".jsonl", ".ndjson", ".json")
OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


def batches(path: Path) -> Iterator[pa.RecordBatch]:
    """A file's rows in batches; in text formats every value is text.

    Raises:
        UnreadableDatasetError: it is none of the formats, or breaks off.
    """
    try:
        yield from _batches(path, *_format(path))
    except (pa.ArrowException, OSError, EOFError, UnicodeDecodeError, csv.Error, lzma.LZMAError) as error:
        fault = "its first lines are no CSV of any dialect" if isinstance(error, csv.Error) else str(error).splitlines()[0]
        raise UnreadableDatasetError(f"cannot read {path}: {fault}") from error


def is_plain(path: Path) -> bool:
    """Whether a file is CSV in UTF-8 with commas and not compressed, by its name and beginning."""
    kind, packed = _format(path)
    if packed or kind in (PARQUET, *JSON_LINES):
        return False
    with path.open("rb") as opened:
        encoding, delimiter, _ = _dialect(opened.read(SNIFFED_BYTES))
    return encoding == "utf-8" and delimiter == ","


def _format(path: Path) -> tuple[str, str]:
    """The format and the compression of a file, by the endings of its name."""
    name = path.name.lower()
    packed = next((suffix for suffix in OPENERS if name.endswith(suffix)), "")
    return Path(name.removesuffix(packed)).suffix, packed


def _batches(path: Path, kind: str, packed: str) -> Iterator[pa.RecordBatch]:
    if kind == PARQUET:
        words = [field.name for field in pa.parquet.read_schema(path) if pa.types.is_string(field.type)]
        file = pa.parquet.ParquetFile(path, pre_buffer=False, read_dictionary=words)
        yield from file.iter_batches(BATCH_ROWS, use_threads=False)
        if not file.metadata.num_rows:
            yield pa.RecordBatch.from_pylist([], file.schema_arrow)
        return
    with OPENERS[packed](path, "rb") if packed else path.open("rb") as opened:
        stream = cast("IO[bytes]", opened)
        yield from _json(stream) if kind in JSON_LINES else _csv(stream)


def _json(stream: IO[bytes]) -> Iterator[pa.RecordBatch]:
    with pa.json.open_json(stream, read_options=pa.json.ReadOptions(use_threads=False, block_size=BLOCK_BYTES)) as reader:
        yield from reader


def _csv(stream: IO[bytes]) -> Iterator[pa.RecordBatch]:
    head = stream.read(SNIFFED_BYTES)
    if not head.strip():
        raise UnreadableDatasetError("the file is empty: its first line must name the columns")
    encoding, delimiter, text = _dialect(head)
    records = csv.reader(io.StringIO(text), delimiter=delimiter)
    names = next(records)
    if len(head) < SNIFFED_BYTES and next(records, None) is None:
        yield pa.RecordBatch.from_pylist([], pa.schema([(name, pa.string()) for name in names]))
        return
    convert = pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), null_values=list(EMPTY), strings_can_be_null=True)
    with pa.csv.open_csv(
        _Joined(head, stream),
        read_options=pa.csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES, encoding=encoding),
        parse_options=pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=convert,
    ) as reader:
        yield from reader


class _Joined(io.RawIOBase):
    """The beginning of a stream that was read already, then its rest."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._head[: len(buffer)] or self._rest.read(len(buffer))
        self._head = self._head[len(piece) :]
        buffer[: len(piece)] = piece
        return len(piece)


def _dialect(head: bytes) -> tuple[str, str, str]:
    """The encoding of a CSV (UTF-8, UTF-16 by its mark, else Latin-1, which reads everything), its delimiter, and the whole lines of its beginning."""
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    if encoding == "utf-8":
        try:
            head[: head.rfind(b"\n") + 1 or None].decode("utf-8")
        except UnicodeDecodeError:
            encoding = "latin-1"
    text = head.decode(encoding, errors="ignore").removeprefix("\ufeff")
    whole = text if len(head) < SNIFFED_BYTES else text[: text.rfind("\n")]
    return encoding, _delimiter(whole), whole


def _delimiter(text: str) -> str:
    """The delimiter of the first line; a comma where there is none."""
    line = text.split("\n", 1)[0]
    return max(DELIMITERS, key=lambda mark: (len(next(csv.reader([line], delimiter=mark), [])), mark == ","))
