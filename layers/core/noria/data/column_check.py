"""Holds whole columns against a contract: each different value is read and judged once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from noria.data.contract import ANY, NUMERIC_TYPES, TEXT_TYPES, Column
from noria.kernel.errors import InvariantError
from noria.kernel.values import EMPTY, EPOCHS, TRUTH_PAIRS
from noria.tables import parse
from noria.tables.dialect import PLAIN, Dialect
from noria.tables.parse import Parsed
from noria.tables.words import Words, without_missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from noria.tables.parse import Mask

#: Codes of faults by number; 0 is none.
CODES = ("", "Null", "Type", "Range", "Value", "Pattern", "Length", "Shape", "DuplicateKey", "Duplicate", "Order", "Rule")
NULL, TYPE, RANGE, VALUE, PATTERN, LENGTH, SHAPE, KEY, UNIQUE, ORDER, RULE = range(1, len(CODES))
#: The Arrow type of each type of a contract.
KINDS = {
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "timestamp": parse.TIMES,
    "list": pa.list_(pa.float64()),
    **dict.fromkeys(TEXT_TYPES, pa.string()),
}
#: Whole numbers beyond this are exact as integers only.
EXACT = 2.0**53


@dataclass(frozen=True)
class CheckedColumn:
    """A column's values in the contract's type, null where one is empty or faulty.

    Attributes:
        codes: the number of each row's fault, or nothing where no row has one.
        read: the column as the file has it, without empty values.
    """

    words: Words
    codes: Any
    read: Words


def is_wide(column: Column) -> bool:
    """Whether the limits of a column of whole numbers go beyond 64 bits."""
    return column.type == "integer" and any(limit is not None and abs(limit) > parse.MOST_64 for limit in column.numbers())


def kind_of(column: Column) -> pa.DataType | None:
    """The Arrow type of a column; nothing for one that may hold anything."""
    return parse.WIDE if is_wide(column) else KINDS.get(column.type)


def check_column(column: Column, words: Words, missing: Sequence[str], dialect: Dialect) -> CheckedColumn:
    """Read a column in the contract's type, and judge each value.

    Args:
        words: as the file has it.
        missing: words that mean an empty value.

    Raises:
        InvariantError: the contract names a type that no rule here checks.
    """
    empty = [word for word in (missing if column.missing is None else column.missing) if word not in (column.values or ())]
    read = words.with_values(without_missing(words.values, empty))
    present = read.values.is_valid().to_numpy(zero_copy_only=False)
    parsed = _typed(column, read.values, dialect)
    codes = np.zeros(len(present), np.uint8)
    if column.values is not None:
        codes[present & ~_is_listed(column, read.values, parsed)] = VALUE
    if parsed.ok is not None:
        codes[present & ~parsed.ok] = TYPE
    for code, wrong in _breaches(column, parsed, read.values):
        codes[(codes == 0) & present & wrong] = code
    if not column.nullable:
        codes[~present] = NULL
    values = parsed.values
    if codes.any():
        values = pc.if_else(pa.array(codes == 0), values, pa.scalar(None, values.type))
    return CheckedColumn(read.with_values(values), read.spread(codes) if codes.any() else None, read)


def _typed(column: Column, values: pa.Array, dialect: Dialect) -> Parsed:
    """Values in the contract's type; those that are empty or faulty are null."""
    if column.type == ANY:
        return Parsed(values)
    if column.type not in KINDS:
        raise InvariantError(f"a column of type {column.type!r} has no check: expected {', '.join(KINDS)}; add one here")
    if pa.types.is_null(values.type):
        return Parsed(pa.nulls(len(values), kind_of(column)))
    if pa.types.is_string(values.type):
        return _of_present(values, lambda words: _of_words(column, words, dialect))
    if column.type == "number" and pa.types.is_floating(values.type):
        return _finite(pc.cast(values, pa.float64()))
    return _of_present(values, lambda some: _of_values(column, some))


def _of_present(values: pa.Array, read: Any) -> Parsed:
    """Read the values that are not empty."""
    if not values.null_count:
        return read(values)  # type: ignore[no-any-return]
    valid = values.is_valid()
    parsed = read(values.filter(valid))
    mask = valid.to_numpy(zero_copy_only=False)
    places = np.cumsum(mask) - 1
    spread = pc.take(parsed.values, pa.array(np.where(mask, places, 0), mask=~mask)) if len(parsed.values) else pa.nulls(len(values), parsed.values.type)
    ok = None
    if parsed.ok is not None:
        ok = np.ones(len(values), bool)
        ok[mask] = parsed.ok
    return Parsed(spread, ok)


