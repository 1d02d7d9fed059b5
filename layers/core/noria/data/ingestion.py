"""One pass over a file: its rows held against the contract, profiled, and written to a temporary folder."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.csv

from noria.data.dataset_file import CSV, DatasetWriter, contract_notations, text_columns, without
from noria.data.table_check import FAULT_COLUMNS, REPEATED, ROW, TableCheck
from noria.kernel import lake
from noria.kernel.errors import UnreadableDatasetError
from noria.tables import formats
from noria.tables.read import Options, open_table, with_encoding
from noria.tables.source import HashedSource
from noria.tables.text import EncodingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from noria.data.contract import DataContract
    from noria.data.dataset_file import Stored
    from noria.data.shapes import Inspection
    from noria.tables.batch import Batch
    from noria.tables.read import Table
    from noria.tables.source import Source

#: A header with more names, or longer ones, would not fit through a state machine.
MOST_COLUMNS, MOST_HEADER_BYTES = 2_000, 32 * 1024
#: The most frequent faults by column that a verdict holds; all bad rows are counted.
MOST_FAULTS = 200
#: What a contract calls formats of two kinds.
KINDS = {formats.JSON_ARRAY: formats.JSON_LINES, formats.ARROW_STREAM: formats.ARROW_FILE}


class Ingestion:
    """One pass over a file: checked, profiled and written to a temporary folder.

    Args:
        contract: nothing when no model of that name is published: then only size and digest are read.
    """

    def __init__(self, contract: DataContract | None, target: str) -> None:
        self._contract, self._target = contract, target
        self._open = ExitStack()
        self._bad_path = Path(self._open.enter_context(tempfile.TemporaryDirectory())) / "bad.csv"
        self._bad: Any = None
        self._bad_header: list[str] = []
        self.dataset: DatasetWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def read(self, source: Callable[[], Source]) -> Inspection:
        """Read a file.

        Args:
            source: opens it from its beginning.

        Returns:
            What the judgement needs to know; `problem` is a sentence where the bytes cannot be read.
        """
        facts = no_facts()
        hashed = HashedSource(source())
        if self._contract is not None:
            options = Options(self._contract.csv, self._contract.sheet)
            try:
                try:
                    self._read(hashed, options, facts)
                except EncodingError as error:
                    if (other := with_encoding(options, error)) is None:
                        raise
                    # What was read so far is plain text in either encoding; the file is read again from its beginning.
                    hashed = HashedSource(source())
                    facts.update(no_facts())
                    self._begin_anew()
                    self._read(hashed, other, facts)
            except UnreadableDatasetError as error:
                facts["problem"] = str(error)
        digest = hashed.finish()
        facts["bytes"], facts["digest"] = hashed.size, digest
        return facts

    def _begin_anew(self) -> None:
        if self._bad is not None:
            self._bad.close()
            self._bad = None
        self.dataset = None

    def _read(self, source: Source, options: Options, facts: Inspection) -> None:
        contract = self._contract
        assert contract is not None
        table = self._open.enter_context(open_table(source, options))
        facts["format"] = table.format
        check_header(table.names)
        facts["header"] = list(table.names)
        if contract.format not in ("any", KINDS.get(table.format, table.format)):
            raise UnreadableDatasetError(f"the file is {table.format}, and data.format asks for {contract.format}: export it so, or name data.format: any")
        if set(contract.required(self._target)) - set(table.names):
            return
        check = self._open.enter_context(TableCheck(contract, self._target, table.names, table.dialect))
        self.dataset = self._open.enter_context(DatasetWriter(contract))
        try:
            for batch in table.batches:
                self._take(check, batch, table)
            self.dataset.close()
            self._part_repeats(check)
        finally:
            _count(check, facts)
        facts["header"] = list(table.names)

    def _take(self, check: TableCheck, batch: Batch, table: Table) -> None:
        assert self.dataset is not None
        assert self._contract is not None
        notations = {} if self.dataset.rows else contract_notations(self._contract, self._target, batch)
        checked = check.check(batch)
        order = [name for name in table.names if name in checked.columns]
        if len(checked.numbers) or not self.dataset.rows:
            self.dataset.add({name: checked.columns[name] for name in order}, checked.numbers, notations)
        if checked.bad is not None:
            self._add_bad(checked.bad)

    def _part_repeats(self, check: TableCheck) -> None:
        """Set aside the rows that repeat a key of an earlier one: they are known at the end, and the dataset is written anew without them."""
        repeats = check.repeats()
        if not repeats:
            return
        assert self.dataset is not None
        assert self._contract is not None
        check.count_repeats(repeats)
        clean = self._open.enter_context(DatasetWriter(self._contract))
        places, passed = np.array(sorted(repeats), np.int64), 0
        for columns, numbers, notations, left_out in without(self.dataset.path, places):
            if len(numbers) or not clean.rows:
                clean.add(columns, numbers, notations)
            if left_out.num_rows:
                faults = [repeats[place] for place in places[passed : passed + left_out.num_rows].tolist()]
                passed += left_out.num_rows
                check.show_repeats(left_out, faults, notations)
                self._add_bad(_repeated(left_out, faults, notations))
        clean.close()
        self.dataset = clean

    def _add_bad(self, rows: pa.RecordBatch) -> None:
        if self._bad is None:
            self._bad = pa.csv.CSVWriter(self._bad_path, rows.schema)
            self._open.callback(lambda: self._bad and self._bad.close())
            self._bad_header = list(rows.schema.names)
        # Keys of JSON that come after the first bad rows are left out.
        self._bad.write_batch(rows if rows.schema.names == self._bad_header else rows.select(self._bad_header))

    def objects(self, as_csv: bool) -> Iterator[Stored]:
        """The objects of the dataset's folder; see `DatasetWriter.objects`."""
        assert self.dataset is not None
        yield from self.dataset.objects(as_csv)
        yield from self.bad_objects()

    def bad_objects(self) -> Iterator[Stored]:
        """The rows that break the contract, where there are any."""
        if self._bad is not None:
            self._bad.close()
            self._bad = None
            yield lake.SET_ASIDE, self._bad_path, CSV


