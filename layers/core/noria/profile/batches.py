"""One pass over a file of any size: batches of rows out of CSV, Parquet or JSON Lines, each taken into the profile."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from noria.kernel.values import TRUTHS
from noria.profile.column import BOOLEAN, INTEGER, LONGEST_VALUE, NUMBER, TEXT, TIME, ColumnProfile
from noria.profile.dataset import Profile
from noria.profile.formats import batches
from noria.profile.moments import Counts, Numbers

#: A value that makes up no more than one in so many of a batch is not counted among the frequent ones.
RARE = 1_000
#: After so many batches what they have needed is given back: else the allocator keeps it, and a longer file takes more.
RELEASED = 2
TIME_FORMATS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d")
SECONDS = pa.timestamp("us")


def profile(path: Path, time: str | None = None, key: tuple[str, ...] = ()) -> Profile:
    """The profile of a file.

    Args:
        time: the column that orders the rows.
        key: the columns that name a row.

    Raises:
        UnreadableDatasetError: it is none of the formats, or breaks off.
    """
    result, pool = Profile(), pa.default_memory_pool()
    for number, batch in enumerate(batches(path)):
        add(result, batch, time, key)
        if number % RELEASED == 0:
            pool.release_unused()
    return result


def blocks(path: Path, time: str, seconds: float) -> list[Profile]:
    """The profiles of a file's blocks of time, each so many seconds long, in their order; rows without a time are left out."""
    result: dict[int, Profile] = {}
    for batch in batches(path):
        values = batch.column(time)
        moments = _moments(values)
        numbers = np.floor(moments / seconds)
        for number in np.unique(numbers[np.isfinite(numbers)]):
            add(result.setdefault(int(number), Profile()), batch.filter(pa.array(numbers == number)), time)
    return [result[number] for number in sorted(result)]


