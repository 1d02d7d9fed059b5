"""Evidence and measures of a difference between two samples, against values that tables and definitions give."""

import math

import numpy as np
import pyarrow as pa
import pytest

from noria.monitoring import drift, two_sample_tests
from noria.monitoring.differences import differences
from noria.monitoring.measures import measures
from noria.profile.batches import add
from noria.profile.dataset import Profile

#: Few enough different numbers that each is counted, and nothing is sketched.
RISING = np.repeat(np.arange(100.0), 5)


def profiled(**columns) -> Profile:
    output = Profile()
    add(output, pa.record_batch({name: values if isinstance(values, pa.Array) else pa.array(values) for name, values in columns.items()}))
    return output


def column(values):
    return profiled(x=values).columns["x"]


@pytest.mark.parametrize(
    ("scaled", "chance"),
    # Kolmogorov's distribution: 5 % above 1.3581, 1 % above 1.6276, half above 0.8276.
    [(1.3581, 0.05), (1.6276, 0.01), (0.8276, 0.5), (1.9495, 0.001)],
)
def test_the_chance_of_a_distance_is_kolmogorovs_with_stephens_correction(scaled, chance):
    size = math.sqrt(100 * 300 / 400)
    assert two_sample_tests.of_distance(scaled / (size + 0.12 + 0.11 / size), 100, 300) == pytest.approx(chance, rel=0.002)


def test_a_small_distance_is_certainly_chance_and_so_is_one_of_no_rows():
    assert two_sample_tests.of_distance(0.02, 100, 100) == 1.0
    assert two_sample_tests.of_distance(0.5, 0, 100) == two_sample_tests.of_distance(0.5, 100, 0) == 1.0
    assert two_sample_tests.of_distance(-0.1, 100, 100) == 1.0


@pytest.mark.parametrize(
    ("hits", "size", "other", "other_size"),
    [(30, 100, 10, 100), (5, 50, 1, 200), (9, 10, 1, 90)],
)
def test_the_chance_of_a_higher_share_is_chernoffs_bound_on_where_the_hits_fall(hits, size, other, other_size):
    total, expected, result = hits + other, size / (size + other_size), hits / (hits + other)
    bound = math.exp(-total * (result * math.log(result / expected) + (1 - result) * math.log((1 - result) / (1 - expected))))
    assert two_sample_tests.of_share(hits, size, other, other_size) == pytest.approx(bound)


def test_all_hits_in_one_sample_have_the_chance_that_each_falls_there():
    assert two_sample_tests.of_share(10, 100, 0, 300) == pytest.approx(0.25**10)


@pytest.mark.parametrize(("hits", "size", "other", "other_size"), [(10, 100, 10, 100), (5, 100, 10, 100), (0, 100, 0, 100), (5, 0, 5, 100), (5, 100, 5, 0)])
def test_a_share_that_is_no_higher_is_chance(hits, size, other, other_size):
    assert two_sample_tests.of_share(hits, size, other, other_size) == 1.0


def test_chi_squared_is_pearsons():
    # Expected are 30 and 20 in each: (10² / 30 + 10² / 20) × 2.
    statistic, degrees = two_sample_tests.chi_squared({"a": 40, "b": 10}, {"a": 20, "b": 30})
    assert (statistic, degrees) == (pytest.approx(2 * (100 / 30 + 100 / 20)), 1)
    unequal = two_sample_tests.chi_squared({"a": 10, "b": 20}, {"a": 60, "b": 30})
    # Of 120, 70 are a; of the 30 in the first sample 17.5 are expected to be.
    assert unequal[0] == pytest.approx(7.5**2 * (1 / 17.5 + 1 / 12.5 + 1 / 52.5 + 1 / 37.5))


@pytest.mark.parametrize(("statistic", "degrees", "chance"), [(16.92, 9, 0.05), (21.67, 9, 0.01), (43.77, 30, 0.05)])
def test_the_chance_of_a_difference_of_categories_is_that_of_the_tables(statistic, degrees, chance):
    assert two_sample_tests._above(statistic, degrees) == pytest.approx(chance, rel=0.05)


