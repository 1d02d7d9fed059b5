"""The page of a profile, as its reader needs it, and the same facts on a terminal."""

import random

import pyarrow as pa
import pytest
from pyarrow import parquet

from cli.base import files, report
from cli.data import page, view
from tests.unit.cli.reading import Page

MOST_BYTES = 2_500_000


def written(path, lines):
    path.write_text("\n".join([*lines, ""]))
    return path


def read(path, time=None, key=()):
    return Page(report.render(page.page(files.profile(path, time, key), path.name, time)))


@pytest.fixture
def year(tmp_path):
    """A year of hours, a reading that lacks every tenth value, and a constant."""
    rows = [f"2023-{1 + h // 672:02}-{1 + h // 24 % 28:02}T{h % 24:02}:00:00,{'' if h % 10 == 0 else h % 50 / 10},{'ab'[h % 2]},7" for h in range(4_000)]
    return written(tmp_path / "year.csv", ["at,reading,side,constant", *rows])


def test_a_page_says_what_was_profiled_then_the_verdict_with_its_numbers_then_the_columns(year):
    shown = read(year, "at")
    parts = [
        "year.csv rows 4,000 columns 4 time 2023-01-01 to 2023-06-27 15:00 UTC (at)",
        "worth a look",
        "4,000 rows in 4 columns; 2 columns have gaps, one value, or mixed values.",
        "reading: 400 of 4,000 rows are empty (10.0%)",
        "constant: 7 in every row that is filled",
        "Empty values",
        "1 column of 4 has empty values.",
        "Column by column",
    ]
    assert shown.missing(parts) == []


def test_a_card_has_the_plot_with_its_units_the_quantiles_and_the_most_frequent_values(year):
    text = read(year, "at").text
    assert "filled 3,600 rows empty 400 rows (10.0%) different 45 range 0.1 to 4.9" in text
    assert "Quantiles share value least 0.1 1% 0.1" in text
    assert "Most frequent values value rows share a 2,000 50.0% b 2,000 50.0%" in text
    assert "at (UTC)" in text
    assert "length 1 character" in text


def test_frequent_and_median_times_are_dates_and_none_is_in_seconds(tmp_path, capsys):
    rows = [f"{'2024-01-01' if i % 3 else '1950-06-01T12:30:00'},{'2024-05-0' + str(i % 7 + 1) if i % 9 else 'unknown'}" for i in range(90)]
    file = written(tmp_path / "times.csv", ["at,mixed", *rows])
    text = read(file).text
    view.table(files.profile(file), file)
    terminal = capsys.readouterr().out
    assert "1950-06-01 12:30 UTC to 2024-01-01" in text
    assert "2024-01-01 60 66.7% 1950-06-01 12:30 UTC 30 33.3%" in text
    assert "mixed: 80 times, 10 words" in text
    for shown in (text, terminal):
        assert "1704067200" not in shown
        assert "2024-05-02" in shown
    assert "2024-01-01, 1950-06-01 12:30 UTC" in terminal


def test_times_of_day_and_times_beyond_any_calendar_are_shown(tmp_path):
    table = {"clock": pa.array([3_661, 7_200] * 20, pa.time32("s")), "far": pa.array([253_402_300_800 * 10**3, 0] * 20, pa.timestamp("ms"))}
    parquet.write_table(pa.table(table), tmp_path / "x.parquet")
    text = read(tmp_path / "x.parquet").text
    assert "range 01:01:01 to 02:00:00" in text
    assert "clock (hour of the day)" in text
    assert "range 1970-01-01 to 253,402,300,800 s since 1970" in text


def test_names_of_any_script_and_length_stay_names(tmp_path):
    names = ["<script>alert(1)</script>", "שלום", "日本語", "😀", "x" * 5_000, "$a_1$", "esc\x1b[31m"]
    rows = ["<b>bold</b>,1,東京,😀,2,$5,0"] * 30
    body = report.render(page.page(files.profile(written(tmp_path / "x.csv", [",".join(names), *rows])), "<i>.csv"))
    shown = Page(body)
    assert shown.elements["script"] == shown.elements["b"] == shown.elements["i"] == 0
    assert all(name in shown.text for name in (*names[:4], names[5], "<b>bold</b>", "東京", "<i>.csv"))
    assert "x" * 121 not in shown.text
    assert b"\x1b" not in body


def test_the_page_of_a_thousand_columns_is_bounded_and_says_what_it_leaves_out(tmp_path):
    drawn = random.Random(1)
    names = [f"{'long ' * 8}{number}" for number in range(1_100)]
    rows = [",".join(["", *(f"{drawn.random():.4f}" for _ in names[1:-1]), "same"]) for _ in range(20)]
    result = page.page(files.profile(written(tmp_path / "x.csv", [",".join(names), *rows])), "x.csv")
    body = report.render(result)
    assert len(body) < MOST_BYTES
    text = Page(body).text
    assert "40 of 1,100 columns, first those that stand out; the table has the others." in text
    assert "The first 1,000 of 1,100 columns; noria profile --json has all." in text
    # Those that stand out have cards, wherever they stand.
    cards = result.sections[-1].cards
    assert (len(cards), [bool(cards[place].notes) for place in (0, 1, -1)]) == (page.MOST_CARDS, [True, False, True])


def test_one_row_in_one_column_is_singular(tmp_path, capsys):
    file = written(tmp_path / "x.csv", ["x", "1"])
    assert "1 row in 1 column; no column is empty, constant or mixed." in read(file).text
    view.table(files.profile(file), file)
    assert "1 row, 1 column\n" in capsys.readouterr().out


def test_a_file_without_rows_or_with_repeated_keys_says_so(tmp_path):
    assert "0 rows in 2 columns; it has no rows" in read(written(tmp_path / "x.csv", ["a,b"])).text
    text = read(written(tmp_path / "y.csv", ["at,id", *(f"2024-01-{9 - i % 9:02},{i % 5}" for i in range(500))]), "at", ("id",)).text
    assert "the rows are not in the order of time" in text
    assert "key 495 rows repeat a key" in text


def test_numbers_of_any_size_have_a_page(tmp_path):
    for values in (["1e308"], ["1e150", "-1e150"], ["1e20"], ["1e-300", "2e-300"], ["16777217", "16777218"], ["1293840000", "1293840001.5"]):
        assert "Column by column x" in read(written(tmp_path / "x.csv", ["x", *values])).text


def test_numbers_far_from_the_others_are_told_and_not_drawn(tmp_path):
    file = written(tmp_path / "x.csv", ["x", *(str(i % 100 / 10) for i in range(5_000)), "1000000", "-1000000"])
    assert "Up to 1% of the values each lie below" in read(file).text
