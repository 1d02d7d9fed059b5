"""Timestamps in a file."""

import pytest

from noria.kernel import values


@pytest.mark.parametrize("value", ["nan", "inf", "-Infinity", "yesterday", ""])
def test_what_is_no_time_is_told_from_times(value):
    assert not values.is_time(value)


@pytest.mark.parametrize(("text", "seconds"), [("1970-01-01", 0), ("1970-01-01T00:00:10Z", 10), ("1970-01-01 01:00:00+01:00", 0), ("12.5", 12.5)])
def test_times_are_read_in_utc(text, seconds):
    assert values.parse_timestamp(text) == seconds
