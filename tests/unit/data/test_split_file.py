"""A dataset file is split as rows in memory are, whatever its size and order, and its parts come a few rows at a time."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from noria.data import split_file
from noria.data.contract import Column, DataContract
from noria.data.csv_text import to_csv
from noria.data.split import split
from noria.data.split_file import SplitFile
from noria.data.text_rows import dataset_of
from noria.preprocessing.run_files import RunFiles

CONTRACT = DataContract("any", "at", (), {"x": Column("number"), "kind": Column("category"), "y": Column("integer")}, 0.0, 1)
NAMES = ["at", "x", "kind", "y"]


def rows(count: int, is_ordered: bool) -> list[list[str]]:
    drawn = random.Random(0)
    begin = datetime(2024, 1, 1, tzinfo=UTC)
    times = [begin + timedelta(minutes=number // 2) for number in range(count)]
    if not is_ordered:
        drawn.shuffle(times)
    return [[f"{at:%Y-%m-%dT%H:%M:%S}", str(drawn.randrange(100) / 4 + 0.125), drawn.choice("abcdefg"), str(number % 3)] for number, at in enumerate(times)]


@pytest.mark.parametrize("is_ordered", [True, False])
@pytest.mark.parametrize(
    "block", [{"by": "time", "group": [], "test": 0.2}, {"by": "random", "group": [], "test": 0.3}, {"by": "group", "group": ["kind"], "test": 0.3}]
)
@pytest.mark.parametrize("in_memory", [10_000, 70])
def test_a_file_is_split_as_its_rows_are(tmp_path: Path, monkeypatch, block, is_ordered, in_memory):
    monkeypatch.setattr(split_file, "SORTED_ROWS", in_memory)
    monkeypatch.setattr(split_file, "TEXT_ROWS", 50)
    table = rows(500, is_ordered)
    with dataset_of(CONTRACT, "y", NAMES, table) as dataset:
        parts = SplitFile(dataset.path, CONTRACT, block)
        files = RunFiles(tmp_path, CONTRACT, "y", parts, None)
        files.write()
        column = parts.column("x")
    expected = split(NAMES, table, CONTRACT, "y", block)
    texts = [path.read_text() for path in files.paths.values()]
    assert texts == [to_csv(expected.train, NAMES), expected.holdout, expected.truth, expected.smoke, expected.shuffled]
    assert (parts.train, parts.holdout) == (len(expected.train), 500 - len(expected.train))
    assert sorted(column) == sorted(row[1] for row in expected.train)


@pytest.mark.parametrize(
    "block", [{"by": "time", "group": [], "test": 0.5}, {"by": "random", "group": [], "test": 0.5}, {"by": "group", "group": ["kind"], "test": 0.5}]
)
def test_a_holdout_has_no_more_rows_than_tell_a_metric(monkeypatch, block):
    table = rows(500, True)
    whole = split(NAMES, table, CONTRACT, "y", block)
    monkeypatch.setattr("noria.data.split.MOST_HELD", 100)
    capped = split(NAMES, table, CONTRACT, "y", block)
    assert 0 < capped.facts["holdout"] <= 100 < whole.facts["holdout"]
    assert set(capped.holdout.splitlines()) <= set(whole.holdout.splitlines())
