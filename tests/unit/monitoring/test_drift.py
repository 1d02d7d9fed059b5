"""Drift: real changes are found, noise and seasons are not, and a feed that breaks is told as that."""

import numpy as np
import pyarrow as pa
import pytest

from noria.monitoring import drift, two_sample_tests
from noria.profile.batches import add
from noria.profile.dataset import Profile

SIZE, WINDOW = 10_000, 1_000


def profiled(**columns) -> Profile:
    result = Profile()
    for batch in pa.table({name: pa.array(values) for name, values in columns.items()}).to_batches():
        add(result, batch)
    return result


def world(drawn: np.random.Generator, rows: int, shift: float = 0.0, outliers: float = 0.0, unseen: float = 0.0, moved: float = 0.0) -> Profile:
    price = drawn.normal(shift, 1, rows)
    price[drawn.random(rows) < outliers] = 8.0
    colour = drawn.choice(["red", "green", "blue", "grey"], rows, p=[0.4, 0.3, 0.2, 0.1])
    colour = np.where(drawn.random(rows) < moved, "grey", np.where(drawn.random(rows) < unseen, "pink", colour))
    return profiled(price=price, colour=colour.tolist(), other=drawn.normal(0, 1, rows))


@pytest.fixture(scope="module")
def reference() -> Profile:
    return world(np.random.default_rng(0), SIZE)


@pytest.mark.parametrize(
    ("change", "column", "measure"),
    [
        ({"shift": 0.5}, "price", "distance"),
        ({"shift": 0.3}, "price", "distance"),
        ({"outliers": 0.05}, "price", "outside"),
        ({"unseen": 0.05}, "colour", "unseen"),
        ({"moved": 0.2}, "colour", "categories"),
    ],
)
def test_a_real_change_of_one_column_is_found_and_named(reference, change, column, measure):
    report = drift.check(reference, world(np.random.default_rng(1), WINDOW, **change), None)
    assert report["verdict"] == "drift"
    assert {name: item["measure"] for name, item in report["columns"].items() if item["drifted"]} == {column: measure}
    assert report["reasons"][0]["text"].startswith(f"{column}: ")


@pytest.mark.parametrize("rows", [30, 100, 1_000, 5_000])
def test_more_of_the_same_is_no_drift(reference, rows):
    drawn = np.random.default_rng(2)
    assert {drift.check(reference, world(drawn, rows), None)["verdict"] for _ in range(20)} == {"ok"}


def test_a_change_that_is_certain_and_tiny_is_none(reference):
    report = drift.check(reference, world(np.random.default_rng(3), 200_000, shift=0.05), None)
    assert report["verdict"] == "ok"


def seasons(drawn: np.random.Generator, months: int, more: float = 0.0) -> list[Profile]:
    """Months whose level goes up and down over the year, and a little by itself."""
    return [profiled(x=drawn.normal(np.sin(month / 12 * 2 * np.pi) + drawn.normal(0, 0.2) + more, 1, WINDOW)) for month in range(months)]


def whole(parts: list[Profile]) -> Profile:
    result = Profile()
    for part in parts:
        result.merge(part)
    return result


def test_what_is_usual_from_month_to_month_is_no_drift_and_more_than_that_is():
    drawn = np.random.default_rng(4)
    months = seasons(drawn, 24)
    later = [drift.check(whole(months), month, months)["verdict"] for month in seasons(drawn, 12)]
    assert later.count("ok") == 12
    assert all(drift.check(whole(months), month, None)["verdict"] == "drift" for month in seasons(drawn, 6)[1:5])
    assert drift.check(whole(months), seasons(drawn, 4, more=4.0)[3], months)["verdict"] == "drift"


def test_a_reference_too_short_to_know_what_is_usual_says_so_and_does_not_alarm():
    drawn = np.random.default_rng(5)
    months = seasons(drawn, 2)
    report = drift.check(whole(months), seasons(drawn, 4)[3], months)
    assert (report["verdict"], report["reasons"][0]["code"]) == ("undecided", "ReferenceTooShort")


@pytest.mark.parametrize(("before", "now"), [(10, WINDOW), (SIZE, 3)])
def test_too_few_rows_tell_nothing(before, now):
    drawn = np.random.default_rng(6)
    report = drift.check(world(drawn, before), world(drawn, now, shift=3), None)
    assert (report["verdict"], report["reasons"][0]["code"]) == ("undecided", "TooFewRows")


@pytest.mark.parametrize(
    ("price", "code"),
    [
        (None, "ColumnMissing"),
        ([None] * WINDOW, "ColumnEmpty"),
        ([1.5] * WINDOW, "ColumnConstant"),
        (["oops"] * WINDOW, "TypeChanged"),
        ([str(i / 100) if i % 10 else "n/a" for i in range(WINDOW)], "TypeChanged"),
        ([float("nan")] * WINDOW, "ColumnEmpty"),
    ],
)
def test_a_feed_that_broke_is_an_incident_and_no_drift(reference, price, code):
    drawn = np.random.default_rng(7)
    rest = {"colour": drawn.choice(["red", "green", "blue", "grey"], WINDOW, p=[0.4, 0.3, 0.2, 0.1]).tolist(), "other": drawn.normal(0, 1, WINDOW)}
    report = drift.check(
        reference, profiled(**rest, **({} if price is None else {"price": pa.array(price, pa.float64() if code == "ColumnEmpty" else None)})), None
    )
    assert (report["verdict"], [reason["code"] for reason in report["reasons"]]) == ("incident", [code])
    assert "price" not in report["columns"]


