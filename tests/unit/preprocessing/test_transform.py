"""Serving transforms each row as training did, to the last bit."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from noria.preprocessing import inference
from tests.unit.preprocessing.rides import DAILY, WHOLE, fit

numbers = st.floats(-1e6, 1e6).map(repr)


tables = st.lists(
    st.tuples(
        st.integers(0, 90), st.sampled_from("AB"), st.one_of(numbers, st.just("")), st.sampled_from(["clear", "fog", 'a "b", c', ""]), st.just("true"), numbers
    ),
    min_size=4,
    max_size=40,
).map(lambda rows: [[f"2024-01-{1 + row[0] // 24:02}T{row[0] % 24:02}:00:00", *row[1:]] for row in sorted(rows)])


@given(tables)
def test_each_row_alone_is_served_to_the_last_bit_as_it_was_trained_on(rows):
    transform, _, train = fit(rows, WHOLE, (DAILY,))
    newest = [(row[:5], item) for row, item in zip(rows, train, strict=True) if row[0][:10] == rows[-1][0][:10]]
    for row, item in newest:
        assert transform.rows([row]) == [item]
    request, expected = _csv([row for row, _ in newest]), _csv([item for _, item in newest])
    assert inference.transformed(transform, request, "text/csv") == expected


@given(tables, st.data())
def test_no_lag_knows_what_is_not_old_enough_yet(rows, data):
    lag = {"of": "rides", "back": "24h", "within": "90d", "name": "yesterday"}
    at = data.draw(st.integers(0, len(rows) - 1))
    day, clock = rows[at][0][:10], rows[at][0][10:]
    young = f"2024-01-{int(day[-2:]) - 1:02}{clock}"
    changed = [[*row[:5], "9e9"] if row[0] > young else row for row in rows]
    assert fit(rows, lags=(lag,))[2][at][-1] == fit(changed, lags=(lag,))[2][at][-1]


def _csv(rows: list[list[str]]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue()
