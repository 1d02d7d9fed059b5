"""Holds the rows of a table against a contract, a batch at a time: typed columns of the good rows, and what is wrong with the others."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from noria.data import column_check, rule_check
from noria.data.column_check import CODES, CheckedColumn, check_column, expectation
from noria.data.rules import Rule, parse_rule
from noria.tables.dialect import PLAIN, Dialect
from noria.tables.fingerprint import Repeats, fingerprints
from noria.tables.notation import to_texts
from noria.tables.words import Words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from noria.data.contract import DataContract
    from noria.data.shapes import FaultExample
    from noria.tables.batch import Batch

#: The column of a curated dataset that has the number of each row in the file that it came from.
ROW = "#row"
#: How many bad rows a verdict shows, and characters of a value in it.
EXAMPLES, LONGEST_OBSERVED = 10, 80
#: Columns of a row that was set aside: where and why.
FAULT_COLUMNS = ("#row", "#column", "#fault", "#expected")
#: What is expected of a row that repeats a key.
REPEATED, IN_ORDER = "no value of an earlier row", "no time before that of an earlier row"


@dataclass
class Facts:
    """What is counted of a table's rows.

    Attributes:
        faults: bad rows by column and code.
        nulls: empty values of columns whose share is limited.
        first: the earliest and `last` the latest event time of the good rows (seconds since the epoch).
    """

    rows: int = 0
    bad_rows: int = 0
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: list[FaultExample] = field(default_factory=list)
    nulls: Counter[str] = field(default_factory=Counter)
    first: float | None = None
    last: float | None = None


@dataclass(frozen=True)
class CheckedBatch:
    """A batch's good rows by column, with their numbers in the file, and its bad ones as texts with their faults."""

    columns: dict[str, Words]
    numbers: Any
    bad: pa.RecordBatch | None