def _of_words(column: Column, words: pa.Array, dialect: Dialect) -> Parsed:
    if column.type == "number":
        return parse.numbers(words, dialect.decimal, dialect.thousands)
    if column.type == "integer":
        return parse.integers(words, dialect.decimal, dialect.thousands, is_wide(column))
    if column.type == "boolean":
        return parse.booleans(words, truths_of(column))
    if column.type == "timestamp":
        return parse.times(words, column.format, parse.ALL_TIMES)
    if column.type == "list":
        return parse.lists(words)
    # A listed value is one with blanks around it too.
    return Parsed(pc.utf8_trim_whitespace(words) if column.values else words)


def truths_of(column: Column) -> dict[str, bool]:
    """The words of a truth value, and what they mean."""
    if column.words:
        return {**dict.fromkeys(column.words["true"], True), **dict.fromkeys(column.words["false"], False)}
    return {word: truth for pair in TRUTH_PAIRS for word, truth in zip(pair, (True, False), strict=True)}


def _of_values(column: Column, values: pa.Array) -> Parsed:
    """Values of a file that has types of its own."""
    if pa.types.is_float16(values.type):
        # Arrow computes nothing in half precision.
        values = values.cast(pa.float32())
    kind = values.type
    if column.type in TEXT_TYPES:
        return Parsed(_text_of(values))
    if column.type == "number" and (_is_number(kind) or pa.types.is_boolean(kind)):
        numbers = pc.cast(values, pa.float64(), safe=False)
        return _finite(numbers)
    if column.type == "integer" and (_is_number(kind) or pa.types.is_boolean(kind)):
        return _whole(values, is_wide(column))
    if column.type == "boolean" and (pa.types.is_boolean(kind) or pa.types.is_integer(kind)):
        ok = None if pa.types.is_boolean(kind) else pc.is_in(values, value_set=pa.array([0, 1], kind)).to_numpy(zero_copy_only=False)
        return Parsed(pc.cast(values, pa.bool_()), None if ok is None or ok.all() else ok)
    if column.type == "timestamp" and (pa.types.is_timestamp(kind) or pa.types.is_date(kind) or _is_number(kind)):
        return _moments(column, values)
    if column.type == "list" and (pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)):
        try:
            return Parsed(pc.cast(values, pa.list_(pa.float64())))
        except pa.ArrowInvalid:
            pass
    return Parsed(pa.nulls(len(values), kind_of(column)), np.zeros(len(values), bool))


def _moments(column: Column, values: pa.Array) -> Parsed:
    """Times, or numbers that are read as times."""
    if not _is_number(values.type):
        moments = pc.cast(values, pa.timestamp("us", tz=getattr(values.type, "tz", None)), safe=False)
        return Parsed(moments.cast(parse.TIMES))
    if column.format not in (None, *EPOCHS):
        # 20241231 may be a date, whatever type the file has it in.
        return parse.times(_text_of(values), column.format, parse.ALL_TIMES)
    times = parse.epoch_times(values, column.format)
    return Parsed(times, times.is_valid().to_numpy(zero_copy_only=False) if times.null_count else None)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _text_of(values: pa.Array) -> pa.Array:
    """Values as texts: whole numbers without a point, times in ISO 8601."""
    kind = values.type
    if pa.types.is_floating(kind):
        whole = pc.and_(pc.equal(values, pc.floor(values)), pc.less(pc.abs(values), pa.scalar(EXACT, kind)))
        texts = pc.cast(pc.cast(pc.if_else(whole, values, pa.scalar(0, kind)), pa.int64(), safe=False), pa.string())
        return pc.if_else(whole, texts, pc.cast(values, pa.string()))
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pa.array([None if value is None else str(value) for value in values.to_pylist()], pa.string())
    return pc.cast(values, pa.string())


def _finite(numbers: pa.Array) -> Parsed:
    ok = np.isfinite(parse.floats(numbers))
    if numbers.null_count:
        ok |= numbers.is_null().to_numpy(zero_copy_only=False)
    return Parsed(numbers) if ok.all() else Parsed(pc.if_else(pa.array(ok), numbers, None), ok)


