"""Whole columns are read by the same rules as single values: a value that one reader takes and another refuses is a defect."""

import math
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.kernel import values
from noria.tables import notation, parse

NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(10**20), 10**20).map(str),
    st.from_regex(r"[+-]?[0-9]{0,3}\.?[0-9]{0,3}([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    st.sampled_from(["0x1F", "1_000", "inf", "nan", "1e999", " 7 ", "٣", "--1", "1,5", "007", "1.", ".5", "", "3.0", "1e3", "9007199254740993.0"]),
)
TIMES = st.one_of(
    st.datetimes().map(lambda time: time.isoformat()),
    st.datetimes().map(lambda time: time.isoformat(" ", "minutes")),
    st.datetimes(timezones=st.timezones()).map(lambda time: time.isoformat()),
    st.dates().map(str),
    st.integers(-(10**19), 10**19).map(str),
    st.floats(0, 2e9).map(repr),
    st.from_regex(
        r"20[0-9]{2}-[01][0-9]-[0-3][0-9]([T ][0-2][0-9](:[0-5][0-9](:[0-6][0-9](\.[0-9]{1,9})?)?)?(Z|z|[+-][0-9]{2}(:?[0-9]{2})?)?)?", fullmatch=True
    ),
    st.sampled_from(["2011", "20110101", "2011-1-1", "2011-02-30", "24:00", "soon", "2011-01-01T24:00:00", "1600-01-01", "2300-01-01", " 2011-01-01 "]),
)


def one_by_one(words: list[str], read: Callable[[str], Any]) -> list[Any]:
    results = []
    for word in words:
        try:
            results.append(read(word))
        except (ValueError, OverflowError):
            results.append(None)
    return results


@given(st.lists(NUMBERS, min_size=1, max_size=12))
def test_numbers_of_a_column_are_those_of_its_values(words):
    parsed = parse.numbers(pa.array(words))
    assert parsed.values.to_pylist() == one_by_one(words, values.parse_number)
    assert parsed.ok is None or [not bad for bad in parsed.ok] == [value is None for value in parsed.values.to_pylist()]


@given(st.lists(NUMBERS, min_size=1, max_size=12), st.booleans())
def test_whole_numbers_of_a_column_are_those_of_its_values_and_never_pass_through_a_fraction(words, wide):
    def read(word: str) -> int:
        value = values.parse_integer(word)
        if not (-(2**63) <= value < 2**63) and not (wide and abs(value) < 10**38):
            raise ValueError
        return value

    parsed = parse.integers(pa.array(words), wide=wide)
    assert [None if value is None else int(value) for value in parsed.values.to_pylist()] == one_by_one(words, read)


@given(st.lists(TIMES, min_size=1, max_size=12), st.sampled_from([None, "iso8601", "epoch_s", "epoch_ms", "epoch_us", "epoch_ns"]))
def test_times_of_a_column_are_those_of_its_values(words, form):
    parsed = parse.times(pa.array(words), form)
    seconds = [None if math.isnan(value) else value for value in parse.seconds(parsed.values).tolist()]
    expected = one_by_one(words, lambda word: values.parse_timestamp(word, form))
    assert [value is None for value in seconds] == [value is None for value in expected]
    assert [value for value in seconds if value is not None] == pytest.approx([value for value in expected if value is not None], abs=1e-3, rel=1e-12)


@given(
    st.lists(
        st.datetimes(min_value=values.to_datetime("1950-01-01").replace(tzinfo=None), max_value=values.to_datetime("2100-01-01").replace(tzinfo=None)),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(["%d/%m/%Y", "%m/%d/%y %H:%M", "%Y%m%d", "%d.%m.%Y %H:%M:%S", "%b %d %Y", "%I:%M %p %d-%m-%Y"]),
)
def test_times_in_a_declared_format_are_those_of_their_values(times, form):
    words = [*(time.strftime(form) for time in times), "soon", "1/2/3"]
    parsed = parse.times(pa.array(words), form)
    seconds = [None if math.isnan(value) else value for value in parse.seconds(parsed.values).tolist()]
    assert seconds == one_by_one(words, lambda word: values.parse_timestamp(word, form))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1577836800", 1577836800),
        ("1577836800000", 1577836800),
        ("1577836800000000", 1577836800),
        ("1577836800000000000", 1577836800),
        ("1577836800.5", 1577836800.5),
    ],
)
def test_the_unit_of_a_number_since_the_epoch_is_told_by_its_size(text, seconds):
    assert values.parse_timestamp(text) == seconds
    assert parse.seconds(parse.times(pa.array([text])).values).tolist() == [seconds]


@pytest.mark.parametrize(
    ("words", "texts"), [(["4.0", "0.5", "-3.0"], ["4.0", "0.5", "-3.0"]), (["4", "0.5", "-3"], ["4", "0.5", "-3"]), (["0.25", "7.0"], ["0.25", "7.0"])]
)
def test_numbers_are_written_as_their_source_writes_them(words, texts):
    values_ = parse.numbers(pa.array(words)).values
    assert notation.to_texts(values_, notation.notation_of(pa.float64(), pa.array(words))).to_pylist() == texts
