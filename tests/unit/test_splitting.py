"""How rows are parted: what the training job sees, and what it never sees."""

from hypothesis import given
from hypothesis import strategies as st

from noria.data import splitting
from noria.data.contract import DataContract
from noria.spec.data import DataSpec

CONTRACT = DataContract.of(DataSpec.model_validate({"time": "at", "columns": {"a": {"type": "number"}, "y": {"type": "integer"}}}).model_dump())


def file(rows: list[tuple[int, float, int]]) -> list[bytes]:
    return [("at,a,y,extra\n" + "".join(f"{at},{a},{y},x\n" for at, a, y in rows)).encode()]


def test_the_newest_rows_are_the_holdout_whatever_their_order():
    made = splitting.split(file([(3, 0.3, 1), (1, 0.1, 0), (5, 0.5, 1), (2, 0.2, 0), (4, 0.4, 0)]), CONTRACT, "y", "time", 0.4)
    assert made.holdout == "0.4\n0.5\n"
    assert made.truth == "0,4\n1,5\n"
    assert made.train == "at,a,y,extra\n1,0.1,0,x\n2,0.2,0,x\n3,0.3,1,x\n"
    assert made.facts == {"rows": 5, "train": 3, "holdout": 2, "by": "time", "first": "4", "last": "5"}


def test_the_endpoint_is_sent_the_features_alone_and_smoke_rows_come_first():
    made = splitting.split(file([(i, i / 10, 0) for i in range(40)]), CONTRACT, "y", "time", 0.5)
    assert made.holdout.startswith(made.smoke)
    assert len(made.smoke.splitlines()) == splitting.SMOKE_ROWS


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.floats(0, 1), st.integers(0, 1)), min_size=2, max_size=60, unique=True),
    st.floats(0.05, 0.8),
    st.sampled_from(["time", "random"]),
)
def test_no_row_is_lost_or_on_both_sides(rows, test, by):
    made = splitting.split(file(rows), CONTRACT, "y", by, test)
    known, held = made.train.splitlines()[1:], made.truth.splitlines()
    assert len(known) + len(held) == len(rows)
    assert known
    assert held
    if by == "time":
        times = sorted(at for at, _, _ in rows)
        assert sorted(int(line.split(",")[0]) for line in known) == times[: len(known)]


@given(st.permutations(range(12)))
def test_a_random_split_depends_on_the_rows_alone(order):
    rows = [(i, i / 10, i % 2) for i in range(12)]
    shuffled = [rows[i] for i in order]
    assert splitting.split(file(rows), CONTRACT, "y", "random", 0.25) == splitting.split(file(shuffled), CONTRACT, "y", "random", 0.25)


def test_more_rows_move_no_row_to_the_other_side():
    few = splitting.split(file([(i, i / 10, 0) for i in range(100)]), CONTRACT, "y", "random", 0.3)
    many = splitting.split(file([(i, i / 10, 0) for i in range(300)]), CONTRACT, "y", "random", 0.3)
    assert set(few.train.splitlines()) <= set(many.train.splitlines())


def test_bad_rows_are_set_aside_with_their_reason():
    contract = DataContract.of(DataSpec.model_validate({"columns": {"a": {"type": "number", "between": [0, 1]}}}).model_dump())
    good, bad = splitting.curate([b"a,y\n0.5,1\n7,1\n"], contract, "y")
    assert good == "a,y\n0.5,1\n"
    assert bad == "a,y,fault_column,fault_code\n7,1,a,Range\n"
