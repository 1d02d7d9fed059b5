"""Opens a table of any format: its column names, and its rows in batches."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import IO, Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet

from noria.kernel.errors import UnreadableDatasetError
from noria.tables import formats, rows
from noria.tables.batch import Batch, Ragged
from noria.tables.dialect import SINGLE_BYTE, Dialect, header_of, sniff
from noria.tables.source import ByteStream, FileSource, Source, spooled
from noria.tables.text import LONGEST_ROW, EncodingError, Text

#: Rows of one batch; reading takes the memory of a few batches, whatever the file's size.
BATCH_ROWS = 131_072
#: Arrow reads some thirty blocks ahead.
BLOCK_BYTES = 2 * LONGEST_ROW
#: Blocks of fewer rows are put together.
LEAST_ROWS = 65_536
MOST_COLUMNS = rows.MOST_COLUMNS
#: Largest row group of a Parquet file, and largest batch of an Arrow file, as it is in memory (bytes).
LARGEST_GROUP = 1024**3
#: The allocator's unused memory is given back every so many batches: else a longer file takes more memory.
RELEASED = 2


@dataclass(frozen=True)
class Options:
    """What is declared of a file; what is not is read off it.

    Attributes:
        csv: fields of `noria.tables.dialect.Dialect` by name.
        sheet: of a workbook.
    """

    csv: Mapping[str, str] = field(default_factory=dict)
    sheet: str | None = None


#: Nothing is declared.
UNDECLARED = Options()


@dataclass
class Table:
    """An opened table.

    Attributes:
        names: of the columns; those of JSON grow while its rows are read.
        format: of the file (`noria.tables.formats`).
        compression: of the file, or nothing.
        dialect: of a CSV.
        file: that the table is read from, where the format needs random access.
        is_text: whether the values are texts.
    """

    names: list[str]
    batches: Iterator[Batch]
    format: str
    compression: str = ""
    dialect: Dialect = field(default_factory=Dialect)
    file: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file that the table is read from, where it has one of its own."""
        self.batches.close()  # type: ignore[attr-defined]
        if self.file is not None:
            self.file.close()

    @property
    def is_text(self) -> bool:
        return self.format not in (formats.PARQUET, formats.ARROW_FILE, formats.ARROW_STREAM)


def open_table(source: Source, options: Options = UNDECLARED) -> Table:
    """Open a table; its rows are read while batches are asked for.

    Raises:
        UnreadableDatasetError: it is none of the formats, its header is broken, or it is too wide. Reading its batches raises it where
            the file breaks off or is damaged, with the place.
    """
    with ExitStack() as files:
        with _reading(source.name):
            opened = formats.Opened(source.chunks(), source.name)
            table = _open(opened, source, options, files)
            _check_names(table.names)
        table.batches = _guarded(table.batches, source.name)
        table.file = files.pop_all()
    return table


def _open(opened: formats.Opened, source: Source, options: Options, files: ExitStack) -> Table:
    if opened.format == formats.CSV:
        return _csv(opened, options)
    if opened.format == formats.PARQUET:
        return _parquet(opened, files.enter_context(_seekable(opened, source)))
    if opened.format == formats.ARROW_STREAM:
        return _arrow(pa.ipc.open_stream(pa.PythonFile(io.BufferedReader(ByteStream(opened.pieces())), "r")), opened)
    if opened.format == formats.ARROW_FILE:
        return _arrow(pa.ipc.open_file(pa.PythonFile(files.enter_context(_seekable(opened, source)), "r")), opened)
    names: list[str] = []
    if opened.format == formats.EXCEL:
        batches = rows.batches(rows.workbook(files.enter_context(_seekable(opened, source)), options.sheet), names)
    else:
        read = rows.json_array if opened.format == formats.JSON_ARRAY else rows.json_lines
        batches = rows.batches(read(opened.pieces()), names)
    first = next(batches, None)
    return Table(names, chain([first] if first else [], batches), opened.format, opened.compression)


def _csv(opened: formats.Opened, options: Options) -> Table:
    dialect, text = sniff(opened.head, opened.whole, dict(options.csv))
    names, before = header_of(text, dialect)
    names = [name.strip() for name in names]
    if not any(names):
        raise UnreadableDatasetError("the file has no header: its first line must name the columns")
    while names and not names[-1] and names.count("") == 1 and len(names) > 1:
        # A delimiter at the end of every line: the last column has no name.
        names = [*names[:-1], f"column_{len(names)}"]
    return Table(names, _csv_batches(opened.pieces(), dialect, names, before), opened.format, opened.compression, dialect)


def _csv_batches(pieces: Iterator[bytes], dialect: Dialect, names: list[str], before: int) -> Iterator[Batch]:
    lines = Text(pieces, dialect, before).pieces()
    first = next(lines, None)
    if first is None:
        return
    ragged: list[Ragged] = []
    # The header is row 1, and lines before it are rows of their own.
    offset = dialect.skip + 1

    def skip(row: Any) -> str:
        if row.text.strip("\r\n"):
            ragged.append(Ragged(row.number + offset, row.actual_columns, row.text))
        else:
            ragged.append(Ragged(row.number + offset, 0, ""))
        return "skip"

    kinds = dict.fromkeys(names, pa.string())
    number = offset
    with pa.csv.open_csv(
        pa.PythonFile(io.BufferedReader(ByteStream(chain([first], lines)), BLOCK_BYTES), "r"),
        read_options=pa.csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES, column_names=names),
        parse_options=pa.csv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char=dialect.quote or False,
            newlines_in_values=bool(dialect.quote),
            ignore_empty_lines=False,
            invalid_row_handler=skip,
        ),
        convert_options=pa.csv.ConvertOptions(column_types=kinds, null_values=[], strings_can_be_null=False),
    ) as reader:
        for read in _put_together(reader):
            numbers = _numbered(number, read.num_rows, ragged)
            number = int(numbers[-1]) if len(numbers) else number
            yield _without_blank(Batch(read, numbers, _taken(ragged, number)))
        if rest := _taken(ragged, None):
            yield Batch(pa.RecordBatch.from_pylist([], pa.schema(list(kinds.items()))), np.empty(0, np.int64), rest)


