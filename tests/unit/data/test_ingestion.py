"""Which rows of a file keep the contract."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.data.column_check import fault_of
from noria.data.contract import Column, DataContract
from noria.kernel.errors import InvariantError
from noria.spec.data import ColumnType, DataSpec
from tests.datasets import ingested, inspected

HEADER = "id,at,size,kind,count,y\n"
GOOD = "1,2024-01-01,1.5,a,3,0\n"


def profile(contract: DataContract, text: str | bytes) -> dict:
    return inspected(text, contract)


def test_a_good_file_has_no_faults(contract):
    result = profile(contract, HEADER + GOOD)
    assert (result["rows"], result["bad_rows"], result["problem"]) == (1, 0, None)


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ("1,2024-01-01,11,a,3,0", "size", "Range"),
        ("1,2024-01-01,-0.1,a,3,0", "size", "Range"),
        ("1,2024-01-01,big,a,3,0", "size", "Type"),
        ("1,2024-01-01,inf,a,3,0", "size", "Type"),
        ("1,2024-01-01,,a,3,0", "size", "Null"),
        ("1,2024-01-01,1,c,3,0", "kind", "Value"),
        ("1,2024-01-01,1,a,3.5,0", "count", "Type"),
        ("1,2024-01-01,1,a,3,", "y", "Null"),
        ("1,2024-01-01,1,a,3", "", "Shape"),
        ("1,yesterday,1,a,3,0", "at", "Type"),
    ],
)
def test_a_bad_value_is_named_by_column_and_code(contract, row, column, code):
    result = profile(contract, HEADER + row + "\n")
    assert result["faults"] == {column: {code: 1}}
    assert result["examples"][0]["row"] == 2


def test_a_nullable_column_may_be_empty(contract):
    assert profile(contract, HEADER + "1,2024-01-01,1,,3,0\n")["bad_rows"] == 0


def test_the_second_row_with_a_key_is_the_bad_one(contract):
    result = profile(contract, HEADER + GOOD + GOOD)
    assert result["faults"] == {"id": {"DuplicateKey": 1}}


@pytest.mark.parametrize(
    "body",
    [b"\x89PNG\r\n\x1a\n\x00\x00", b"\xff\xfe\x00", (HEADER + '1,"open').encode(), HEADER.encode() + "1,2024-01-01,1.5,ü,3,0\n".encode() * 20_000 + b"\xff\n"],
)
def test_bytes_that_are_no_csv_are_a_problem_not_an_exception(contract, body):
    assert profile(contract, body)["problem"]


def test_a_byte_order_mark_is_no_part_of_the_first_name(contract):
    assert profile(contract, ("\ufeff" + HEADER + GOOD).encode())["header"][0] == "id"


def test_a_header_that_names_a_column_twice_is_refused(contract):
    assert "names 'a' more than once" in profile(contract, "a,a\n1,2\n")["problem"]


def test_one_long_line_is_no_header(contract):
    assert "columns, more than 20,000" in profile(contract, ",".join(f"c{i}" for i in range(40_000)))["problem"]


def test_an_upload_without_a_spec_is_only_hashed():
    result = inspected([b"ab", b"c"], None)
    assert (result["bytes"], result["digest"][:8]) == (3, "ba7816bf")


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_digest_and_size_do_not_depend_on_how_the_bytes_come(pieces):
    whole = b"".join(pieces)
    contract = DataContract.of(DataSpec.model_validate({"columns": {"a": {"type": "number"}}}).model_dump())
    left, right = inspected(pieces, contract), inspected([whole], contract)
    assert left == right
    assert left["bytes"] == len(whole)


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_a_number_within_its_bounds_is_right_and_outside_wrong(value):
    column = Column("number", between=(-5, 5))
    assert fault_of(column, repr(value)) == (None if -5 <= value <= 5 else "Range")


@pytest.mark.parametrize("name", get_args(ColumnType))
def test_every_type_that_a_spec_can_name_has_a_check(name):
    assert fault_of(Column(name), {"string": "a", "boolean": "true", "timestamp": "2026-01-31", "list": "[1, 2.5]"}.get(name, "1")) is None


def test_a_value_of_a_type_without_a_check_is_neither_right_nor_wrong():
    with pytest.raises(InvariantError, match="'decimal' has no check"):
        fault_of(Column("decimal"), "2026-01-31")


def test_bad_rows_are_set_aside_with_their_number_their_reason_and_what_was_expected():
    contract = DataContract.of(DataSpec.model_validate({"columns": {"a": {"type": "number", "between": [0, 1]}}}).model_dump())
    good, bad = ingested("a,y\n0.5,1\n7,1\n", contract)
    assert good == [{"a": 0.5, "y": "1", "#row": 2}]
    assert bad == '"#row","#column","#fault","#expected","a","y"\n"3","a","Range","a number from 0 to 1","7","1"\n'


def test_a_verdict_holds_the_most_frequent_faults_of_a_wide_file_and_counts_every_bad_row():
    names = [f"c{k}" for k in range(250)]
    wide = DataContract.of(DataSpec.model_validate({"columns": {name: {"type": "number"} for name in names}}).model_dump(mode="json"))
    rows = [["x" if place == row else "1" for place in range(250)] for row in range(250)] + [["x"] + ["1"] * 249]
    result = inspected("\n".join(",".join(row) for row in [names, *rows]), wide, "c0")
    assert (result["bad_rows"], len(result["faults"]), result["faults"]["c0"]) == (251, 200, {"Type": 2})
