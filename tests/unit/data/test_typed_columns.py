"""Columns of files that have types of their own, held against a contract."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from noria.data.column_check import CODES, check_column
from noria.data.contract import Column
from noria.tables.dialect import PLAIN
from noria.tables.words import Words


def checked(column: Column, array: pa.Array) -> tuple[list, list[str]]:
    result = check_column(column, Words.of(array), (), PLAIN)
    codes = [0] * len(array) if result.codes is None else result.codes.tolist()
    return result.words.rows().to_pylist(), [CODES[code] for code in codes]


@pytest.mark.parametrize(
    ("form", "numbers", "times", "faults"),
    [
        ("%Y%m%d", pa.array([20241231, 5]), [datetime(2024, 12, 31, tzinfo=UTC), None], ["", "Type"]),
        ("%Y%m%d", pa.array([20241231.0]), [datetime(2024, 12, 31, tzinfo=UTC)], [""]),
        ("iso8601", pa.array([20241231]), [None], ["Type"]),
        ("epoch_ms", pa.array([0]), [datetime(1970, 1, 1, tzinfo=UTC)], [""]),
    ],
)
def test_numbers_of_a_typed_file_are_times_in_the_format_of_the_contract(form, numbers, times, faults):
    values, codes = checked(Column("timestamp", format=form), numbers)
    assert ([value and value.astimezone(UTC) for value in values], codes) == (times, faults)


@pytest.mark.parametrize(("kind", "value"), [("string", "1"), ("number", 1.0), ("integer", 1)])
def test_numbers_in_half_precision_are_numbers(kind, value):
    assert checked(Column(kind), pa.array([1.0], pa.float16())) == ([value], [""])
