"""Profiles tables of any size in one pass over their batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from noria.kernel.errors import UnreadableDatasetError
from noria.kernel.values import EMPTY, TRUTHS
from noria.profile.column import BOOLEAN, INTEGER, NUMBER, TEXT, TIME, ColumnProfile
from noria.profile.dataset import Profile
from noria.profile.values import LONGEST_VALUE
from noria.tables import parse
from noria.tables.looks import looks_of
from noria.tables.read import UNDECLARED, Options, open_table
from noria.tables.words import Words, without_missing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from noria.profile.moments import Counts, Numbers
    from noria.tables.source import Source

#: A value that is no more than one in so many of a batch is not counted among the frequent ones: their sketch tells less than that not apart.
RARE = 300
#: Numbers of the beginning that show whether few of them are different; from this share of different ones on they are sorted.
SAMPLE, FEW_DIFFERENT = 4_096, 0.6


def profile(source: Source, time: str | None = None, key: tuple[str, ...] = (), options: Options = UNDECLARED) -> Profile:
    """The profile of a file.

    Args:
        time: the column that orders the rows.
        key: the columns that name a row.

    Raises:
        UnreadableDatasetError: it is none of the formats, or breaks off.
    """
    whole = Profile()
    with open_table(source, options) as table:
        for batch in table.batches:
            if batch.ragged:
                row = batch.ragged[0]
                raise UnreadableDatasetError(f"row {row.number} has {row.fields} fields under {len(table.names)} names")
            add(whole, batch.rows, time, key, EMPTY if table.is_text else ())
    for name in table.names:
        whole.columns.setdefault(name, ColumnProfile(rows=whole.rows, nulls=whole.rows))
    return whole


def blocks(source: Source, time: str, seconds: float) -> list[Profile]:
    """The profiles of a file's blocks of time, each so many seconds long, in their order; rows without a time are left out."""
    parts: dict[int, Profile] = {}
    with open_table(source) as table:
        for batch in table.batches:
            numbers = np.floor(_row_times(batch.rows.column(time)) / seconds)
            for number in np.unique(numbers[np.isfinite(numbers)]):
                some = batch.rows.filter(pa.array(numbers == number))
                add(parts.setdefault(int(number), Profile()), some, time, missing=EMPTY if table.is_text else ())
    return [parts[number] for number in sorted(parts)]


def add(whole: Profile, batch: pa.RecordBatch, time: str | None = None, key: tuple[str, ...] = (), missing: Sequence[str] = ()) -> None:
    """Add a batch of rows as a file has them: what a text is, its looks tell.

    Args:
        missing: words that mean an empty value.
    """
    if key and set(key) <= set(batch.schema.names):
        texts = [pc.fill_null(pc.cast(Words.of(batch.column(name), encode=False).rows(), pa.string()), "") for name in key]
        whole.add_keys(pc.binary_join_element_wise(*texts, "\x1f").to_pylist())
    columns = {name: Words.of(column) for name, column in zip(batch.schema.names, batch.columns, strict=True)}
    if missing:
        columns = {name: words.with_values(without_missing(words.values, missing)) for name, words in columns.items()}
    add_columns(whole, columns, time, by_looks=True)


def add_columns(whole: Profile, columns: Mapping[str, Words], time: str | None = None, by_looks: bool = False) -> None:
    """Add rows by column.

    Args:
        by_looks: whether texts that look like numbers, times or truth values count as such, one by one where they are mixed; those of
            a checked table do not, whose columns are of the contract's types.
    """
    rows = len(next(iter(columns.values()))) if columns else 0
    for name, words in columns.items():
        column = whole.columns.setdefault(name, ColumnProfile(rows=whole.rows, nulls=whole.rows))
        _add_column(column, words, by_looks)
        if name == time:
            _follow(whole, words)
    for name in set(whole.columns) - set(columns):
        whole.columns[name].rows += rows
        whole.columns[name].nulls += rows
    whole.rows += rows


def _follow(whole: Profile, words: Words) -> None:
    """Follow the order of the rows' times, where a column holds nothing else."""
    times = _row_times(words.rows())
    times = times[~np.isnan(times)]
    if times.size and not _is_mixed(words):
        whole.order.follow(float(times[0]), float(times[-1]), bool(np.all(np.diff(times) >= 0)))


def _is_mixed(words: Words) -> bool:
    """Whether texts are among the values that are no times."""
    if not pa.types.is_string(words.values.type):
        return not pa.types.is_temporal(words.values.type)
    times = looks_of(words.counted()[0].drop_null()).times
    return times is None or not bool(np.isfinite(times).all())


