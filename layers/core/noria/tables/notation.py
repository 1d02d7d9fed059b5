"""The notation of a typed column in CSV: the one that its source has, so that training reads what requests will say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from noria.kernel.values import EPOCHS, ISO, ISO_TIME, NUMBER, TRUTH_PAIRS, unit_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Where a Parquet column keeps its notation.
METADATA = b"noria.notation"
#: Of a time in ISO 8601: what stands between day and hour, the last part that is written, and the zone.
ISO_NOTATION = re.compile(r"iso8601([T ]?)([dhms])(Z?)")
PARTS = {"d": "%Y-%m-%d", "h": "%Y-%m-%d{}%H", "m": "%Y-%m-%d{}%H:%M", "s": "%Y-%m-%d{}%H:%M:%S"}
#: Whole numbers are written as 4.0; rows that show whether they are.
POINTED, SHOWN = ".0", 1_000
DEFAULT_TIME = "iso8601Ts"


def notation_of(kind: pa.DataType, values: pa.Array, form: str | None = None, words: Mapping[str, Sequence[str]] | None = None) -> str:
    """The notation of a column.

    Args:
        kind: the type that it is read in.
        values: some of it as the file has it.
        form: of times, where the contract names it; `words`: of truth values.
    """
    if pa.types.is_boolean(kind):
        return _truth_notation(values, words)
    if pa.types.is_floating(kind):
        return _number_notation(values)
    return _time_notation(values, form) if pa.types.is_timestamp(kind) else ""


def _number_notation(values: pa.Array) -> str:
    """Whether whole numbers are written with a point."""
    if not pa.types.is_string(values.type):
        return ""
    return POINTED if pc.any(pc.match_substring_regex(values.slice(0, SHOWN), r"^[+-]?\d+\.0$")).as_py() else ""


def _truth_notation(values: pa.Array, words: Mapping[str, Sequence[str]] | None) -> str:
    if words:
        return f"{words['true'][0]}|{words['false'][0]}"
    first = _first(values)
    pair = next((pair for pair in TRUTH_PAIRS if first in pair), TRUTH_PAIRS[0])
    return "|".join(pair)


def _time_notation(values: pa.Array, form: str | None) -> str:
    if form and form != ISO:
        return form
    first = _first(values)
    if form is None and NUMBER.fullmatch(first):
        return next(name for name, unit in EPOCHS.items() if unit == unit_of(float(first)))
    match = ISO_TIME.fullmatch(first)
    if not match:
        return DEFAULT_TIME
    last = "s" if match[6] else "m" if match[5] else "h" if match[4] else "d"
    return f"iso8601{first[10:11] if last != 'd' else 'T'}{last}{'Z' if match[8] or match[9] else ''}"


def _first(values: pa.Array) -> str:
    """The first value that is there, as text."""
    present = values.drop_null()
    if not len(present) or pa.types.is_temporal(present.type):
        return ""
    return str(present[0].as_py()).strip()


def to_texts(values: pa.Array, notation: str = "") -> pa.Array:
    """A typed column as texts; an empty value is an empty text."""
    return pc.fill_null(_texts(values, notation), "")


def _texts(values: pa.Array, notation: str) -> pa.Array:
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    kind = values.type
    if pa.types.is_string(kind):
        return values
    if pa.types.is_boolean(kind):
        true, _, false = (notation or "true|false").partition("|")
        return pc.if_else(values, true, false)
    if pa.types.is_timestamp(kind):
        return _time_texts(values, notation or DEFAULT_TIME)
    if pa.types.is_nested(kind) or pa.types.is_binary(kind):
        return pa.array([None if value is None else str(value) for value in values.to_pylist()], pa.string())
    texts = pc.cast(values, pa.string())
    return pc.replace_substring_regex(texts, r"^([+-]?\d+)$", r"\1.0") if notation == POINTED else texts


def _time_texts(values: pa.Array, notation: str) -> pa.Array:
    if notation in EPOCHS:
        micros = pc.cast(pc.cast(values, pa.timestamp("us", tz="UTC")), pa.int64())
        a_second = EPOCHS[notation]
        if a_second > 1e6:
            return pc.cast(pc.multiply(micros, 1000), pa.string())
        step = int(1e6 / a_second)
        whole = pc.divide(micros, step)
        exact = pc.equal(pc.multiply(whole, step), micros)
        return pc.if_else(exact, pc.cast(whole, pa.string()), pc.cast(pc.divide(pc.cast(micros, pa.float64(), safe=False), float(step)), pa.string()))
    # A time without a zone is in UTC.
    micros = pc.cast(values, pa.timestamp("us", tz=getattr(values.type, "tz", None))).cast(pa.timestamp("us", tz="UTC"))
    match = ISO_NOTATION.fullmatch(notation)
    if not match:
        return pc.strftime(pc.cast(micros, pa.timestamp("s", tz="UTC"), safe=False), format=notation)
    separator, last, zone = match[1] or "T", match[2], match[3]
    seconds = pc.cast(micros, pa.timestamp("s", tz="UTC"), safe=False)
    texts = pc.strftime(seconds, format=PARTS[last].format(separator) + zone)
    # A value that has more than its column's first one is written whole.
    unit = {"d": "day", "h": "hour", "m": "minute", "s": "second"}[last]
    exact = pc.equal(pc.floor_temporal(micros, unit=unit), micros)
    if pc.all(exact).as_py() in (True, None):
        return texts
    whole = pc.strftime(micros, format=PARTS["s"].format(separator) + zone)
    # Arrow writes six digits of a second, most of them noughts.
    whole = pc.replace_substring_regex(whole, r"\.0+(Z?)$", r"\1")
    return pc.if_else(exact, texts, pc.replace_substring_regex(whole, r"(\.\d*[1-9])0+(Z?)$", r"\1\2"))
