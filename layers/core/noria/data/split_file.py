"""Splits a dataset file as `noria.data.split` splits rows, and hands on its parts a few rows at a time.

What is held of all rows at once is a number or two a row: a time or a place, and the order that follows from them.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from noria.data import split
from noria.data.dataset_file import TEXT_ROWS, notations_of, text_columns
from noria.data.table_check import ROW
from noria.tables import notation, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from noria.data.contract import DataContract
    from noria.kernel.published_spec import SplitShape

#: Rows that are put in order in memory; more of them are parted into files first.
SORTED_ROWS = 500_000
RANK = "#rank"


class SplitFile:
    """A dataset in a Parquet file, split.

    Args:
        path: of the file.
        block: `evaluate.split` of the spec.

    Attributes:
        names: the columns, without the rows' numbers.
        train: the number of rows of the training set, and `holdout` of the holdout.

    Raises:
        ContractError: there are fewer than two rows, or than two groups.
    """

    def __init__(self, path: Path, contract: DataContract, block: SplitShape) -> None:
        self._path, self._contract = path, contract
        schema = pa.parquet.read_schema(path)
        self._notations = notations_of(schema)
        self.names = [name for name in schema.names if name != ROW]
        assignment = self._assigned(block)
        self._order = assignment.order
        self.train, self.holdout = len(assignment.order) - assignment.held, assignment.held

    def _assigned(self, block: SplitShape) -> split.Assignment:
        if block["by"] == "random":
            contents = (text for texts in self._texts(self.names) for text in pc.binary_join_element_wise(*texts, "\x1f").to_pylist())
            return split.by_content(np.fromiter(map(split.place_of, contents), np.float64), block["test"])
        if block["by"] == "group":
            numbers: dict[tuple[str, ...], int] = {}
            groups = (group for texts in self._texts(block["group"]) for group in zip(*(column.to_pylist() for column in texts), strict=True))
            of_rows = np.fromiter((numbers.setdefault(group, len(numbers)) for group in groups), np.int64)
            return split.by_group(list(numbers), of_rows, block["test"])
        return split.by_time(self._times(), block["test"])

    def _times(self) -> Any:
        """The time of each row in microseconds; of a file of texts they are read as the contract says."""
        name, parts = str(self._contract.time), []
        for (values,) in self._columns([name]):
            typed = values if pa.types.is_timestamp(values.type) else parse.times(values, self._contract.times_are, parse.ALL_TIMES).values
            parts.append(pc.cast(pc.cast(typed, parse.TIMES, safe=False), pa.int64()).to_numpy(zero_copy_only=False))
        return np.concatenate(parts) if parts else np.empty(0, np.int64)

    def _columns(self, names: list[str]) -> Iterator[list[pa.Array]]:
        """Some columns, batch by batch."""
        for batch in pa.parquet.ParquetFile(self._path).iter_batches(columns=names, use_threads=False):
            yield [batch.column(name) for name in names]

    def _texts(self, names: list[str]) -> Iterator[list[pa.Array]]:
        """Some columns as texts, batch by batch."""
        for columns in self._columns(names):
            yield [notation.to_texts(column, self._notations.get(name, "")) for name, column in zip(names, columns, strict=True)]

    def column(self, name: str, part: Literal["train", "holdout"] = "train") -> list[str]:
        """One column of a part, in the order of the file; equal texts are one text."""
        mask = np.zeros(len(self._order), bool)
        mask[self._order[: self.train] if part == "train" else self._order[self.train :]] = True
        values, begin, known = list[str](), 0, dict[str, str]()
        for (texts,) in self._texts([name]):
            some = texts.filter(pa.array(mask[begin : begin + len(texts)]))
            begin += len(texts)
            values += [known.setdefault(text, text) for text in some.to_pylist()]
        return values

    def rows(self) -> Iterator[list[list[str]]]:
        """The rows of the training set and then those of the holdout as texts, a few at a time; none of them has rows of both."""
        begin = 0
        for batch in self._ordered():
            for part in _parted(batch, self.train - begin):
                for first in range(0, part.num_rows, TEXT_ROWS):
                    columns = [column.to_pylist() for column in text_columns(part.slice(first, TEXT_ROWS), self._notations)]
                    yield [list(row) for row in zip(*columns, strict=True)]
            begin += batch.num_rows

    def _ordered(self) -> Iterator[pa.RecordBatch]:
        """All rows in their order: as they come where that is theirs, else sorted, by parts of files where they are many."""
        file, count = pa.parquet.ParquetFile(self._path), len(self._order)
        if np.array_equal(self._order, np.arange(count)):
            yield from file.iter_batches(use_threads=False)
            return
        if count <= SORTED_ROWS:
            yield from file.read(use_threads=False).take(pa.array(self._order)).to_batches()
            return
        ranks = np.empty(count, np.int64)
        ranks[self._order] = np.arange(count)
        with tempfile.TemporaryDirectory() as folder:
            for path in _write_parts(file, ranks, Path(folder)):
                table = pa.ipc.open_file(path).read_all()
                yield from table.take(pa.array(np.argsort(table.column(RANK).to_numpy()))).drop_columns([RANK]).to_batches()
                path.unlink()


def _parted(batch: pa.RecordBatch, at: int) -> list[pa.RecordBatch]:
    """A batch in two where a part of the split ends inside it."""
    return [batch.slice(0, at), batch.slice(at)] if 0 < at < batch.num_rows else [batch]


def _write_parts(file: Any, ranks: Any, folder: Path) -> list[Path]:
    """The rows parted by their ranks into files, each of `SORTED_ROWS` consecutive ranks."""
    schema = file.schema_arrow.append(pa.field(RANK, pa.int64()))
    paths = [folder / f"{number}.arrow" for number in range(-(-len(ranks) // SORTED_ROWS))]
    writers = [pa.ipc.new_file(path, schema) for path in paths]
    begin = 0
    for batch in file.iter_batches(use_threads=False):
        of_rows = ranks[begin : begin + batch.num_rows]
        begin += batch.num_rows
        ranked = batch.append_column(RANK, pa.array(of_rows)).cast(schema)
        for number in np.unique(of_rows // SORTED_ROWS).tolist():
            writers[number].write_batch(ranked.filter(pa.array(of_rows // SORTED_ROWS == number)))
    for writer in writers:
        writer.close()
    return paths
