"""Profiles files of any size in one pass: batches of rows out of CSV, Parquet or JSON Lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from noria.kernel.values import TRUTHS
from noria.profile import parsing
from noria.profile.column import BOOLEAN, INTEGER, NUMBER, TEXT, TIME, ColumnProfile
from noria.profile.dataset import Profile
from noria.profile.formats import batches
from noria.profile.values import LONGEST_VALUE

if TYPE_CHECKING:
    from pathlib import Path

    from noria.profile.moments import Counts, Numbers

#: A value that is no more than one in so many of a batch is not counted among the frequent ones.
RARE = 1_000
#: The allocator's unused memory is given back every so many batches: else a longer file takes more memory.
RELEASED = 2


def profile(path: Path, time: str | None = None, key: tuple[str, ...] = ()) -> Profile:
    """The profile of a file.

    Args:
        time: the column that orders the rows.
        key: the columns that name a row.

    Raises:
        UnreadableDatasetError: it is none of the formats, or breaks off.
    """
    whole, pool = Profile(), pa.default_memory_pool()
    for number, batch in enumerate(batches(path)):
        add(whole, batch, time, key)
        if number % RELEASED == 0:
            pool.release_unused()
    return whole


def blocks(path: Path, time: str, seconds: float) -> list[Profile]:
    """The profiles of a file's blocks of time, each so many seconds long, in their order; rows without a time are left out."""
    parts: dict[int, Profile] = {}
    for batch in batches(path):
        numbers = np.floor(parsing.parse_column_times(batch.column(time)) / seconds)
        for number in np.unique(numbers[np.isfinite(numbers)]):
            add(parts.setdefault(int(number), Profile()), batch.filter(pa.array(numbers == number)), time)
    return [parts[number] for number in sorted(parts)]


def add(whole: Profile, batch: pa.RecordBatch, time: str | None = None, key: tuple[str, ...] = ()) -> None:
    """Add a batch of rows to a profile."""
    for name, values in zip(batch.schema.names, batch.columns, strict=True):
        column = whole.columns.setdefault(name, ColumnProfile(rows=whole.rows, nulls=whole.rows))
        times = _add_column(column, values)
        if name == time and times is not None and times.size:
            whole.order.follow(float(times[0]), float(times[-1]), bool(np.all(np.diff(times) >= 0)))
    for name in set(whole.columns) - set(batch.schema.names):
        whole.columns[name].rows += batch.num_rows
        whole.columns[name].nulls += batch.num_rows
    if key and set(key) <= set(batch.schema.names):
        texts = [pc.fill_null(pc.cast(batch.column(name), pa.string()), "") for name in key]
        whole.add_keys(pc.binary_join_element_wise(*texts, "\x1f").to_pylist())
    whole.rows += batch.num_rows


def _add_column(column: ColumnProfile, values: pa.Array) -> Numbers | None:
    """Add one column of a batch.

    Returns:
        Its times, where it holds nothing else.
    """
    column.rows += len(values)
    column.nulls += values.null_count
    present = values.drop_null() if values.null_count else values
    if isinstance(present, pa.DictionaryArray) and not pa.types.is_string(present.type.value_type):
        present = present.dictionary_decode()
    kind = present.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
        return _add_texts(column, present)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        _add_all_numbers(column, INTEGER if pa.types.is_integer(kind) else NUMBER, parsing.floats(present))
        return None
    if pa.types.is_temporal(kind) and not pa.types.is_duration(kind):
        times = parsing.seconds(present)
        _add_all_numbers(column, TIME, times)
        return times
    _add_others(column, BOOLEAN if pa.types.is_boolean(kind) else TEXT, present)
    return None


def _add_texts(column: ColumnProfile, texts: pa.Array) -> Numbers | None:
    """Add texts: numbers, times and truth values count as such, one by one where they are mixed.

    Each different text is parsed once.

    Returns:
        The times, where there is nothing else.
    """
    if not len(texts):
        return None
    words, places, counts = _distinct_words(texts)
    rare, numbers = len(texts) // RARE, parsing.parse_numbers(words)
    is_number = ~np.isnan(numbers) | parsing.is_nan(words)
    if is_number.any():
        _add_numbers(column, NUMBER, numbers[is_number], counts[is_number], rare)
    if is_number.all():
        return None
    words, counts = words.filter(pa.array(~is_number)), counts[~is_number]
    times = parsing.parse_times(words)
    if times is None:
        _add_words(column, words, counts, rare)
        return None
    is_time = ~np.isnan(times)
    _add_numbers(column, TIME, times[is_time], counts[is_time], rare)
    if not is_time.all():
        _add_words(column, words.filter(pa.array(~is_time)), counts[~is_time], rare)
        return None
    return None if is_number.any() else times[places]


def _distinct_words(texts: pa.Array) -> tuple[pa.Array, Counts, Counts]:
    """The different texts without white space around them, the place of each row's text among them, and their counts."""
    encoded = texts if isinstance(texts, pa.DictionaryArray) else texts.dictionary_encode()
    words, places = pc.utf8_trim_whitespace(encoded.dictionary), encoded.indices.to_numpy()
    counts = np.bincount(places, minlength=len(words))
    if not counts.all():
        # A dictionary may hold words of other rows.
        present = counts > 0
        words, places, counts = words.filter(pa.array(present)), (np.cumsum(present) - 1)[places], counts[present]
    return words, places, counts


def _add_all_numbers(column: ColumnProfile, kind: str, numbers: Numbers) -> None:
    values, counts = np.unique(numbers, return_counts=True)
    _add_numbers(column, kind, values, counts, len(numbers) // RARE)


def _add_numbers(column: ColumnProfile, kind: str, values: Numbers, counts: Counts, rare: int) -> None:
    """Add different numbers, or times, with their counts."""
    finite = np.isfinite(values)
    column.add_values(zip(values[finite].tolist(), counts[finite].tolist(), strict=True), rare)
    column.add_numbers(kind, values, counts)


def _add_words(column: ColumnProfile, words: pa.Array, counts: Counts, rare: int) -> None:
    """Add different words that are neither numbers nor times, with their counts."""
    column.add_values(zip(pc.utf8_slice_codeunits(words, 0, LONGEST_VALUE).to_pylist(), counts.tolist(), strict=True), rare)
    is_truth = pc.all(pc.is_in(words, value_set=pa.array(sorted(TRUTHS)))).as_py()
    column.add_texts(BOOLEAN if is_truth else TEXT, parsing.lengths(words), counts)


def _add_others(column: ColumnProfile, kind: str, values: pa.Array) -> None:
    """Add values of any other type by their text."""
    texts = pa.array([str(value).lower() if isinstance(value, bool) else str(value) for value in values.to_pylist()], pa.string())
    counted = pc.value_counts(texts)
    words, counts = counted.field(0), counted.field(1).to_numpy()
    column.add_values(zip(pc.utf8_slice_codeunits(words, 0, LONGEST_VALUE).to_pylist(), counts.tolist(), strict=True), len(texts) // RARE)
    column.add_texts(kind, parsing.lengths(words), counts)
