"""One pass over a file's rows: by which of the contract's types each column may be read, and what stands in the way."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cli.data import time_formats
from noria.data.column_check import check_column
from noria.data.contract import Column
from noria.data.ingestion import check_header
from noria.kernel.values import EMPTY
from noria.tables import parse
from noria.tables.batch import Batch
from noria.tables.dialect import PLAIN, Dialect
from noria.tables.read import Table, open_table
from noria.tables.source import FileSource
from noria.tables.words import Words, without_missing

#: Different words of a column that are counted one by one: a contract lists no more.
FEW_VALUES = 20
#: Whole numbers without a gap are a range, as long as there are no more than the minutes of an hour.
MOST_STEPS = 60
#: Words that people write for an empty value, beside those that Noria takes for one.
PLACEHOLDERS = ("?", "-", "--", ".", "n/a", "N/A", "#N/A", "#N/A N/A", "na", "N/a", "<NA>", "missing", "Missing", "MISSING", "unknown", "Unknown", "UNKNOWN")
#: Numbers that stand for an empty value, where all others are far greater.
SENTINELS = (-999.0, -9999.0, -99999.0)
#: Different values of a batch that show whether it is worth while to try a reading on all of them.
SAMPLE = 200
#: A reading that fails for a larger share of a batch is given up.
MOST_FAULTS = 0.5
#: Different words that a comment quotes.
MOST_SLIPS = 3
ALL_TIMES = ("0001-01-01", "9999-12-31T23:59:59.999999")
#: No number of 38 digits is beyond these.
WIDE = (-1e39, 1e39)
CODE = r"^\s*[+-]?0\d+\s*$"
LONG = rf"^\s*[+-]?\d{{{parse.MOST_DIGITS + 1},}}\s*$"
INTEGER, WIDER, NUMBER, TIME, LIST, BOOLEAN = "integer", "wide", "number", "time", "list", "boolean"
TYPES = {
    INTEGER: Column("integer"),
    WIDER: Column("integer", between=WIDE),
    NUMBER: Column("number"),
    TIME: Column("timestamp", between=ALL_TIMES),
    LIST: Column("list"),
    BOOLEAN: Column("boolean"),
}


def readings_of(kind: pa.DataType, sample: pa.Array) -> dict[str, Column]:
    """The readings that the values of an Arrow type may have, by name; formats of times by themselves."""
    if pa.types.is_string(kind):
        formats = {form: Column("timestamp", format=form, between=ALL_TIMES) for form in time_formats.candidates(sample.to_pylist())}
        times = {TIME: Column("timestamp", format="iso8601", between=ALL_TIMES)}
        return {**{name: TYPES[name] for name in (INTEGER, WIDER, NUMBER, LIST)}, **times, **formats}
    if pa.types.is_boolean(kind):
        return {BOOLEAN: TYPES[BOOLEAN]}
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return {name: TYPES[name] for name in (INTEGER, WIDER, NUMBER)}
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return {TIME: TYPES[TIME]}
    return {LIST: TYPES[LIST]} if pa.types.is_nested(kind) else {}


@dataclass
class ColumnSurvey:
    """What is counted of one column, in rows.

    Attributes:
        present: values that are neither empty nor a placeholder.
        empty: words that count as missing; `placeholders`: words that people write for it; `sentinels`: numbers that stand for it.
        words: different texts, as they are written; nothing where they are many.
        faults: values that a reading has no place for, by reading; a reading that is given up is in none.
        bounds: the least and the largest value, by reading; sentinels are left out.
        slips: texts that are no numbers.
        codes: whole numbers with a leading zero; `long`: those with more digits than a column holds.
        dated: values that are times in one format or another.
        blanks: texts that hold a blank; `longest`, `characters`: of the texts.
        whole: different whole numbers; nothing where they are many.
    """

    kind: Any = None
    seen: int = 0
    present: int = 0
    empty: Counter[str] = field(default_factory=Counter)
    placeholders: Counter[str] = field(default_factory=Counter)
    sentinels: Counter[str] = field(default_factory=Counter)
    words: Counter[str] | None = field(default_factory=Counter)
    readings: dict[str, Column] | None = None
    faults: Counter[str] = field(default_factory=Counter)
    bounds: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    slips: Counter[str] = field(default_factory=Counter)
    codes: int = 0
    long: int = 0
    dated: int = 0
    blanks: int = 0
    longest: int = 0
    characters: int = 0
    whole: set[int] | None = field(default_factory=set)

    def add(self, array: pa.Array, dialect: Dialect) -> None:
        """Add the rows of a batch."""
        values, counts = Words.of(array).counted()
        self.seen += int(counts.sum())
        values = without_missing(values, ())
        is_text = pa.types.is_string(values.type)
        keep = values.is_valid().to_numpy(zero_copy_only=False)
        if is_text:
            trimmed = pc.utf8_trim_whitespace(values)
            keep &= ~_counted(self.empty, trimmed, trimmed, counts, EMPTY) & ~_counted(self.placeholders, values, trimmed, counts, PLACEHOLDERS)
        values, counts = values.filter(pa.array(keep)), counts[keep]
        if not len(values):
            return
        self.kind = values.type
        self.present += int(counts.sum())
        if is_text:
            self._add_texts(values, counts)
        self._read(values, counts, dialect)

    def _add_texts(self, values: pa.Array, counts: Any) -> None:
        lengths = parse.lengths(values)
        self.longest = max(self.longest, int(lengths.max()))
        self.characters += int((lengths * counts).sum())
        for pattern, name in ((CODE, "codes"), (LONG, "long"), (r"\S\s+\S", "blanks")):
            setattr(self, name, getattr(self, name) + _rows(pc.match_substring_regex(values, pattern), counts))
        if self.words is not None and len(values) <= FEW_VALUES:
            self.words.update(dict(_sums(values, counts)))
        self.words = self.words if self.words is not None and max(len(values), len(self.words)) <= FEW_VALUES else None

    def _read(self, values: pa.Array, counts: Any, dialect: Dialect) -> None:
        """Try the readings: on a few values first, and on all where that is worth while."""
        sample = values.slice(0, SAMPLE)
        if self.readings is None:
            self.readings = readings_of(values.type, sample)
            self.readings = {name: column for name, column in self.readings.items() if _share(column, sample, dialect) <= MOST_FAULTS}
        dated, fractions = np.zeros(len(values), bool), None
        for name, column in list(self.readings.items()):
            # A whole number of 64 bits is one of 128 as well.
            some = fractions if name == WIDER and fractions is not None else np.ones(len(values), bool)
            checked = check_column(column, Words(values.filter(pa.array(some))), (), dialect)
            faulty = np.zeros(len(values), bool)
            faulty[some] = False if checked.codes is None else checked.codes > 0
            fractions = faulty if name == INTEGER else fractions
            self.faults[name] += int(counts[faulty].sum())
            if column.type == "timestamp":
                dated |= ~faulty
            self._follow(name, checked.words.values, values, counts, faulty)
            if self.faults[name] > MOST_FAULTS * self.present:
                del self.readings[name]
        self.dated += int(counts[dated].sum())

    def _follow(self, name: str, parsed: pa.Array, values: pa.Array, counts: Any, faulty: Any) -> None:
        """Follow the bounds of a reading, and of numbers what else there is to know."""
        if name == LIST or faulty.all():
            return
        if name == NUMBER and pa.types.is_string(values.type):
            self.slips.update(dict(_sums(values.filter(pa.array(faulty)).slice(0, SAMPLE), counts[faulty][:SAMPLE])))
            parsed = self._without_sentinels(parsed, values, counts)
        if name == INTEGER and self.whole is not None:
            self.whole |= set(pc.unique(parsed.drop_null()).slice(0, MOST_STEPS + 1).to_pylist())
            self.whole = self.whole if len(self.whole) <= MOST_STEPS else None
        bounds = pc.min_max(pc.cast(parsed, pa.int64()) if pa.types.is_timestamp(parsed.type) else parsed)
        low, high = bounds["min"].as_py(), bounds["max"].as_py()
        if low is not None:
            before = self.bounds.get(name, (low, high))
            self.bounds[name] = (min(low, before[0]), max(high, before[1]))

    def _without_sentinels(self, parsed: pa.Array, values: pa.Array, counts: Any) -> pa.Array:
        """Numbers with null in place of sentinels, which are counted."""
        among = pc.fill_null(pc.is_in(parsed, value_set=pa.array(SENTINELS)), False)
        chosen = among.to_numpy(zero_copy_only=False)
        if not chosen.any():
            return parsed
        self.sentinels.update(dict(_sums(pc.utf8_trim_whitespace(values.filter(among)), counts[chosen])))
        return pc.if_else(among, pa.scalar(None, parsed.type), parsed)

    @property
    def marks(self) -> Counter[str]:
        """Placeholders without the blanks around them."""
        result: Counter[str] = Counter()
        for word, count in self.placeholders.items():
            result[word.strip()] += count
        return result

    def fits(self, name: str) -> bool:
        """Whether every value has a place in a reading."""
        return bool(self.readings) and name in (self.readings or {}) and not self.faults[name]


@dataclass
class Survey:
    """The columns of a file, and how it is written."""

    columns: dict[str, ColumnSurvey]
    rows: int
    format: str
    compression: str
    dialect: Dialect


def check_names(file: Path) -> None:
    """Refuse a file whose header an upload may not have.

    Raises:
        UnreadableDatasetError: the file has no format that Noria reads, or more columns than an upload may have.
    """
    with open_table(FileSource(file)) as table:
        check_header(table.names)


def survey(file: Path) -> Survey:
    """Read a file once.

    Raises:
        UnreadableDatasetError: the file has no format that Noria reads, or more columns than an upload may have.
    """
    with open_table(FileSource(file)) as table:
        result = Survey({name: ColumnSurvey() for name in table.names}, 0, table.format, table.compression, table.dialect)
        for batch in table.batches:
            result.rows += batch.rows.num_rows
            for name, column in _columns(batch):
                result.columns.setdefault(name, ColumnSurvey()).add(column, _dialect(table))
    check_header(list(result.columns))
    return result


def _columns(batch: Batch) -> Iterator[tuple[str, pa.Array]]:
    return zip(batch.rows.schema.names, batch.rows.columns, strict=True)


def _dialect(table: Table) -> Dialect:
    return table.dialect if table.format == "csv" else PLAIN


def _share(column: Column, sample: pa.Array, dialect: Dialect) -> float:
    codes = check_column(column, Words(sample), (), dialect).codes
    return 0.0 if codes is None else float((codes > 0).mean())


def _counted(into: Counter[str], values: pa.Array, trimmed: pa.Array, counts: Any, words: tuple[str, ...]) -> Any:
    """Which values are among some words, blanks aside; they are counted one by one."""
    among = pc.fill_null(pc.is_in(trimmed, value_set=pa.array(words)), False)
    chosen = among.to_numpy(zero_copy_only=False)
    if chosen.any():
        into.update(dict(_sums(values.filter(among), counts[chosen])))
    return chosen


def _sums(values: pa.Array, counts: Any) -> Iterator[tuple[str, int]]:
    """Different texts with their rows."""
    sums: Counter[str] = Counter()
    for value, count in zip(values.to_pylist(), counts.tolist(), strict=True):
        sums[value] += count
    yield from sums.items()


def _rows(mask: pa.Array, counts: Any) -> int:
    return int(counts[pc.fill_null(mask, False).to_numpy(zero_copy_only=False)].sum())


def looks_like_time(name: str) -> bool:
    """Whether a column's name says that it holds times."""
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)
    return any(part.lower() in time_formats.NAMES for part in parts)