def test_words_that_the_contract_tolerates_are_no_broken_feed():
    before, now = ([str(drawn / 100) for drawn in np.random.default_rng(seed).integers(0, 100_000, WINDOW)] for seed in (1, 2))
    odd = profiled(x=["n/a" if i % 10 == 0 else value for i, value in enumerate(now)])
    assert [drift.check(profiled(x=before), odd, None, tolerated=share)["verdict"] for share in (0.0, 0.2)] == ["incident", "ok"]


def test_a_few_words_among_many_numbers_are_no_broken_feed():
    before, now = ([str(drawn / 100) for drawn in np.random.default_rng(seed).integers(0, 100_000, WINDOW)] for seed in (1, 2))
    assert drift.check(profiled(x=before), profiled(x=["n/a"] * 10 + now[10:]), None)["verdict"] == "ok"


def test_a_column_that_always_was_nearly_constant_may_be_constant_for_once():
    drawn = np.random.default_rng(8)
    rare = [float(value) for value in drawn.random(SIZE) < 0.001]
    assert drift.check(profiled(x=rare), profiled(x=[0.0] * 200), None)["verdict"] == "ok"


def test_names_infinities_new_columns_and_ten_thousand_categories_do_no_harm():
    drawn = np.random.default_rng(9)

    def result(rows: int, **more) -> Profile:
        odd = {'a $b "c" d': drawn.normal(0, 1, rows), "inf": np.where(drawn.random(rows) < 0.1, np.inf, drawn.normal(0, 1, rows))}
        return profiled(**odd, many=[f"k{i}" for i in drawn.integers(0, 10_000, rows)], **more)

    report = drift.check(result(SIZE, gone=["x"] * SIZE), result(WINDOW, new=[1] * WINDOW), None, ignored={"gone"})
    assert report["verdict"] == "ok"
    assert set(report["columns"]) == {'a $b "c" d', "inf", "many"}


def test_evidence_is_none_where_there_is_none_and_strong_where_it_is():
    assert two_sample_tests.of_distance(0.0, 100, 100) == 1.0
    assert two_sample_tests.of_distance(0.5, 1_000, 1_000) < 1e-20
    assert two_sample_tests.of_share(0, 100, 0, 100) == 1.0
    assert two_sample_tests.of_share(50, 100, 0, 1_000) < 1e-20
    assert two_sample_tests.of_categories({"a": 50, "b": 50}, {"a": 500, "b": 500}) > 0.5
    assert two_sample_tests.of_categories({"a": 90, "b": 10}, {"a": 500, "b": 500}) < 1e-6
    # A rare category alone decides nothing.
    assert two_sample_tests.of_categories({"a": 100, "c": 1}, {"a": 1_000}) == 1.0


def test_what_was_constant_in_a_block_of_the_reference_before_is_no_incident():
    drawn = np.random.default_rng(11)
    months = [profiled(snow=np.maximum(0, drawn.normal(-3 if 3 < month % 12 < 10 else 1, 0.3, WINDOW))) for month in range(24)]
    assert drift.check(whole(months), profiled(snow=[0.0] * WINDOW), months)["verdict"] == "ok"
    assert drift.check(whole(months), profiled(snow=[0.0] * WINDOW), None)["verdict"] == "incident"


def test_the_well_known_measures_are_told_beside_the_verdict(reference):
    # As many rows as the reference has: of a thousand, chance alone moves what is expected here by almost as much as is allowed.
    same, moved = (drift.check(reference, world(np.random.default_rng(1), SIZE, shift, moved=share), None) for shift, share in ((0.0, 0.0), (0.5, 0.3)))
    price, colour = moved["columns"]["price"]["measures"], moved["columns"]["colour"]["measures"]
    # Of two normal distributions half a deviation apart: sup |F - G| = 2 Phi(0.25) - 1, and Wasserstein's distance is the shift itself.
    assert price["ks"] == pytest.approx(0.197, abs=0.04)
    assert price["wasserstein"] == pytest.approx(0.5, abs=0.08)
    assert price["psi"] == pytest.approx(0.25, abs=0.08)
    assert price["js"] == pytest.approx(0.21, abs=0.04)
    assert colour["chi2"] > 50
    assert colour["psi"] > 0.2
    quiet = same["columns"]["price"]["measures"]
    assert max(quiet["psi"], quiet["js"] ** 2) < 0.02
    assert same["columns"]["colour"]["measures"]["chi2"] < 4


@pytest.mark.parametrize("values", [[1.0] * 50, [None] * 50, [float("inf"), 1.0] * 25, [float("nan")] * 50])
def test_odd_numbers_break_no_measure(values):
    usual = profiled(price=np.random.default_rng(0).normal(0, 1, 500))
    for before, now in ((usual, profiled(price=values)), (profiled(price=values), usual)):
        for column in drift.check(before, now, None)["columns"].values():
            assert all(np.isfinite(value) for value in column["measures"].values())


def test_ten_thousand_categories_are_held_in_a_small_profile_and_are_no_drift():
    drawn = np.random.default_rng(0)
    before, now = (profiled(city=[f"city {number}" for number in drawn.integers(0, 10_000, rows)]) for rows in (20_000, WINDOW))
    assert len(before.to_bytes()) < 5_120
    assert drift.check(before, now, None)["verdict"] == "ok"
    assert drift.check(before, profiled(city=[""] * WINDOW), None)["reasons"][0]["code"] in ("ColumnConstant", "ColumnEmpty")
