"""Writes a table anew without some of its rows, or with columns renamed: typed columns as Parquet, texts as CSV in the notation of the file."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cli.base.errors import CliError
from noria.tables import formats
from noria.tables.notation import to_texts
from noria.tables.read import Options, Table, open_table, with_encoding
from noria.tables.source import FileSource
from noria.tables.text import EncodingError

if TYPE_CHECKING:
    from noria.tables.batch import Batch

#: Names of columns that a message shows.
MOST_NAMED = 20
#: Formats of texts whose columns are known after the last row alone.
GROWING = (formats.JSON_LINES, formats.JSON_ARRAY, formats.EXCEL)


@dataclass(frozen=True)
class CorrectedFile:
    """A table that was written anew.

    Attributes:
        name: that suits its content.
        format: `csv` or `parquet`.
        rows: that were written, and `dropped` those that were left out.
    """

    name: str
    format: str
    rows: int
    dropped: int


def write_corrected(
    source: Path, target: Path, options: Options, bad: Sequence[int] | None, rename: Mapping[str, str], declared: Mapping[str, str]
) -> CorrectedFile:
    """Write a table anew.

    Args:
        options: what is declared of the file.
        bad: the numbers of the rows to leave out, with all rows of another number of fields than the header; nothing leaves all rows in.
        rename: new names of columns by their old ones.
        declared: fields of the dialect that the copy is read by.

    Raises:
        CliError: the table lacks a column to rename, or two columns would have one name.
        UnreadableDatasetError: the file is no table, or is damaged.
    """
    try:
        return _write(source, target, options, bad, rename, declared)
    except EncodingError as error:
        if (other := with_encoding(options, error)) is None:
            raise
        return _write(source, target, other, bad, rename, declared)


def _write(source: Path, target: Path, options: Options, bad: Sequence[int] | None, rename: Mapping[str, str], declared: Mapping[str, str]) -> CorrectedFile:
    names = _names(source, options)
    new = _renamed(names, rename)
    with open_table(FileSource(source), options) as table:
        batches = _left(table, bad)
        rows = _write_csv(table, batches, target, names, new, declared) if table.is_text else _write_parquet(batches, target, new)
        left_out = 0 if bad is None else len(bad)
        return CorrectedFile(_name(source, table), formats.CSV if table.is_text else formats.PARQUET, rows, left_out)


def _names(source: Path, options: Options) -> list[str]:
    """The columns of a table; of JSON, all that any row has."""
    with open_table(FileSource(source), options) as table:
        if table.format in GROWING:
            for _ in table.batches:
                pass
        return list(table.names)


def _renamed(names: Sequence[str], rename: Mapping[str, str]) -> list[str]:
    shown = ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")
    if missing := [name for name in rename if name not in names]:
        raise CliError(f"the file has no column {', '.join(missing)} to rename; it has: {shown}")
    new = [rename.get(name, name) for name in names]
    if twice := sorted({name for name in new if new.count(name) > 1}):
        raise CliError(f"two columns would be named {', '.join(twice)}; the file has: {shown}")
    return new


def _left(table: Table, bad: Sequence[int] | None) -> "Iterator[Batch]":
    """The batches of a table without its bad rows."""
    # One more than any row has, so that a place is found for each.
    numbers = np.array([*sorted(bad or ()), np.iinfo(np.int64).max], np.int64)
    for batch in table.batches:
        if bad is not None:
            batch.rows = batch.rows.filter(pa.array(numbers[np.searchsorted(numbers, batch.numbers)] != batch.numbers))
            batch.ragged = []
        yield batch


def _write_csv(table: Table, batches: "Iterator[Batch]", target: Path, names: Sequence[str], new: Sequence[str], declared: Mapping[str, str]) -> int:
    dialect, rows = table.dialect, 0
    quote = declared.get("quote", dialect.quote)
    style: dict[str, Any] = {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE, "quotechar": None}
    with target.open("w", encoding=declared.get("encoding", "utf-8"), newline="") as file:
        writer = csv.writer(file, delimiter=declared.get("delimiter", dialect.delimiter), lineterminator="\n", **style)
        writer.writerow(new)
        for batch in batches:
            writer.writerows(_texts(batch.rows, names))
            writer.writerows(next(dialect.reader([row.text])) for row in batch.ragged)
            rows += batch.rows.num_rows + len(batch.ragged)
    return rows


def _texts(rows: pa.RecordBatch, names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    there = set(rows.schema.names)
    columns = [to_texts(rows.column(name)).to_pylist() if name in there else [""] * rows.num_rows for name in names]
    return zip(*columns, strict=True)


def _write_parquet(batches: "Iterator[Batch]", target: Path, new: Sequence[str]) -> int:
    writer, rows = None, 0
    try:
        for batch in batches:
            columns = [column.dictionary_decode() if pa.types.is_dictionary(column.type) else column for column in batch.rows.columns]
            part = pa.RecordBatch.from_arrays(columns, names=list(new))
            writer = writer or pq.ParquetWriter(target, part.schema)
            writer.write_batch(part)
            rows += part.num_rows
    finally:
        if writer:
            writer.close()
    return rows


def _name(source: Path, table: Table) -> str:
    """The name of the file, with the ending that suits the copy."""
    path = source.with_suffix("") if table.compression and source.suffix.lower() in formats.ENDINGS else source
    if table.is_text:
        return path.name if table.format == formats.CSV else path.with_suffix(".csv").name
    return path.name if table.format == formats.PARQUET else path.with_suffix(".parquet").name