def _put_together(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    parts, rows = list[pa.RecordBatch](), 0
    for batch in batches:
        parts.append(batch)
        rows += batch.num_rows
        if rows >= LEAST_ROWS:
            yield pa.concat_batches(parts)
            parts, rows = [], 0
    if parts:
        yield pa.concat_batches(parts)


def _taken(ragged: list[Ragged], until: int | None) -> list[Ragged]:
    """Ragged rows up to a number, without blank lines, out of those that were read; the reader is ahead of the rows that it hands on."""
    taken = [row for row in ragged if until is None or row.number <= until]
    ragged[:] = ragged[len(taken) :]
    return [row for row in taken if row.fields]


def _numbered(last: int, count: int, ragged: list[Ragged]) -> Any:
    """The numbers of so many rows after the last one, which leave out those of ragged rows."""
    left_out = np.array([row.number for row in ragged], np.int64)
    numbers = np.arange(last + 1, last + 1 + count + len(left_out), dtype=np.int64)
    return numbers[~np.isin(numbers, left_out)][:count]


def _without_blank(batch: Batch) -> Batch:
    """Without rows that are empty altogether: blank lines, and the empty rows that spreadsheets write."""
    blank = np.ones(batch.rows.num_rows, bool)
    for column in batch.rows.columns:
        blank &= pc.equal(pc.binary_length(column), 0).to_numpy(zero_copy_only=False)
        if not blank.any():
            return batch
    return replace(batch, rows=batch.rows.filter(pa.array(~blank)), numbers=batch.numbers[~blank])


def _parquet(opened: formats.Opened, content: IO[bytes]) -> Table:
    file = pa.parquet.ParquetFile(content, pre_buffer=False)
    groups = [file.metadata.row_group(number).total_byte_size for number in range(file.metadata.num_row_groups)]
    if groups and max(groups) > LARGEST_GROUP:
        raise UnreadableDatasetError(f"a row group has {max(groups) // 2**20} MiB, more than {LARGEST_GROUP // 2**20}: write the file with smaller row groups")
    words = [item.name for item in file.schema_arrow if pa.types.is_string(item.type) or pa.types.is_large_string(item.type)]
    # Different words are decoded once, where the file has a dictionary of them.
    file = pa.parquet.ParquetFile(content, pre_buffer=False, read_dictionary=words) if words else file
    return Table(list(file.schema_arrow.names), _numbered_batches(file.iter_batches(BATCH_ROWS, use_threads=False)), opened.format, opened.compression)


def _seekable(opened: formats.Opened, source: Source) -> IO[bytes]:
    if isinstance(source, FileSource) and not opened.compression:
        return source.path.open("rb")
    return spooled(opened.pieces())


def _arrow(reader: Any, opened: formats.Opened) -> Table:
    def read() -> Iterator[Any]:
        if hasattr(reader, "num_record_batches"):
            yield from (reader.get_batch(number) for number in range(reader.num_record_batches))
        else:
            yield from reader

    return Table(list(reader.schema.names), _numbered_batches(read()), opened.format, opened.compression)


def _numbered_batches(batches: Iterator[Any]) -> Iterator[Batch]:
    number = 0
    for batch in batches:
        # Offsets that lead out of a damaged file's buffers, and texts that are none, would crash whoever reads them.
        batch.validate(full=True)
        for begin in range(0, batch.num_rows, BATCH_ROWS):
            part = batch.slice(begin, BATCH_ROWS)
            yield Batch(part, np.arange(number + 1, number + 1 + part.num_rows, dtype=np.int64))
            number += part.num_rows


def _check_names(names: list[str]) -> None:
    if len(names) > MOST_COLUMNS:
        raise UnreadableDatasetError(f"the file has {len(names):,} columns, more than {MOST_COLUMNS:,}: keep those that the model uses")
    if twice := sorted(name for name, times in Counter(names).items() if times > 1):
        raise UnreadableDatasetError(f"the header names {', '.join(map(repr, twice[:10]))} more than once: rename the columns")


def _guarded(batches: Iterator[Batch], name: str) -> Iterator[Batch]:
    pool = pa.default_memory_pool()
    with _reading(name):
        for number, batch in enumerate(batches):
            yield batch
            if number % RELEASED == 0:
                pool.release_unused()


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """What Arrow and the operating system say of a file that they cannot read."""
    try:
        yield
    except UnreadableDatasetError:
        raise
    except (pa.ArrowException, OSError, EOFError, ValueError, KeyError, MemoryError) as error:
        fault = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UnreadableDatasetError(f"{name} is damaged, or breaks off: {fault[:300]}") from error


def with_encoding(options: Options, error: EncodingError) -> Options | None:
    """Options under which a file may be read that is not of the encoding of its beginning, or nothing where its text is mixed."""
    return None if not error.plain or options.csv.get("encoding") else replace(options, csv={**options.csv, "encoding": SINGLE_BYTE})
