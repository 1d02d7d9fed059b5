"""CSV text, and the size that a row has in it."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from noria.data.csv_text import csv_size, to_csv

rows = st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8), min_size=1, max_size=4), max_size=6)


@given(rows)
def test_the_size_of_a_row_is_never_less_than_its_bytes(rows):
    assert sum(csv_size(row) for row in rows) >= len(to_csv([row for row in rows if row != [""]]).encode())


def test_the_size_of_a_plain_row_is_exact():
    assert csv_size(["1.5", "red", ""]) == len(to_csv([["1.5", "red", ""]]))


@given(rows)
def test_rows_are_read_as_they_were_written(rows):
    assert list(csv.reader(io.StringIO(to_csv(rows, ["a", "b"]), newline="")))[1:] == rows
