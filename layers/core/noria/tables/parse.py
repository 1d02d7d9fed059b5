"""Whole columns by the rules of `noria.kernel.values`: a fast path for what Arrow reads alike, and those rules, word by word, for the rest."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from noria.kernel import values as scalar

Floats = np.ndarray[Any, np.dtype[np.float64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]
Indices = np.ndarray[Any, np.dtype[np.int64]]
TIMES, WIDE = pa.timestamp("us", tz="UTC"), pa.decimal128(38, 0)
#: Digits of the largest whole number that a column holds.
MOST_DIGITS = 38
ALL_TIMES = (-math.inf, math.inf)
LEAST_64, MOST_64 = -(2**63), 2**63 - 1
#: Directives that Arrow's `strptime` reads otherwise than Python's, or not.
SCALAR_DIRECTIVES = ("%z", "%Z", "%f", "%p", "%I", "%b", "%B", "%a", "%A", "%j", "%y", "%-")
#: ISO 8601 with a zone, as Arrow reads it.
ZONED = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)$"
UNZONED = r"^\d{4}-\d\d-\d\d([T ]\d\d(:\d\d(:\d\d(\.\d{1,6})?)?)?)?$"


@dataclass(frozen=True)
class Parsed:
    """A column's values, null where a word is none; `ok` says which words are right, and is nothing where all of them are."""

    values: pa.Array
    ok: Mask | None = None


def numbers(words: pa.Array, decimal: str = ".", thousands: str = "") -> Parsed:
    """Words as finite numbers in double precision."""
    words = plain_notation(words, decimal, thousands)
    try:
        values = pc.cast(words, pa.float64())
        if not len(values) or bool(np.isfinite(_numpy(values)).all()):
            return Parsed(values)
    except pa.ArrowInvalid:
        pass
    words = pc.utf8_trim_whitespace(words)
    is_number = pc.match_substring_regex(words, rf"^{scalar.NUMBER.pattern}$")
    values = pc.cast(pc.if_else(is_number, words, pa.scalar(None, words.type)), pa.float64())
    ok = np.isfinite(_numpy(values, math.nan))
    return Parsed(pc.if_else(pa.array(ok), values, None), ok)


def integers(words: pa.Array, decimal: str = ".", thousands: str = "", wide: bool = False) -> Parsed:
    """Words as whole numbers, never through double precision.

    Args:
        wide: whether numbers beyond 64 bits are right; the column then has 38 digits.
    """
    words = plain_notation(words, decimal, thousands)
    if not wide:
        try:
            values = pc.cast(words, pa.int64())
            if not pc.any(pc.match_substring(words, "x", ignore_case=True)).as_py():
                return Parsed(values)
        except pa.ArrowInvalid:
            pass

    def one(word: str) -> int:
        value = scalar.parse_integer(word)
        if not (wide and len(str(abs(value))) <= MOST_DIGITS) and not LEAST_64 <= value <= MOST_64:
            raise ValueError(word)
        return value

    return _one_by_one(words, one, WIDE if wide else pa.int64())


def booleans(words: pa.Array, truths: dict[str, bool]) -> Parsed:
    """Words as truth values."""
    words = pc.utf8_trim_whitespace(words)
    known = pa.array(list(truths), pa.string())
    place = pc.index_in(words, value_set=known)
    ok = _numpy(pc.is_valid(place))
    return Parsed(pc.take(pa.array(list(truths.values()), pa.bool_()), place), None if ok.all() else ok)


def times(words: pa.Array, form: str | None = None, limits: tuple[float, float] = (scalar.EARLIEST, scalar.LATEST)) -> Parsed:
    """Words as times in UTC; see `noria.kernel.values.parse_timestamp`."""
    words = pc.utf8_trim_whitespace(words)
    values = _fast_times(words, form)
    if values.null_count:
        # What Arrow does not read is read word by word.
        rest = _numpy(pc.is_null(values))

        def one(word: str) -> int:
            micros = round(scalar.parse_timestamp(word, form, ALL_TIMES) * 1e6)
            if not LEAST_64 <= micros <= MOST_64:
                raise OverflowError(word)
            return micros

        slow = _one_by_one(words.filter(pa.array(rest)), one, pa.int64())
        every = _numpy(pc.fill_null(pc.cast(values, pa.int64()), 0)).copy()
        every[rest] = _numpy(pc.fill_null(slow.values, 0))
        ok = ~rest
        ok[rest] = True if slow.ok is None else slow.ok
        values = pa.array(every, mask=~ok).cast(TIMES)
    return within(Parsed(values, _numpy(pc.is_valid(values))), limits)


def within(parsed: Parsed, limits: tuple[float, float]) -> Parsed:
    """Times within limits (seconds since the epoch)."""
    every = seconds(parsed.values)
    with np.errstate(invalid="ignore"):
        ok = ((every >= limits[0]) & (every <= limits[1])) | np.isnan(every) & (True if parsed.ok is None else parsed.ok)
    return Parsed(parsed.values if ok.all() else pc.if_else(pa.array(ok), parsed.values, None), None if ok.all() else ok)