def _whole(values: pa.Array, wide: bool) -> Parsed:
    """Numbers of any type as whole ones; a fraction of double precision beyond its exact range is none."""
    kind, target = values.type, parse.WIDE if wide else pa.int64()
    if pa.types.is_floating(kind):
        every = parse.floats(values)
        ok = np.isfinite(every) & (every == np.floor(every)) & (np.abs(every) <= EXACT)
        return Parsed(pa.array(np.where(ok, every, 0).astype(np.int64), mask=~ok).cast(target), None if ok.all() else ok)
    try:
        return Parsed(pc.cast(values, target))
    except pa.ArrowInvalid:
        pass
    numbers, ok = [], np.ones(len(values), bool)
    for place, value in enumerate(values.to_pylist()):
        good = value == int(value) and (wide or parse.LEAST_64 <= value <= parse.MOST_64)
        numbers.append(int(value) if good else None)
        ok[place] = good
    return Parsed(pa.array(numbers, target), ok)


def _is_listed(column: Column, values: pa.Array, parsed: Parsed) -> Mask:
    """Which values the contract lists: by their text, or as the number that they are."""
    texts = pc.utf8_trim_whitespace(values) if pa.types.is_string(values.type) else _text_of(values)
    listed = pc.is_in(texts, value_set=pa.array(list(column.values or ()), pa.string()))
    if column.type in NUMERIC_TYPES:
        numbers = parse.numbers(pa.array(list(column.values or ()), pa.string())).values.drop_null()
        listed = pc.or_(listed, pc.is_in(pc.cast(parsed.values, pa.float64(), safe=False), value_set=numbers, skip_nulls=True))
    result: Mask = pc.fill_null(listed, False).to_numpy(zero_copy_only=False)
    return result


def _breaches(column: Column, parsed: Parsed, read: pa.Array) -> list[tuple[int, Mask]]:
    """Values that are of the type, and break another rule: the rule's code and which they are."""
    results: list[tuple[int, Mask]] = []
    if column.type in NUMERIC_TYPES and column.between:
        results.append((RANGE, _outside(column, parsed.values)))
    if column.type == "timestamp":
        beyond = parse.within(parsed, column.times()).ok
        results += [] if beyond is None else [(RANGE, ~beyond)]
    if column.pattern is not None:
        matches = pc.match_substring_regex(parsed.values, f"^(?:{_re2(column.pattern)})$")
        results.append((PATTERN, ~pc.fill_null(matches, True).to_numpy(zero_copy_only=False)))
    if column.length:
        sizes = pc.list_value_length(parsed.values) if column.type == "list" else pc.utf8_length(parsed.values)
        sizes = parse.floats(sizes)
        low, high = column.length
        with np.errstate(invalid="ignore"):
            results.append((LENGTH, (sizes < (low or 0)) | (sizes > (np.inf if high is None else high))))
    return results


def _re2(pattern: str) -> str:
    return re.sub(r"\\Z", r"\\z", pattern)


def _outside(column: Column, values: pa.Array) -> Mask:
    low, high = column.numbers()
    if pa.types.is_decimal(values.type):
        # Beyond 64 bits a number in double precision is another one.
        outside = [value is not None and ((low is not None and value < low) or (high is not None and value > high)) for value in values.to_pylist()]
        return np.array(outside, bool)
    every = parse.floats(values)
    with np.errstate(invalid="ignore"):
        return (every < (-np.inf if low is None else low)) | (every > (np.inf if high is None else high))


def expectation(column: Column, code: str) -> str:
    """What a contract expects of a value, in words."""
    if code == "Null":
        return "a value"
    if code == "Value":
        listed = [str(value) for value in column.values or ()]
        return f"one of {', '.join(listed[:8])}" + (f" and {len(listed) - 8} more" if len(listed) > 8 else "")
    if code == "Pattern":
        return f"a text that matches {column.pattern}"
    low, high = column.length if code == "Length" and column.length else column.between or (None, None)
    sides = [f"{word} {limit:g}" if isinstance(limit, float) else f"{word} {limit}" for word, limit in (("from", low), ("to", high)) if limit is not None]
    if code == "Length":
        return f"{'items' if column.type == 'list' else 'characters'} {' '.join(sides)}"
    what = {"timestamp": f"a time{f' as {column.format}' if column.format else ' in ISO 8601'}", "integer": "a whole number", "boolean": "a truth value"}
    years = " between the years 1900 and 2200" if column.type == "timestamp" and not column.between else ""
    return " ".join([what.get(column.type, f"a {column.type}") + years, *sides])


def fault_of(column: Column, value: str, missing: Sequence[str] = EMPTY) -> str | None:
    """The code of a value's fault; None where it keeps the contract."""
    codes = check_column(column, Words(pa.array([value], pa.string())), missing, PLAIN).codes
    return None if codes is None else CODES[codes[0]]