def no_facts() -> Inspection:
    """The facts of a file that was not read."""
    return {
        "bytes": 0,
        "digest": "",
        "format": "",
        "header": [],
        "rows": 0,
        "bad_rows": 0,
        "faults": {},
        "examples": [],
        "nulls": {},
        "first": None,
        "last": None,
        "problem": None,
    }


def check_header(names: list[str]) -> None:
    """Refuse a header that does not fit through a state machine.

    Raises:
        UnreadableDatasetError: it has too many names, or too long ones.
    """
    if len(names) > MOST_COLUMNS:
        raise UnreadableDatasetError(f"the file has {len(names):,} columns, more than {MOST_COLUMNS:,}: keep those that the model uses")
    if (size := sum(len(name.encode()) for name in names)) > MOST_HEADER_BYTES:
        raise UnreadableDatasetError(f"the names of the columns have {size:,} bytes, more than {MOST_HEADER_BYTES:,}: drop columns, or shorten their names")


def _count(check: TableCheck, facts: Inspection) -> None:
    counted = check.facts
    facts["rows"], facts["bad_rows"], facts["examples"] = counted.rows, counted.bad_rows, counted.examples
    facts["first"], facts["last"], facts["nulls"] = counted.first, counted.last, dict(counted.nulls)
    for (column, code), count in sorted(counted.faults.most_common(MOST_FAULTS)):
        facts["faults"].setdefault(column, {})[code] = count


def _repeated(rows: pa.RecordBatch, faults: list[tuple[tuple[str, ...], str]], notations: dict[str, str]) -> pa.RecordBatch:
    """Rows that repeat a key, as they are set aside."""
    names = [name for name in rows.schema.names if name != ROW]
    texts = text_columns(rows, notations)
    first = [
        rows.column(ROW).cast(pa.string()),
        pa.array([",".join(columns) for columns, _ in faults], pa.string()),
        pa.array([code for _, code in faults], pa.string()),
        pa.array([REPEATED] * rows.num_rows, pa.string()),
    ]
    return pa.RecordBatch.from_arrays([*first, *texts], names=[*FAULT_COLUMNS, *names])