def _row_times(values: pa.Array) -> Numbers:
    """Each row's time in seconds since the epoch; not a number where there is none."""
    words = Words.of(values)
    present = words.values
    if pa.types.is_temporal(present.type):
        times = parse.seconds(present)
    elif pa.types.is_string(present.type):
        valid = present.is_valid().to_numpy(zero_copy_only=False)
        times = np.full(len(present), np.nan)
        times[valid] = parse.seconds(parse.times(present.drop_null(), None, parse.ALL_TIMES).values)
    else:
        times = parse.seconds(parse.epoch_times(present, None))
    return times if words.places is None else times[words.places]


def _add_column(column: ColumnProfile, words: Words, by_looks: bool) -> None:
    """Add one column of a batch."""
    column.rows += len(words)
    values, counts = words.counted() if words.places is not None else (words.values, None)
    if values.null_count:
        valid = values.is_valid().to_numpy(zero_copy_only=False)
        column.nulls += values.null_count if counts is None else int(counts[~valid].sum())
        values, counts = values.drop_null(), None if counts is None else counts[valid]
    if not len(values):
        return
    kind, rare = values.type, (len(values) if counts is None else int(counts.sum())) // RARE
    if pa.types.is_string(kind):
        texts, of_texts = _distinct(values, counts)
        if by_looks:
            _add_by_looks(column, texts, of_texts, rare)
        else:
            _add_words(column, TEXT, texts, of_texts, rare)
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        _add_numbers(column, INTEGER if pa.types.is_integer(kind) else NUMBER, *_different(parse.floats(values), counts), rare)
    elif pa.types.is_temporal(kind) and not pa.types.is_duration(kind):
        _add_numbers(column, TIME, *_different(parse.seconds(values), counts), rare)
    elif pa.types.is_boolean(kind):
        _add_words(column, BOOLEAN, *_distinct(pc.cast(values, pa.string()), counts), rare)
    else:
        _add_words(column, TEXT, *_distinct(pa.array([str(value) for value in values.to_pylist()], pa.string()), counts), rare)


def _distinct(values: pa.Array, counts: Counts | None) -> tuple[pa.Array, Counts]:
    """Different texts with their counts."""
    if counts is not None:
        return values, counts
    counted = pc.value_counts(values)
    return counted.field(0), counted.field(1).to_numpy()


def _different(numbers: Numbers, counts: Counts | None) -> tuple[Numbers, Counts]:
    """Different numbers in their order, with their counts."""
    if counts is not None:
        return numbers, counts
    sample = numbers[:SAMPLE]
    if len(numbers) > SAMPLE and len(np.unique(sample)) < FEW_DIFFERENT * len(sample):
        # Counting by hashing is several times as fast as sorting, as long as few numbers are different.
        counted = pc.value_counts(pa.array(numbers))
        few, of_few = counted.field(0).to_numpy(zero_copy_only=False), counted.field(1).to_numpy()
        order = np.argsort(few)
        return few[order], of_few[order]
    different, times = np.unique(numbers, return_counts=True)
    return different, times


def _add_by_looks(column: ColumnProfile, words: pa.Array, counts: Counts, rare: int) -> None:
    """Add different texts: numbers, times and truth values count as such."""
    looks = looks_of(words)
    is_number = ~np.isnan(looks.numbers) | looks.nans
    if is_number.any():
        _add_numbers(column, NUMBER, looks.numbers[is_number], counts[is_number], rare)
    is_time = np.zeros(len(words), bool) if looks.times is None else ~np.isnan(looks.times) & ~is_number
    if looks.times is not None and is_time.any():
        _add_numbers(column, TIME, looks.times[is_time], counts[is_time], rare)
    rest = ~is_number & ~is_time
    if rest.any():
        others = pc.utf8_trim_whitespace(words.filter(pa.array(rest)))
        is_truth = pc.all(pc.is_in(others, value_set=pa.array(sorted(TRUTHS)))).as_py()
        _add_words(column, BOOLEAN if is_truth else TEXT, others, counts[rest], rare)


def _add_numbers(column: ColumnProfile, kind: str, values: Numbers, counts: Counts, rare: int) -> None:
    """Add different numbers, or times, with their counts."""
    finite = np.isfinite(values)
    column.add_number_values(values[finite], counts[finite], rare)
    column.add_numbers(kind, values, counts)


def _add_words(column: ColumnProfile, kind: str, words: pa.Array, counts: Counts, rare: int) -> None:
    """Add different words with their counts."""
    column.add_values(zip(pc.utf8_slice_codeunits(words, 0, LONGEST_VALUE).to_pylist(), counts.tolist(), strict=True), rare)
    column.add_texts(kind, parse.lengths(words), counts)
