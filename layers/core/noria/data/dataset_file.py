"""Writes a dataset as Parquet, and profiles it on the way; reads one as texts, a few rows at a time."""

from __future__ import annotations

import csv
import tempfile
from itertools import batched
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from noria.data.column_check import kind_of
from noria.data.table_check import ROW
from noria.kernel import lake
from noria.profile import baseline
from noria.profile.batches import add_columns
from noria.profile.dataset import Profile
from noria.tables import notation
from noria.tables.parse import seconds
from noria.tables.read import BATCH_ROWS, open_table
from noria.tables.source import FileSource
from noria.tables.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import TracebackType

    from noria.data.contract import DataContract
    from noria.tables.batch import Batch
    from noria.tables.read import Table
    from noria.tables.source import Source

#: An object of a dataset's folder: its name, its content, and its type.
Stored = tuple[str, Path | bytes, str]
CSV, PARQUET, BYTES = "text/csv", "application/vnd.apache.parquet", "application/octet-stream"
#: How a target is written whose contract has words of its own for true and false.
TRUTH_WORDS = {"true": ("1",), "false": ("0",)}
#: Rows that are read as texts at once.
TEXT_ROWS = 16_384


class DatasetWriter:
    """Typed rows as Parquet in a temporary folder, with their profile and the profiles of their blocks of time.

    Attributes:
        path: of the Parquet file.
        rows: that were written.
    """

    def __init__(self, contract: DataContract) -> None:
        self._contract, self.rows = contract, 0
        self._folder = tempfile.TemporaryDirectory()
        self.path = Path(self._folder.name) / "data.parquet"
        self._rest, self._blocks = Profile(), baseline.Blocks()
        self._writer: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
        self._folder.cleanup()

    def add(self, columns: Mapping[str, Words], numbers: Any, notations: Mapping[str, str]) -> None:
        """Add rows.

        Args:
            numbers: of the rows in the file that they come from.
            notations: of the columns in CSV; those of the first rows count.
        """
        arrays = {name: _storable(words.rows()) for name, words in columns.items()}
        arrays[ROW] = pa.array(numbers, pa.int64())
        if self._writer is None:
            schema = pa.schema([_field(name, array.type, notations) for name, array in arrays.items()])
            # Numbers of rows ascend: their differences take no room, and a dictionary of them would.
            self._writer = pa.parquet.ParquetWriter(self.path, schema, use_dictionary=_encodable(schema), column_encoding={ROW: "DELTA_BINARY_PACKED"})
        schema = self._writer.schema
        chosen = [_as(arrays[item.name], item.type) if item.name in arrays else pa.nulls(len(numbers), item.type) for item in schema]
        self._writer.write_batch(pa.RecordBatch.from_arrays(chosen, schema=schema))
        self.rows += len(numbers)
        self._profile(columns)

    def _profile(self, columns: Mapping[str, Words]) -> None:
        time = self._contract.time
        if time is None:
            add_columns(self._rest, columns)
            return
        words = columns[time]
        times = seconds(words.values)
        times = times if words.places is None else times[words.places]
        self._blocks.add(columns, times)
        if not (timed := np.isfinite(times)).all():
            add_columns(self._rest, {name: column.filter(~timed) for name, column in columns.items()})

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def profile(self) -> Profile:
        """The profile of all rows: of a dataset with times that of its blocks, merged."""
        whole = Profile(is_typed=True)
        for part in (*self._blocks.in_order(), self._rest):
            whole.merge(part)
        whole.order = self._blocks.order
        return whole

    def objects(self, as_csv: bool) -> Iterator[Stored]:
        """The objects of the dataset's folder: rows, profile, and the profiles of the blocks of time.

        Args:
            as_csv: whether the rows come as CSV besides.
        """
        yield lake.DATA, self.path, PARQUET
        blocks = self._blocks.in_order()
        yield lake.PROFILE, self.profile().to_bytes(), BYTES
        yield lake.BLOCKS, baseline.pack(blocks), BYTES
        if as_csv:
            text = self.path.with_suffix(".csv")
            write_csv(self.path, text)
            yield lake.DATA_CSV, text, CSV


def _encodable(schema: pa.Schema) -> list[str]:
    """The columns whose values a dictionary may make smaller, as Parquet names them."""
    return [f"{item.name}.list.element" if pa.types.is_list(item.type) else item.name for item in schema if item.name != ROW]