def test_categories_too_rare_to_judge_are_judged_together():
    many, few = {"a": 50.0, "b": 50.0, **{f"r{number}": 1.0 for number in range(9)}}, {"a": 50.0, "b": 50.0}
    # Nine single ones: 9 × 100 / 209 are 4.3, fewer than the five that are expected at least.
    assert two_sample_tests.chi_squared(many, few)[1] == 1
    many |= {"r9": 1.0, "r10": 1.0}
    assert two_sample_tests.chi_squared(many, few)[1] == 2
    # One that is expected five times is not rare.
    assert two_sample_tests.chi_squared({"a": 90, "b": 10}, {"a": 100, "b": 0})[1] == 1
    assert two_sample_tests.chi_squared({"a": 91, "b": 9}, {"a": 100, "b": 0})[1] == 0


def test_nothing_follows_from_an_empty_sample_or_one_category():
    for pair in (({}, {"a": 10}), ({"a": 10}, {}), ({"a": 100}, {"a": 100})):
        assert (two_sample_tests.chi_squared(*pair), two_sample_tests.of_categories(*pair)) == ((0.0, 0), 1.0)


def test_the_measures_of_words_are_those_of_their_definitions():
    before, now = column(["a"] * 60 + ["b"] * 40), column(["a"] * 20 + ["b"] * 80)
    report = measures(before, now)
    index = (0.2 - 0.6) * math.log(0.2 / 0.6) + (0.8 - 0.4) * math.log(0.8 / 0.4)
    assert report["psi"] == pytest.approx(index - (1 / 100 + 1 / 100), abs=1e-4)
    divergence = sum((p * math.log2(p / ((p + q) / 2)) + q * math.log2(q / ((p + q) / 2))) / 2 for p, q in ((0.6, 0.2), (0.4, 0.8)))
    assert report["js"] == pytest.approx(math.sqrt(divergence), abs=1e-4)
    assert report["chi2"] == pytest.approx(2 * (20**2 / 40 + 20**2 / 60), abs=1e-4)


def test_words_that_have_nothing_in_common_are_as_far_apart_as_can_be():
    report = measures(column(["a"] * 100), column(["b"] * 50))
    assert report["js"] == 1
    floor = 1e-4
    assert report["psi"] == pytest.approx(2 * (1 - floor) * math.log(1 / floor) - (1 / 100 + 1 / 50), abs=1e-4)


def test_equal_samples_differ_by_nothing():
    values = column(["a"] * 60 + ["b"] * 40)
    assert measures(values, values) == {"psi": 0.0, "js": 0.0, "chi2": 0.0}
    numbers = column([float(number) for number in range(200)])
    assert measures(numbers, numbers) == {"ks": 0.0, "psi": 0.0, "js": 0.0, "wasserstein": 0.0}


def test_the_measures_of_numbers_are_those_of_their_definitions():
    # A hundred whole numbers, and the same fifty further: half of them lie above all that was.
    before, now = column([float(number) for number in range(100)]), column([float(number + 50) for number in range(100)])
    report = measures(before, now)
    assert report["ks"] == 0.5
    spread = math.sqrt(sum((number - 49.5) ** 2 for number in range(100)) / 99)
    assert report["wasserstein"] == pytest.approx(50 / spread, abs=0.01)
    # By tenths of the reference: five of them are empty now, four as full, and the last one has 60 of 100.
    shares = [(0.1, 1e-4)] * 5 + [(0.1, 0.1)] * 4 + [(0.1, 0.6)]
    index = sum((q - p) * math.log(q / p) for p, q in shares)
    assert report["psi"] == pytest.approx(index - 9 * (2 / 100), abs=0.05)