def _fast_times(words: pa.Array, form: str | None) -> pa.Array:
    """Times as far as Arrow reads them as `parse_timestamp` does; null elsewhere."""
    if form in scalar.EPOCHS:
        return epoch_times(numbers(words).values, form)
    if form and form != scalar.ISO:
        if any(directive in form for directive in SCALAR_DIRECTIVES):
            return pa.nulls(len(words), TIMES)
        read = pc.strptime(words, format=form, unit="s", error_is_null=True)
        # It takes shorter texts than Python does; only what it writes alike is its own.
        alike = pc.equal(pc.strftime(read, format=form), words)
        return pc.cast(pc.if_else(alike, read, None), pa.timestamp("us")).cast(TIMES)
    try:
        return pc.cast(words, pa.timestamp("us")).cast(TIMES)
    except pa.ArrowInvalid:
        pass
    result = pa.nulls(len(words), TIMES)
    for pattern, kind in ((UNZONED, pa.timestamp("us")), (ZONED, TIMES)):
        try:
            some = pc.if_else(pc.match_substring_regex(words, pattern), words, pa.scalar(None, words.type))
            if some.null_count < len(some):
                result = pc.coalesce(result, pc.cast(some, kind).cast(TIMES))
        except pa.ArrowInvalid:
            continue
    if form is None and result.null_count == len(result):
        result = epoch_times(numbers(words).values, None)
    return result


def epoch_times(values: pa.Array, form: str | None) -> pa.Array:
    """Numbers since the epoch as times; without a format their size tells the unit. Null where they are beyond all times."""
    every = floats(values)
    with np.errstate(invalid="ignore"):
        units = np.full(len(every), 1e9)
        for unit in sorted(scalar.EPOCHS.values(), reverse=True):
            units[np.abs(every) <= scalar.LATEST * unit] = unit
        micros = every / (scalar.EPOCHS[form] if form else units) * 1e6
        ok = np.abs(micros) < 2.0**62
    exact = np.round(np.where(ok, micros, 0.0)).astype(np.int64)
    if pa.types.is_integer(values.type):
        exact = _whole_micros(values, scalar.EPOCHS[form] if form else units, exact)
    return pa.array(exact, mask=~ok).cast(TIMES)


def _whole_micros(values: pa.Array, units: Any, micros: Any) -> Any:
    """Microseconds of whole numbers since the epoch, exactly."""
    whole = _numpy(pc.fill_null(pc.cast(values, pa.int64(), safe=False), 0))
    units = np.broadcast_to(np.asarray(units, np.float64), whole.shape)
    fine = units > 1e6
    coarse = np.where(fine, 1, 1e6 // np.minimum(units, 1e6)).astype(np.int64)
    return np.where(np.abs(micros) < 2**62, np.where(fine, whole // 1000, whole * coarse), micros)


def lists(words: pa.Array) -> Parsed:
    """Words in JSON as lists of finite numbers."""

    def one(word: str) -> list[float]:
        read = json.loads(word)
        if not isinstance(read, list) or not all(isinstance(item, int | float) and not isinstance(item, bool) and math.isfinite(item) for item in read):
            raise ValueError(word)
        return [float(item) for item in read]

    return _one_by_one(words, one, pa.list_(pa.float64()))


def _one_by_one(words: pa.Array, one: Callable[[str], Any], kind: pa.DataType) -> Parsed:
    values, ok = [], np.ones(len(words), bool)
    for number, word in enumerate(words.to_pylist()):
        try:
            values.append(one(word))
        except (ValueError, OverflowError, TypeError, RecursionError):
            values.append(None)
            ok[number] = False
    return Parsed(pa.array(values, kind), None if ok.all() else ok)


def plain_notation(words: pa.Array, decimal: str, thousands: str) -> pa.Array:
    """Numbers with a decimal point and no separators."""
    if thousands:
        grouped = pc.match_substring_regex(words, rf"^\s*[+-]?\d{{1,3}}(\{thousands}\d{{3}})+(\{decimal}\d*)?\s*$")
        words = pc.if_else(grouped, pc.replace_substring(words, thousands, ""), words)
    if decimal != ".":
        # A point that is no separator makes no number.
        words = pc.replace_substring(pc.replace_substring(words, ".", "\0"), decimal, ".")
    return words


def floats(values: pa.Array) -> Floats:
    """Numbers of any type in double precision; not a number where there is none."""
    return cast("Floats", pc.cast(values, pa.float64(), safe=False).to_numpy(zero_copy_only=False))


def seconds(values: pa.Array) -> Floats:
    """Dates, times and timestamps in seconds; not a number where there is none."""
    exact = pc.cast(values, pa.time64("us")) if pa.types.is_time(values.type) else pc.cast(values, pa.timestamp("us"), safe=False)
    whole = pc.cast(exact, pa.int64())
    return cast("Floats", floats(whole) / 1e6)


def lengths(texts: pa.Array) -> Floats:
    """Lengths of texts in characters."""
    return cast("Floats", pc.utf8_length(texts).to_numpy(zero_copy_only=False).astype(np.float64))


def _numpy(values: pa.Array, empty: float | None = None) -> Any:
    if empty is not None and values.null_count:
        values = pc.fill_null(values, empty)
    return values.to_numpy(zero_copy_only=False)
