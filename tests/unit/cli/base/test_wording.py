"""Numbers, shares, times and names as a person reads them."""

import pytest

from cli.base import wording

DAY = 86_400.0


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1_300_000, "1,300,000"), (1_234_567.8, "1,234,568"), (0.25, "0.25"), (-3.14159265, "-3.14159"), (1.2e-7, "1.2e-07"), (1e20, "1e+20")],
)
def test_a_number_has_six_digits_and_a_power_of_ten_only_beyond_reading(value, text):
    assert wording.number(value) == text


def test_numbers_that_are_not_finite_are_named():
    assert [wording.number(float(name)) for name in ("inf", "nan")] == ["inf", "nan"]


@pytest.mark.parametrize(("value", "text"), [(0, "0%"), (0.0001, "<0.1%"), (0.1234, "12.3%"), (0.9999, ">99.9%"), (1, "100%")])
def test_a_share_is_nothing_or_everything_only_where_it_is(value, text):
    assert wording.share(value) == text


@pytest.mark.parametrize(
    ("seconds", "step", "text"),
    [
        (1_293_840_000, 1, "2011-01-01"),
        (1_293_840_000 + 3_660, 1, "2011-01-01 01:01 UTC"),
        (1_293_840_000 + 3_661, 1, "2011-01-01 01:01:01 UTC"),
        (1_293_840_000 + 3_661, 60, "2011-01-01 01:01 UTC"),
        (1_293_840_000 + 3_661, DAY, "2011-01-01"),
        (-DAY, 1, "1969-12-31"),
        (1.3e15, 1, "1.3e+15 s since 1970"),
    ],
)
def test_a_time_is_a_date_with_its_zone_as_far_as_a_calendar_has_it(seconds, step, text):
    assert wording.moment(seconds, step) == text


def test_times_in_iso_8601_are_told_in_utc_and_other_words_stay():
    assert wording.stamp("2026-01-01T02:30:00+02:00") == "2026-01-01 00:30 UTC"
    assert wording.stamp("2026-01-01") == "2026-01-01"
    assert wording.stamp("soon") == "soon"


@pytest.mark.parametrize(
    ("seconds", "text"), [(DAY, "1 day"), (2.5 * DAY, "2.5 days"), (3_600, "1 hour"), (90, "1.5 minutes"), (1, "1 second"), (5.24, "5.2 seconds")]
)
def test_a_length_of_time_is_in_its_largest_unit(seconds, text):
    assert wording.duration(seconds) == text


def test_a_name_is_shortened_and_steers_neither_a_terminal_nor_the_direction_of_writing():
    assert wording.name("x" * 200, 10) == "xxxxxxxxx…"
    assert wording.name("\x1b[31mred\n‮") == "�[31mred↵�"
    assert wording.name("😀 שלום 日本 👩‍👩‍👧") == "😀 שלום 日本 👩‍👩‍👧"


def test_names_in_a_row_say_how_many_are_left_out():
    assert wording.listed(["a", "b"], 2) == "a, b"
    assert wording.listed(["a", "b", "c", "d"], 2) == "a, b and 2 more"


def test_a_probability_is_never_nothing():
    assert [wording.probability(value) for value in (0.0, 0.00012, 0.5)] == ["<0.0001", "0.00012", "0.5"]