def test_there_is_no_measure_where_there_is_nothing_to_measure():
    empty, full = column(pa.array([None] * 10, pa.float64())), column([1.0, 2.0])
    for pair in ((empty, full), (full, empty)):
        assert measures(*pair) == {}
    assert measures(column(["a"]), column(pa.array([None] * 3, pa.string()))) == {}


def test_a_constant_reference_is_measured_in_its_own_unit():
    assert measures(column([5.0] * 10), column([7.0] * 10))["wasserstein"] == 2.0


def checked(before, now, **more):
    return drift.check(profiled(x=before), profiled(x=now), None, **more)["columns"]["x"]


def test_the_share_of_empty_values_may_grow_or_shrink_by_five_per_cent():
    def some(empty: int) -> list[str | None]:
        return [None] * empty + ["a", "b"] * ((10_000 - empty) // 2)

    for before, now, drifted in ((1_000, 1_502, True), (1_502, 1_000, True), (1_000, 1_498, False), (1_498, 1_000, False)):
        report = checked(some(before), some(now))
        assert (report["drifted"], report["measure"]) == (drifted, "empty")
        assert report["effect"] == pytest.approx(abs(now - before) / 10_000)


def test_categories_may_move_by_six_per_cent():
    def some(share: int) -> list[str]:
        return ["a"] * share + ["b"] * (10_000 - share)

    assert [checked(some(5_000), some(now))["drifted"] for now in (5_600, 5_590, 4_400, 4_410)] == [True, False, True, False]
    assert checked(some(5_000), some(5_600))["effect"] == 0.06


def test_values_that_were_never_seen_may_be_two_per_cent():
    before = ["a"] * 5_000 + ["b"] * 5_000
    for count, drifted in ((200, True), (198, False)):
        report = checked(before, ["a"] * (5_000 - count // 2) + ["b"] * (5_000 - count // 2) + ["c"] * count)
        assert (report["drifted"], report["measure"], report["effect"]) == (drifted, "unseen", count / 10_000)


def test_numbers_outside_of_all_that_was_seen_may_be_two_per_cent():
    values = np.repeat(np.arange(200.0), 50)
    for beyond in (500.0, -500.0):
        for count, drifted in ((201, True), (199, False)):
            now = values.copy()
            now[np.linspace(0, 9_999, count).astype(int)] = beyond
            report = checked(values, now)
            assert report["drifted"] is drifted
            assert report["measure"] == "outside" or not drifted


@pytest.mark.parametrize("beyond", [-0.4, 1.4])
def test_what_is_outside_is_so_in_any_unit(beyond):
    before = np.repeat(np.arange(100) / 100, 20)
    now = np.concatenate([before[:-100], np.full(100, beyond)])
    (outside,) = [result for result in differences(column(before), column(now)) if result.measure == "outside"]
    assert outside.effect == pytest.approx(0.05)


def test_the_bounds_of_what_was_seen_are_not_outside_of_it():
    report = differences(column([0.0, 1.0] * 100), column([0.0, 1.0] * 100))
    assert {difference.measure: difference.effect for difference in report} == {"empty": 0.0, "distance": 0.0, "outside": 0.0}


@pytest.mark.parametrize(("rows", "reference", "verdict"), [(19, 50, "undecided"), (20, 49, "undecided"), (20, 50, "ok")])
def test_a_verdict_needs_twenty_rows_and_fifty_of_the_reference(rows, reference, verdict):
    drawn = np.random.default_rng(0)
    report = drift.check(profiled(x=drawn.normal(0, 1, reference)), profiled(x=drawn.normal(0, 1, rows)), None)
    assert report["verdict"] == verdict
    if verdict == "undecided":
        (reason,) = report["reasons"]
        assert (reason["code"], reason["observed"], reason["limit"]) == ("TooFewRows", rows, 20)


def test_evidence_of_empty_values_is_of_both_directions():
    more, fewer = (
        differences(column(pa.array([None] * first + [1.0] * (100 - first))), column(pa.array([None] * second + [1.0] * (100 - second))))[0]
        for first, second in ((10, 40), (40, 10))
    )
    assert (more.measure, more.effect, fewer.effect) == ("empty", pytest.approx(0.3), pytest.approx(0.3))
    assert more.evidence == pytest.approx(2 * two_sample_tests.of_share(40, 100, 10, 100))
    assert fewer.evidence == pytest.approx(2 * two_sample_tests.of_share(90, 100, 60, 100))
    same = differences(column([1.0] * 100), column([1.0] * 100))[0]
    assert (same.effect, same.evidence) == (0.0, 1.0)


def test_evidence_of_new_values_expects_as_many_as_were_seen_once():
    before, now = column(["a"] * 97 + ["b", "c", "d"]), column(["a"] * 90 + ["new"] * 10)
    (unseen,) = [result for result in differences(before, now) if result.measure == "unseen"]
    # Three were seen once, and one that might have been (Good, 1953).
    assert (unseen.effect, unseen.evidence) == (0.1, pytest.approx(two_sample_tests.of_share(10, 100, 4, 100)))


def test_the_effect_on_categories_is_half_the_sum_of_what_each_has_moved():
    (moved,) = [
        result for result in differences(column(["a"] * 70 + ["b"] * 30), column(["a"] * 40 + ["b"] * 50 + ["c"] * 10)) if result.measure == "categories"
    ]
    assert moved.effect == pytest.approx(0.3)


def test_more_columns_need_more_evidence():
    drawn = np.random.default_rng(3)
    quiet = {f"c{number}": drawn.normal(0, 1, 300) for number in range(200)}
    before, now = ["a"] * 150 + ["b"] * 150, ["a"] * 190 + ["b"] * 110
    assert checked(before, now)["drifted"]
    many = drift.check(profiled(x=before, **quiet), profiled(x=now, **quiet), None)["columns"]["x"]
    assert (many["drifted"], many["effect"]) == (False, checked(before, now)["effect"])


def months(count: int, moved: float) -> list[Profile]:
    """Blocks of a reference of which every other one lies so much higher."""
    return [profiled(x=RISING + moved * (number % 2)) for number in range(count)]


def whole(parts: list[Profile]) -> Profile:
    output = Profile()
    for part in parts:
        output.merge(part)
    return output


def test_what_its_own_blocks_show_is_usual_and_a_quarter_more():
    blocks = months(6, 20.0)
    report = drift.check(whole(blocks), profiled(x=RISING + 10), blocks)["columns"]["x"]
    usual = max(difference.effect for difference in differences(whole(blocks[1:]).columns["x"], blocks[0].columns["x"]) if difference.measure == "distance")
    assert (report["measure"], report["limit"]) == ("distance", pytest.approx(1.25 * usual, abs=1e-4))
    assert report["limit"] > 0.07


@pytest.mark.parametrize(("count", "verdict"), [(1, "undecided"), (3, "undecided"), (4, "drift")])
def test_fewer_than_four_blocks_do_not_say_what_is_usual(count, verdict):
    blocks = months(count, 0.0)
    report = drift.check(whole(blocks), profiled(x=RISING + 50), blocks)
    assert report["verdict"] == verdict
    if verdict == "undecided":
        assert (report["reasons"][0]["code"], report["reasons"][0]["observed"], report["reasons"][0]["limit"]) == ("ReferenceTooShort", count, 4)
        assert report["reasons"][1]["code"] == "ColumnDrifted"
    else:
        assert "usual is up to" in report["reasons"][0]["text"]


def test_without_blocks_a_reason_says_from_where_on_a_difference_counts():
    report = drift.check(profiled(x=RISING), profiled(x=RISING + 50), None)
    (reason,) = report["reasons"]
    assert (reason["observed"], reason["limit"]) == (report["columns"]["x"]["effect"], 0.07 if report["columns"]["x"]["measure"] == "distance" else 0.02)
    assert "a difference counts from" in reason["text"]
