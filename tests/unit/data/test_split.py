"""How a dataset is split: the rows that the training job sees, and those that it never sees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.data import split
from noria.data.contract import DataContract
from noria.kernel.errors import ContractError
from noria.spec.data import DataSpec

CONTRACT = DataContract.of(DataSpec.model_validate({"time": "at", "columns": {"a": {"type": "number"}, "y": {"type": "integer"}}}).model_dump())


HEADER = ["at", "a", "y", "extra"]


def split_rows(rows: list[tuple[int, float, int]], by: str, test: float, group: tuple[str, ...] = ()) -> split.Split:
    texts = [[str(at), str(a), str(y), "x"] for at, a, y in rows]
    return split.split(HEADER, texts, CONTRACT, "y", {"by": by, "test": test, "group": group})


def test_the_newest_rows_are_the_holdout_whatever_their_order():
    result = split_rows([(3, 0.3, 1), (1, 0.1, 0), (5, 0.5, 1), (2, 0.2, 0), (4, 0.4, 0)], "time", 0.4)
    assert result.holdout == "0.4\n0.5\n"
    assert result.truth == "0,4\n1,5\n"
    assert result.train == [["1", "0.1", "0", "x"], ["2", "0.2", "0", "x"], ["3", "0.3", "1", "x"]]
    assert result.facts == {"rows": 5, "train": 3, "holdout": 2, "by": "time", "first": "4", "last": "5"}


def test_the_endpoint_is_sent_the_features_alone_and_smoke_rows_come_first():
    result = split_rows([(i, i / 10, 0) for i in range(40)], "time", 0.5)
    assert result.holdout.startswith(result.smoke)
    assert len(result.smoke.splitlines()) == split.SMOKE_ROWS


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.floats(0, 1), st.integers(0, 1)), min_size=2, max_size=60, unique=True),
    st.floats(0.05, 0.8),
    st.sampled_from(["time", "random"]),
)
def test_no_row_is_lost_or_on_both_sides(rows, test, by):
    result = split_rows(rows, by, test)
    held = result.truth.splitlines()
    assert len(result.train) + len(held) == len(rows)
    assert result.train
    assert held
    if by == "time":
        times = sorted(at for at, _, _ in rows)
        assert sorted(int(row[0]) for row in result.train) == times[: len(result.train)]


@given(st.permutations(range(12)))
def test_a_random_split_depends_on_the_rows_alone(order):
    rows = [(i, i / 10, i % 2) for i in range(12)]
    assert split_rows(rows, "random", 0.25) == split_rows([rows[i] for i in order], "random", 0.25)


def test_more_rows_move_no_row_to_the_other_side():
    few = split_rows([(i, i / 10, 0) for i in range(100)], "random", 0.3)
    many = split_rows([(i, i / 10, 0) for i in range(300)], "random", 0.3)
    assert {tuple(row) for row in few.train} <= {tuple(row) for row in many.train}


@given(st.lists(st.integers(0, 9), min_size=2, max_size=80).filter(lambda groups: len(set(groups)) > 1), st.floats(0.05, 0.8))
def test_a_group_is_never_on_both_sides(groups, test):
    result = split_rows([(number, float(group), 0) for number, group in enumerate(groups)], "group", test, ("a",))
    known, held = {row[1] for row in result.train}, set(result.holdout.split())
    assert known
    assert held
    assert not known & held
    assert len(known) + len(held) == len(set(groups))


def test_new_groups_move_no_group_to_the_other_side():
    few = split_rows([(i, float(i % 30), 0) for i in range(90)], "group", 0.3, ("a",))
    many = split_rows([(i, float(i % 60), 0) for i in range(180)], "group", 0.3, ("a",))
    assert {row[1] for row in few.train} <= {row[1] for row in many.train}


@pytest.mark.parametrize("rows", [[], [(1, 0.1, 0)]])
def test_fewer_than_two_rows_cannot_be_split(rows):
    with pytest.raises(ContractError, match=f"{len(rows)} rows cannot be parted"):
        split_rows(rows, "time", 0.2)


def test_one_group_cannot_be_split():
    with pytest.raises(ContractError, match="needs two groups or more, and the dataset has 1"):
        split_rows([(i, 1.0, 0) for i in range(9)], "group", 0.3, ("a",))