def _field(name: str, kind: pa.DataType, notations: Mapping[str, str]) -> pa.Field:
    return pa.field(name, kind, metadata={notation.METADATA: notations[name]} if notations.get(name) else None)


def _storable(array: pa.Array) -> pa.Array:
    """A column as Parquet takes it."""
    if isinstance(array, pa.DictionaryArray):
        array = array.dictionary_decode()
    return array.cast(pa.string()) if pa.types.is_null(array.type) else array


def _as(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """A column in the type that it began with; one of no contract may change in a later batch."""
    if array.type == kind:
        return array
    try:
        return array.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.nulls(len(array), kind)


def without(path: Path, places: Any) -> Iterator[tuple[dict[str, Words], Any, dict[str, str], pa.RecordBatch]]:
    """The rows of a Parquet file of `DatasetWriter` but for those at some places: columns, numbers, notations, and the rows left out."""
    file, begin = pa.parquet.ParquetFile(path), 0
    notations = notations_of(file.schema_arrow)
    words = [item.name for item in file.schema_arrow if pa.types.is_string(item.type)]
    file = pa.parquet.ParquetFile(path, read_dictionary=words)
    for batch in file.iter_batches(use_threads=False):
        keep = np.ones(batch.num_rows, bool)
        here = places[(places >= begin) & (places < begin + batch.num_rows)] - begin
        keep[here] = False
        begin += batch.num_rows
        columns = {name: Words.of(batch.column(name)).filter(keep) for name in batch.schema.names if name != ROW}
        yield columns, batch.column(ROW).to_numpy()[keep], notations, batch.take(pa.array(here))


def notations_of(schema: pa.Schema) -> dict[str, str]:
    """The notation of each column that has one of its own."""
    return {item.name: item.metadata[notation.METADATA].decode() for item in schema if item.metadata and notation.METADATA in item.metadata}


def text_columns(batch: pa.RecordBatch, notations: Mapping[str, str]) -> list[pa.Array]:
    """The columns of a batch of a dataset as texts, without the rows' numbers."""
    return [notation.to_texts(batch.column(name), notations.get(name, "")) for name in batch.schema.names if name != ROW]


def read_texts(source: Source) -> tuple[list[str], Iterator[list[str]]]:
    """The header and the rows of a table as texts, whatever its format; rows of a CSV that have more or fewer fields are among them.

    Raises:
        UnreadableDatasetError: it is damaged.
    """
    table = open_table(source)
    names = [name for name in table.names if name != ROW]
    return names, _rows_as_texts(table)


def _rows_as_texts(table: Table) -> Iterator[list[str]]:
    with table:
        for batch in table.batches:
            notations = notations_of(batch.rows.schema)
            for begin in range(0, batch.rows.num_rows, TEXT_ROWS):
                part = batch.rows.slice(begin, TEXT_ROWS)
                columns = [column.to_pylist() for column in text_columns(part, notations)]
                yield from (list(row) for row in zip(*columns, strict=True))
            yield from (next(table.dialect.reader([row.text])) for row in batch.ragged)


class TextWriter:
    """Writes rows of texts as a Parquet file of texts.

    Attributes:
        rows: that were written.
    """

    def __init__(self, path: Path, names: list[str]) -> None:
        self._schema, self.rows = pa.schema([(name, pa.string()) for name in names]), 0
        self._writer = pa.parquet.ParquetWriter(path, self._schema)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, rows: Iterable[list[str]]) -> None:
        """Write rows."""
        for part in batched(rows, BATCH_ROWS, strict=False):
            columns = [pa.array(values, pa.string()) for values in zip(*part, strict=True)]
            self._writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=self._schema))
            self.rows += len(part)

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()


def write_csv(dataset: Path, target: Path) -> None:
    """Write a dataset as CSV with a header, a few rows at a time."""
    header, rows = read_texts(FileSource(dataset))
    with target.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def contract_notations(contract: DataContract, target: str, batch: Batch) -> dict[str, str]:
    """The notation of each column that a contract requires, by the first rows of a file."""
    results = {}
    for name in contract.required(target):
        column = contract.column(name)
        kind = kind_of(column)
        if kind is not None and name in batch.rows.schema.names:
            # A target's words are for people: training, predictions and metrics have 1 and 0.
            words = TRUTH_WORDS if name == target and column.words else column.words
            results[name] = notation.notation_of(kind, batch.rows.column(name), column.format, words)
    return results