class TableCheck:
    """The state of a check over all batches of a table.

    Args:
        names: the columns of the table, all required ones among them.
    """

    def __init__(self, contract: DataContract, target: str, names: Sequence[str], dialect: Dialect = PLAIN) -> None:
        self.contract, self.facts = contract, Facts()
        self._required = contract.required(target)
        self._names, self._dialect = names, dialect
        self._columns = {name: contract.column(name) for name in self._required}
        self._rules: list[Rule] = [parse_rule(text) for text in contract.rules]
        self._unencoded: set[str] = set()
        self._latest = -np.inf
        unique = [name for name, column in contract.columns.items() if column.unique]
        self._repeats = {(name,): (Repeats(), "Duplicate") for name in unique} | ({contract.key: (Repeats(), "DuplicateKey")} if contract.key else {})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for repeats, _code in self._repeats.values():
            repeats.close()

    def check(self, batch: Batch) -> CheckedBatch:
        """The good and the bad rows of the next batch; later rows that repeat a key are found at the end."""
        count = batch.rows.num_rows
        codes, columns = np.zeros(count, np.uint8), np.zeros(count, np.int32)
        checked = {name: self._check(name, batch) for name in self._required}
        for place, column in enumerate(checked.values()):
            if column.codes is not None:
                here = (codes == 0) & (column.codes > 0)
                codes[here], columns[here] = column.codes[here], place
        self._check_rules(checked, codes, columns)
        self._check_order(checked, codes, columns)
        good = codes == 0
        self._count(batch, checked, codes, columns)
        bad = None if good.all() and not batch.ragged else self._set_aside(batch, codes, columns)
        words = {name: column.words if good.all() else column.words.filter(good) for name, column in checked.items()}
        self._follow(words)
        extra = {name: Words.of(batch.rows.column(name), encode=False) for name in batch.rows.schema.names if name not in checked}
        return CheckedBatch({**words, **{name: column if good.all() else column.filter(good) for name, column in extra.items()}}, batch.numbers[good], bad)

    def _check(self, name: str, batch: Batch) -> CheckedColumn:
        names = batch.rows.schema.names
        array = batch.rows.column(name) if name in names else pa.nulls(batch.rows.num_rows, pa.string())
        words = Words.of(array, name not in self._unencoded)
        if words.are_many and pa.types.is_string(array.type):
            self._unencoded.add(name)
        return check_column(self._columns[name], words, self.contract.missing, self._dialect)

    def _check_rules(self, checked: dict[str, CheckedColumn], codes: Any, columns: Any) -> None:
        for number, rule in enumerate(self._rules):
            here = (codes == 0) & rule_check.broken(rule, {name: checked[name].words.rows() for name in rule.columns})
            codes[here], columns[here] = column_check.RULE, len(self._required) + number

    def _check_order(self, checked: dict[str, CheckedColumn], codes: Any, columns: Any) -> None:
        if not (self.contract.ordered and self.contract.time):
            return
        times = _micros(checked[self.contract.time].words)
        times = np.where(codes == 0, times, -np.inf)
        before = np.maximum.accumulate(np.concatenate([[self._latest], times]))
        here = (codes == 0) & (times < before[:-1])
        codes[here], columns[here] = column_check.ORDER, self._required.index(self.contract.time)
        self._latest = float(before[-1])

    def _count(self, batch: Batch, checked: dict[str, CheckedColumn], codes: Any, columns: Any) -> None:
        facts, bad = self.facts, np.flatnonzero(codes)
        facts.rows += len(codes) + len(batch.ragged)
        facts.bad_rows += len(bad) + len(batch.ragged)
        pairs, counts = np.unique(np.stack([columns[bad], codes[bad]]), axis=1, return_counts=True)
        for (place, code), count in zip(pairs.T.tolist(), counts.tolist(), strict=True):
            facts.faults[self._name(place), CODES[code]] += count
        if batch.ragged:
            facts.faults["", "Shape"] += len(batch.ragged)
        examples: list[FaultExample] = [
            self._example(int(batch.numbers[row]), int(columns[row]), CODES[codes[row]], checked, int(row)) for row in bad[:EXAMPLES].tolist()
        ]
        for ragged in batch.ragged[:EXAMPLES]:
            observed = f"{ragged.fields} fields"
            examples.append({"row": ragged.number, "column": "", "code": "Shape", "observed": observed, "expected": f"{len(self._names)} fields"})
        facts.examples += sorted(examples, key=lambda example: example["row"])[: EXAMPLES - len(facts.examples)]
        for name, column in self.contract.columns.items():
            if column.nulls is not None:
                facts.nulls[name] += int(checked[name].words.rows().null_count)

    def _name(self, place: int) -> str:
        return self._required[place] if place < len(self._required) else self._rules[place - len(self._required)].text

    def _example(self, number: int, place: int, code: str, checked: dict[str, CheckedColumn], row: int) -> FaultExample:
        name = self._name(place)
        if code == "Rule":
            rule = self._rules[place - len(self._required)]
            observed = ", ".join(f"{column} = {_value(checked[column], row)}" for column in sorted(rule.columns))
            return {"row": number, "column": name, "code": code, "observed": observed[:LONGEST_OBSERVED], "expected": name}
        observed = _value(checked[name], row)[:LONGEST_OBSERVED]
        return {"row": number, "column": name, "code": code, "observed": observed, "expected": self._expectation(name, code)}

    def _set_aside(self, batch: Batch, codes: Any, columns: Any) -> pa.RecordBatch:
        """The bad rows as texts, each after its number, the column, the fault and what was expected; ragged ones have their text alone."""
        places = np.flatnonzero(codes)
        rows = batch.rows.take(pa.array(places))
        texts = [_texts(rows.column(name)) if name in rows.schema.names else pa.nulls(len(places), pa.string()) for name in self._names]
        names = [self._name(int(columns[place])) for place in places]
        expected = [self._expectation(name, CODES[codes[place]]) for name, place in zip(names, places.tolist(), strict=True)]
        faults = [
            pa.array(batch.numbers[places]).cast(pa.string()),
            pa.array(names, pa.string()),
            pa.array([CODES[codes[place]] for place in places], pa.string()),
        ]
        schema = pa.schema([(name, pa.string()) for name in (*FAULT_COLUMNS, *self._names)])
        bad = pa.RecordBatch.from_arrays([*faults, pa.array(expected, pa.string()), *texts], schema=schema)
        if not batch.ragged:
            return bad
        ragged = [
            {"#row": str(row.number), "#column": "", "#fault": "Shape", "#expected": f"{len(self._names)} fields", self._names[0]: row.text[:10_000]}
            for row in batch.ragged
        ]
        joined = pa.Table.from_batches([bad, pa.RecordBatch.from_pylist(ragged, schema)])
        return joined.combine_chunks().to_batches()[0]

    def _expectation(self, name: str, code: str) -> str:
        return name if code == "Rule" else IN_ORDER if code == "Order" else expectation(self._columns[name], code)

    def _follow(self, words: dict[str, Words]) -> None:
        """Remember the good rows' keys, and their first and last time."""
        for names, (repeats, _) in self._repeats.items():
            if len(words[names[0]]):
                repeats.add(fingerprints([words[name] for name in names]))
        if self.contract.time and len(words[self.contract.time]):
            times = _micros(words[self.contract.time]) / 1e6
            times = times[np.isfinite(times)]
            if len(times):
                first, last = float(times.min()), float(times.max())
                self.facts.first = first if self.facts.first is None else min(first, self.facts.first)
                self.facts.last = last if self.facts.last is None else max(last, self.facts.last)

    def count_repeats(self, repeats: Mapping[int, tuple[tuple[str, ...], str]]) -> None:
        """Count rows that repeat a key among the bad ones."""
        self.facts.bad_rows += len(repeats)
        for names, code in repeats.values():
            self.facts.faults[",".join(names), code] += 1

    def show_repeats(self, rows: pa.RecordBatch, faults: Sequence[tuple[tuple[str, ...], str]], notations: Mapping[str, str]) -> None:
        """Add rows that repeat a key to the examples; `rows` are of the dataset."""
        for row, (names, code) in list(enumerate(faults))[: EXAMPLES - len(self.facts.examples)]:
            observed = ",".join(to_texts(rows.column(name).slice(row, 1), notations.get(name, ""))[0].as_py() for name in names)
            self.facts.examples.append(
                {"row": rows.column(ROW)[row].as_py(), "column": ",".join(names), "code": code, "observed": observed[:LONGEST_OBSERVED], "expected": REPEATED}
            )

    def repeats(self) -> dict[int, tuple[tuple[str, ...], str]]:
        """The places among all good rows of those that repeat a key or a unique value of an earlier one, with the columns and the fault."""
        results: dict[int, tuple[tuple[str, ...], str]] = {}
        for names, (repeats, code) in self._repeats.items():
            for place in repeats.later().tolist():
                results.setdefault(place, (names, code))
        return results


def _micros(words: Words) -> Any:
    """Times in microseconds since the epoch; minus infinity where there is none."""
    values = pc.fill_null(pc.cast(words.values, pa.int64()), 0).to_numpy(zero_copy_only=False).astype(np.float64)
    values = np.where(words.values.is_valid().to_numpy(zero_copy_only=False), values, -np.inf)
    return values if words.places is None else values[words.places]


def _value(column: CheckedColumn, row: int) -> str:
    read = column.read
    value = read.values[row if read.places is None else int(read.places[row])].as_py()
    return "" if value is None else str(value)


def _texts(array: pa.Array) -> pa.Array:
    array = Words.of(array, encode=False).rows()
    if pa.types.is_string(array.type):
        return array
    return pa.array([None if value is None else str(value) for value in array.to_pylist()], pa.string())
