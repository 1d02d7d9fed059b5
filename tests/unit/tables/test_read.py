"""A table is the same from whatever file it comes, each row knows its place, and what is no table is named as what it is, with the place."""

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noria.data.contract import Column, DataContract
from noria.kernel.errors import UnreadableDatasetError
from noria.tables.read import MOST_COLUMNS, Options, open_table
from noria.tables.source import BytesSource, FileSource
from tests.datasets import ingested, inspected
from tests.unit.tables.files import BAD, GOOD, HEADER

CONTRACT = DataContract("any", "at", ("id",), {"id": Column("integer"), "x": Column("number", nullable=True), "kind": Column("string")}, 0.0, 1)


@pytest.mark.parametrize("name", GOOD)
def test_a_table_is_the_same_from_whatever_file_it_comes(tmp_path, name):
    (tmp_path / name).write_bytes(GOOD[name])
    with open_table(FileSource(tmp_path / name)) as table:
        assert table.names == HEADER
        assert sum(batch.rows.num_rows for batch in table.batches) == 3
    good, bad = ingested(GOOD[name], CONTRACT, "kind")
    assert bad == ""
    assert [(row["id"], row["x"], row["kind"], f"{row['at']:%Y-%m-%d}") for row in good] == [
        (1, 1.5, "é, a", "2024-01-01"),
        (2, None, "b", "2024-01-02"),
        (3, 2.25, 'say "c"', "2024-01-03"),
    ]


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_table_is_named_as_what_it_is_with_the_place(name):
    body, words = BAD[name]
    with pytest.raises(UnreadableDatasetError, match=re.escape(words)), open_table(BytesSource(body, name)) as table:
        for _ in table.batches:
            pass
    assert inspected([body[begin : begin + 65536] for begin in range(0, len(body), 65536)], CONTRACT)["bytes"] == len(body)


@pytest.mark.parametrize(
    ("text", "numbers", "ragged"),
    [
        ("a,b\n1,2\n\n3,4\n", [2, 4], []),
        ('a,b\n"x\ny",2\n3,4\n', [2, 3], []),
        ("a,b\n1,2\n3\n5,6\n7,8,9\n1,2\n", [2, 4, 6], [(3, 1), (5, 3)]),
        ("sep=,\na,b\n1,2\n", [3], []),
        ("# note\n\na,b\n1,2\n,\n3,4\n", [4, 6], []),
        ("a\n1\n\n2\n", [2, 4], []),
        ("a,b\n", [], []),
        ("a,b\n1\n", [], [(2, 1)]),
    ],
)
def test_a_row_has_the_number_that_a_spreadsheet_shows(text, numbers, ragged):
    with open_table(BytesSource(text.encode())) as table:
        batches = list(table.batches)
    assert [int(number) for batch in batches for number in batch.numbers] == numbers
    assert [(row.number, row.fields) for batch in batches for row in batch.ragged] == ragged


def test_numbers_go_on_over_blocks_and_pieces_of_any_size():
    rows = [f"{number},{'x' * (number % 90)}" if number % 1_000 else "short" for number in range(2, 150_002)]
    text = "\n".join(["a,b", *rows, ""]).encode()
    for size in (1_000, 333_333, len(text)):
        with open_table(BytesSource([text[begin : begin + size] for begin in range(0, len(text), size)])) as table:
            for batch in table.batches:
                assert batch.rows.column("a").to_pylist() == [str(number) for number in batch.numbers]
                assert all(row.number % 1_000 == 0 for row in batch.ragged)


def test_what_is_declared_of_a_csv_is_not_read_off_it():
    text = "a;b\n'1;2';3\n% no row\n4;5\n"
    with open_table(BytesSource(text.encode("utf-16-le")), Options({"delimiter": ";", "quote": "'", "comment": "%", "encoding": "utf-16-le"})) as table:
        (batch,) = table.batches
    assert (batch.rows.to_pylist(), batch.numbers.tolist()) == ([{"a": "1;2", "b": "3"}, {"a": "4", "b": "5"}], [2, 4])
    with pytest.raises(UnreadableDatasetError, match="no encoding that Python knows"), open_table(BytesSource(b"a\n1\n"), Options({"encoding": "ebcdic?"})):
        pass


def test_ten_thousand_columns_are_read_and_more_than_twenty_thousand_refused():
    for count in (10_000, MOST_COLUMNS):
        with open_table(BytesSource(("\n".join([",".join(f"c{number}" for number in range(count)), ",".join(["1"] * count)]) + "\n").encode())) as table:
            assert sum(batch.rows.num_rows for batch in table.batches) == 1
    wide = pa.table({f"c{number}": [1] for number in range(MOST_COLUMNS + 1)})
    pq.write_table(wide, buffer := pa.BufferOutputStream())
    with pytest.raises(UnreadableDatasetError, match="more than 20,000"), open_table(BytesSource(buffer.getvalue().to_pybytes())):
        pass


def test_a_file_whose_text_is_plain_until_a_byte_of_windows_is_read_as_windows_text():
    text = "id,at,x,kind\n" + "1,2024-01-01,1,plain\n" * 20_000 + "2,2024-01-01,1,é\n"
    good, _ = ingested(text.encode("cp1252"), DataContract("any", None, (), {"kind": Column("string")}, 0.0, 1), "kind")
    assert (len(good), good[-1]["kind"]) == (20_001, "é")


@pytest.fixture(scope="module")
def bodies() -> list[bytes]:
    return [GOOD[name] for name in ("plain.csv", "utf-16.csv", "zstd.parquet", "plain.csv.gz", "a.feather", "a.arrows", "a.jsonl", "a.json", "a.xlsx")]


@settings(max_examples=200, deadline=None)
@given(number=st.integers(0, 8), damage=st.lists(st.tuples(st.floats(0, 0.999), st.binary(min_size=0, max_size=4), st.integers(0, 40)), min_size=1, max_size=4))
def test_a_damaged_file_is_read_or_refused_and_never_crashes(bodies, number, damage):
    body = bodies[number]
    for share, inserted, dropped in damage:
        place = int(share * len(body))
        body = body[:place] + inserted + body[place + dropped :]
    facts = inspected(body, CONTRACT, "kind")
    assert facts["bytes"] == len(body)
    assert facts["problem"] is None or 10 < len(facts["problem"]) < 600
    assert facts["rows"] >= facts["bad_rows"]


def test_memory_does_not_grow_with_the_file(tmp_path: Path):
    row = "1,2024-01-01T00:00:00,1.5,kind\n"
    peaks = []
    for count in (50_000, 500_000):
        (tmp_path / "a.csv").write_text("id,at,x,kind\n" + row * count)
        pool, peak = pa.default_memory_pool(), 0
        with open_table(FileSource(tmp_path / "a.csv")) as table:
            for _ in table.batches:
                peak = max(peak, pool.bytes_allocated())
        peaks.append(peak)
    assert peaks[1] < 4 * peaks[0] + 64 * 2**20
    assert np.all(np.array(peaks) < 256 * 2**20)