def _moments(values: pa.Array) -> Numbers:
    """A column's times in seconds since the epoch, row by row; not a number where there is none."""
    present = values.drop_null()
    if isinstance(present, pa.DictionaryArray):
        present = present.dictionary_decode()
    if pa.types.is_string(present.type) or pa.types.is_large_string(present.type):
        encoded = present.dictionary_encode()
        words = pc.utf8_trim_whitespace(encoded.dictionary)
        numbers, times = _numbers(words), _times(words)
        seconds = (numbers if times is None else np.where(np.isnan(numbers), times, numbers))[encoded.indices.to_numpy()]
    elif pa.types.is_temporal(present.type):
        seconds = _seconds(present)
    else:
        seconds = pc.cast(present, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    whole = np.full(len(values), np.nan)
    whole[pc.is_valid(values).to_numpy(zero_copy_only=False)] = seconds
    return whole


def add(result: Profile, batch: pa.RecordBatch, time: str | None = None, key: tuple[str, ...] = ()) -> None:
    """Take a batch of rows into account."""
    for name, values in zip(batch.schema.names, batch.columns, strict=True):
        column = result.columns.setdefault(name, ColumnProfile(rows=result.rows, nulls=result.rows))
        moments = _add(column, values)
        if name == time and moments is not None and moments.size:
            result.order.follow(float(moments[0]), float(moments[-1]), bool(np.all(np.diff(moments) >= 0)))
    for name in set(result.columns) - set(batch.schema.names):
        result.columns[name].rows += batch.num_rows
        result.columns[name].nulls += batch.num_rows
    if key and set(key) <= set(batch.schema.names):
        texts = [pc.fill_null(pc.cast(batch.column(name), pa.string()), "") for name in key]
        result.add_keys(pc.binary_join_element_wise(*texts, "\x1f").to_pylist())
    result.rows += batch.num_rows


def _add(column: ColumnProfile, values: pa.Array) -> Numbers | None:
    """One column of a batch; its times in seconds, where it holds any."""
    column.rows += len(values)
    column.nulls += values.null_count
    present = values.drop_null() if values.null_count else values
    if isinstance(present, pa.DictionaryArray) and not pa.types.is_string(present.type.value_type):
        present = present.dictionary_decode()
    kind = present.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
        return _add_texts(column, present)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        numbers = pc.cast(present, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        column.add_numbers(INTEGER if pa.types.is_integer(kind) else NUMBER, *_tally_numbers(column, numbers))
        return None
    if pa.types.is_temporal(kind) and not pa.types.is_duration(kind):
        seconds = _seconds(present)
        column.add_numbers(TIME, *_tally_numbers(column, seconds))
        return seconds
    texts = pa.array([str(value).lower() if isinstance(value, bool) else str(value) for value in present.to_pylist()], pa.string())
    words, counts = _tally_texts(column, texts)
    column.add_texts(BOOLEAN if pa.types.is_boolean(kind) else TEXT, _lengths(words), counts)
    return None


def _lengths(texts: pa.Array) -> Numbers:
    return cast("Numbers", pc.utf8_length(texts).to_numpy(zero_copy_only=False).astype(np.float64))


def _seconds(values: pa.Array) -> Numbers:
    if pa.types.is_time(values.type):
        return cast("Numbers", pc.cast(pc.cast(values, pa.time64("us")), pa.int64()).to_numpy(zero_copy_only=False) / 1e6)
    return cast("Numbers", pc.cast(pc.cast(values, SECONDS, safe=False), pa.int64()).to_numpy(zero_copy_only=False) / 1e6)


def _add_texts(column: ColumnProfile, texts: pa.Array) -> Numbers | None:
    """Texts by what they say: numbers, times and truth values are counted as such, one by one where they are mixed.

    What a text says is found once for each different one.
    """
    if not len(texts):
        return None
    encoded = texts if isinstance(texts, pa.DictionaryArray) else texts.dictionary_encode()
    words, places = pc.utf8_trim_whitespace(encoded.dictionary), encoded.indices.to_numpy()
    counts = np.bincount(places, minlength=len(words))
    if not counts.all():
        # A dictionary may hold words of other rows.
        retained = counts > 0
        words, places, counts = words.filter(pa.array(retained)), (np.cumsum(retained) - 1)[places], counts[retained]
    message = _numbers(words)
    report = ~np.isnan(message) | _is_nan(words)
    if report.any():
        finite = np.isfinite(message)
        column.add_values(zip(message[finite].tolist(), counts[finite].tolist(), strict=True), len(texts) // RARE)
        column.add_numbers(NUMBER, message[report], counts[report])
    if report.all():
        return None
    rest = words.filter(pa.array(~report))
    left = counts[~report]
    seconds = _times(rest)
    if seconds is not None:
        times = ~np.isnan(seconds)
        column.add_values(zip(seconds[times].tolist(), left[times].tolist(), strict=True), len(texts) // RARE)
        column.add_numbers(TIME, seconds[times], left[times])
        if times.all():
            return seconds[places] if not report.any() else None
        rest, left = rest.filter(pa.array(~times)), left[~times]
    column.add_values(zip(pc.utf8_slice_codeunits(rest, 0, LONGEST_VALUE).to_pylist(), left.tolist(), strict=True), len(texts) // RARE)
    truths = pc.all(pc.is_in(rest, value_set=pa.array(sorted(TRUTHS)))).as_py()
    column.add_texts(BOOLEAN if truths else TEXT, _lengths(rest), left)
    return None


def _numbers(words: pa.Array) -> Numbers:
    """What words say as numbers; not a number where they say none."""
    plain = pc.match_substring_regex(words, r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
    return cast("Numbers", pc.cast(pc.if_else(plain, words, "nan"), pa.float64()).to_numpy(zero_copy_only=False))


def _is_nan(words: pa.Array) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    return cast("np.ndarray[Any, np.dtype[np.bool_]]", pc.is_in(pc.utf8_lower(words), value_set=pa.array(["nan"])).to_numpy(zero_copy_only=False))


def _times(texts: pa.Array) -> Numbers | None:
    """Texts as times, each by the format that suits it; not a number where none does, and nothing where no text is a time."""
    plain = pc.replace_substring_regex(texts, r"(\.\d+)?(Z|[+-]00:?00)?$", "")
    if not pc.any(pc.match_substring_regex(plain, r"^\d{4}-\d{2}-\d{2}")).as_py():
        return None
    result = pa.nulls(len(plain), pa.timestamp("s"))
    for shape in TIME_FORMATS:
        result = pc.coalesce(result, pc.strptime(plain, shape, "s", error_is_null=True))
        if not result.null_count:
            break
    return _seconds(result) if result.null_count < len(result) else None


def _tally_numbers(column: ColumnProfile, numbers: Numbers) -> tuple[Numbers, Counts]:
    """Which numbers there are, in their order, and how often, as the column now has it."""
    values, counts = np.unique(numbers, return_counts=True)
    finite = np.isfinite(values)
    column.add_values(zip(values[finite].tolist(), counts[finite].tolist(), strict=True), len(numbers) // RARE)
    return values, counts


def _tally_texts(column: ColumnProfile, texts: pa.Array) -> tuple[pa.Array, Counts]:
    """Which words there are, and how often, as the column now has it."""
    counted = pc.value_counts(texts)
    words, counts = counted.field(0), counted.field(1).to_numpy()
    retained = pc.utf8_slice_codeunits(words, 0, LONGEST_VALUE)
    column.add_values(zip(retained.to_pylist(), counts.tolist(), strict=True), len(texts) // RARE)
    return words, counts
