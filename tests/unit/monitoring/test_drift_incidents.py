"""What is an incident of a feed, and no drift of the world, at its very limits."""

import numpy as np
import pyarrow as pa

from noria.monitoring import drift
from noria.profile.batches import add
from noria.profile.dataset import Profile

#: Few enough different numbers that each is counted, and nothing is sketched.
RISING = np.repeat(np.arange(100.0), 5)


def profiled(**columns) -> Profile:
    output = Profile()
    add(output, pa.record_batch({name: values if isinstance(values, pa.Array) else pa.array(values) for name, values in columns.items()}))
    return output


def incident(before, now, **more):
    return [reason["code"] for reason in drift.check(profiled(x=before), profiled(x=now), None, **more)["reasons"] if not reason["code"].endswith("Drifted")]


def test_an_empty_column_is_an_incident_where_more_than_half_of_the_reference_was_filled():
    empty = pa.array([None] * 100, pa.string())
    assert incident(["a"] * 51 + [None] * 49, empty) == ["ColumnEmpty"]
    assert incident(["a"] * 50 + [None] * 50, empty) == []


def test_a_constant_column_is_an_incident_where_chance_would_hardly_make_it_one():
    # Twenty rows of a value that half of the reference has: one in a million. Of one that nine in ten have: one in eight.
    assert incident(["a", "b"] * 50, ["a"] * 20) == ["ColumnConstant"]
    assert incident(["a"] * 90 + ["b"] * 10, ["a"] * 20) == []
    assert incident(["a"] * 90 + ["b"] * 10, ["a"] * 43) == []
    assert incident(["a"] * 90 + ["b"] * 10, ["a"] * 44) == ["ColumnConstant"]


def test_words_among_numbers_are_an_incident_beyond_five_per_cent_or_what_the_contract_tolerates():
    def some(words: int) -> list[str]:
        return [f"w{number}" for number in range(words)] + [str(number / 7) for number in range(1_000 - words)]

    assert incident(some(0), some(50)) == []
    assert incident(some(0), some(51)) == ["TypeChanged"]
    assert incident(some(0), some(100), tolerated=0.1) == []
    assert incident(some(0), some(200), tolerated=0.1) == ["TypeChanged"]


def test_an_incident_comes_before_drift_and_its_column_is_not_judged():
    before = profiled(x=RISING, y=RISING)
    report = drift.check(before, profiled(y=RISING + 500), None)
    assert (report["verdict"], list(report["columns"])) == ("incident", ["y"])
    assert [reason["code"] for reason in report["reasons"]] == ["ColumnMissing", "ColumnDrifted"]


def test_an_ignored_column_may_do_as_it_likes():
    before = profiled(x=RISING, y=RISING)
    report = drift.check(before, profiled(y=RISING), None, ignored={"x"})
    assert (report["verdict"], list(report["columns"])) == ("ok", ["y"])
