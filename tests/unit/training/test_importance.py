"""Which columns matter to a model: told from its answers to shuffled rows alone."""

import pytest

from noria.data import shuffle
from noria.training.importance import importance

NAMES = ["strong", "weak", "none"]
ROWS = [[str(i % 7), str(i % 5), str(i % 3)] for i in range(500)]


def answered(task: str, rows: list[list[str]]) -> list[list[str]]:
    values = [(float(row[0]) + 0.2 * float(row[1])) / 7.5 for row in rows]
    return [[f"{value}"] if task == "regression" else ["yes" if value > 0.5 else "no", f"{value}"] for value in values]


@pytest.mark.parametrize("task", ["regression", "binary"])
def test_a_column_counts_by_how_much_it_moves_the_answers(task):
    result = importance(task, NAMES, answered(task, ROWS), answered(task, shuffle.shuffled(ROWS)))
    assert result["strong"] > 0.6
    assert 0.01 < result["weak"] < 0.4
    assert result["none"] == 0
    assert sum(result.values()) == pytest.approx(1, abs=0.001)


def test_labels_alone_tell_it_as_well():
    records = [[answer[:1] for answer in answered("binary", rows)] for rows in (ROWS, shuffle.shuffled(ROWS))]
    result = importance("multiclass", NAMES, *records)
    assert result["strong"] > result["weak"] >= result["none"] == 0


def test_a_shuffled_column_keeps_its_values_and_the_others_their_rows():
    result = shuffle.shuffled(ROWS)
    size = len(result) // 3
    chosen = [ROWS[number] for number in shuffle.sample(len(ROWS), 3)]
    assert (size, len(set(map(tuple, chosen)))) == (shuffle.MOST_ROWS, len({tuple(row) for row in chosen}))
    assert sorted(row[0] for row in result[:size]) == sorted(row[0] for row in chosen)
    assert [row[1:] for row in result[:size]] == [row[1:] for row in chosen]
    assert [row[0] for row in result[size:]] == [row[0] for row in chosen] * 2


def test_many_columns_ask_no_more_than_so_many_rows():
    assert len(shuffle.sample(100_000, 2_000)) * 2_000 <= shuffle.MOST_PREDICTIONS
    assert len(shuffle.sample(3, 20_000)) == 1


def test_answers_that_do_not_move_or_do_not_fit_tell_nothing():
    same = [["1"]] * 500
    assert importance("binary", NAMES, same, [["1"]] * 600) is None
    assert importance("binary", NAMES, same, [["1"]] * 599) is None
    assert importance("binary", NAMES, [], []) is None


def test_answers_beyond_all_numbers_tell_nothing():
    assert importance("regression", ["a"], [["1"]] * 2, [["inf"], ["1"]]) is None
