"""Texts and values of Arrow arrays as numbers, and as times in seconds since the epoch."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from noria.profile.moments import Numbers

Mask = np.ndarray[Any, np.dtype[np.bool_]]
TIME_FORMATS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d")
MICROSECONDS = pa.timestamp("us")


def parse_column_times(values: pa.Array) -> Numbers:
    """A column's times, row by row; not a number where there is none."""
    present = values.drop_null()
    if isinstance(present, pa.DictionaryArray):
        present = present.dictionary_decode()
    times = np.full(len(values), np.nan)
    times[pc.is_valid(values).to_numpy(zero_copy_only=False)] = _times_of(present)
    return times


def _times_of(values: pa.Array) -> Numbers:
    """Times of values of any type; numbers are seconds since the epoch."""
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        encoded = values.dictionary_encode()
        words = pc.utf8_trim_whitespace(encoded.dictionary)
        numbers, times = parse_numbers(words), parse_times(words)
        return cast("Numbers", (numbers if times is None else np.where(np.isnan(numbers), times, numbers))[encoded.indices.to_numpy()])
    return seconds(values) if pa.types.is_temporal(values.type) else floats(values)


def floats(values: pa.Array) -> Numbers:
    """Numbers of any type in double precision."""
    return cast("Numbers", pc.cast(values, pa.float64(), safe=False).to_numpy(zero_copy_only=False))


def seconds(values: pa.Array) -> Numbers:
    """Dates, times and timestamps in seconds."""
    exact = pc.cast(values, pa.time64("us")) if pa.types.is_time(values.type) else pc.cast(values, MICROSECONDS, safe=False)
    return cast("Numbers", pc.cast(exact, pa.int64()).to_numpy(zero_copy_only=False) / 1e6)


def lengths(texts: pa.Array) -> Numbers:
    """Lengths of texts in characters."""
    return cast("Numbers", pc.utf8_length(texts).to_numpy(zero_copy_only=False).astype(np.float64))


def parse_numbers(words: pa.Array) -> Numbers:
    """Words as numbers; not a number where a word is none."""
    plain = pc.match_substring_regex(words, r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
    return cast("Numbers", pc.cast(pc.if_else(plain, words, "nan"), pa.float64()).to_numpy(zero_copy_only=False))


def is_nan(words: pa.Array) -> Mask:
    """Which words are `nan`."""
    return cast("Mask", pc.is_in(pc.utf8_lower(words), value_set=pa.array(["nan"])).to_numpy(zero_copy_only=False))


def parse_times(words: pa.Array) -> Numbers | None:
    """Words as times, each by the format that suits it; not a number where none does, and None where no word is a time."""
    plain = pc.replace_substring_regex(words, r"(\.\d+)?(Z|[+-]00:?00)?$", "")
    if not pc.any(pc.match_substring_regex(plain, r"^\d{4}-\d{2}-\d{2}")).as_py():
        return None
    times = pa.nulls(len(plain), pa.timestamp("s"))
    for form in TIME_FORMATS:
        times = pc.coalesce(times, pc.strptime(plain, form, "s", error_is_null=True))
        if not times.null_count:
            break
    return seconds(times) if times.null_count < len(times) else None
