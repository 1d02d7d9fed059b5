"""The profile where it changes its ways: from counting to sketching, from block to block, from one dialect to another."""

import bz2
import json
import math
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from noria.profile import baseline, batches
from noria.profile.column import ColumnProfile
from noria.profile.dataset import KEYS_LG_K, Order, Profile
from noria.profile.moments import Moments
from noria.profile.values import estimate_distinct
from noria.tables.source import FileSource
from noria.tables.words import Words


def of(time: str | None = None, key: tuple[str, ...] = (), **columns) -> Profile:
    output = Profile()
    batch = pa.record_batch({name: values if isinstance(values, pa.Array) else pa.array(values) for name, values in columns.items()})
    batches.add(output, batch, time, key)
    return output


def column(values) -> ColumnProfile:
    return of(x=values).columns["x"]


@pytest.mark.parametrize(("different", "exact"), [(256, True), (257, False)])
def test_up_to_256_different_values_are_counted_one_by_one(different, exact):
    for values in ([float(number) for number in range(different)], [f"w{number}" for number in range(different)]):
        result = column(values).values
        assert result.exact is exact
        assert result.number()[0] == pytest.approx(different, rel=0.03)
    assert column([float(number) for number in range(different)]).rank_error == 0 or not exact


@pytest.mark.parametrize(("length", "exact"), [(30, True), (31, False)])
def test_values_are_counted_one_by_one_up_to_three_thousand_characters(length, exact):
    # A value that comes again takes no more room.
    assert column([f"{number:03}".ljust(length, "x") for number in range(100)] * 9).values.exact is exact


def test_long_texts_are_told_apart_by_their_first_64_characters():
    assert column(["x" * 64 + "a", "x" * 64 + "b"]).values.number()[0] == 1
    assert column(["x" * 63 + "a", "x" * 63 + "b"]).values.number()[0] == 2
    assert column(["x" * 64 + "a"]).lengths.most == 65


def test_the_most_frequent_values_come_first_and_equal_ones_by_their_name():
    result = column(["b", "a", "c", "c", "d", "d", "d"]).values
    assert result.top(3) == [("d", 3, 3), ("c", 2, 2), ("a", 1, 1)]
    assert column([2.5, 10.0, 10.0]).values.top(2) == [("10", 2, 2), ("2.5", 1, 1)]


@pytest.mark.parametrize("kind", ["words", "numbers"])
def test_what_makes_up_more_than_one_in_a_thousand_of_many_values_is_frequent(kind):
    # Three thousand rare ones, so that nothing is counted one by one, then one that is frequent and one that hardly is.
    rare = [f"rare {number}" for number in range(3_000)] if kind == "words" else [number + 0.5 for number in range(3_000)]
    often, seldom = ("often", "seldom") if kind == "words" else (10_000.5, 20_000.5)
    output = of(x=rare[:2_000])
    batches.add(output, pa.record_batch({"x": pa.array(rare[2_000:] + [often] * 997 + [seldom] * 3)}))
    result = {value: least for value, least, _ in output.columns["x"].values.top(5)}
    assert result[str(often)] == pytest.approx(997, abs=30)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2"], "integer"),
        (["1", "2.5"], "number"),
        (["1.0", "2.0"], "integer"),
        (["1", "a"], "string"),
        (["true", "false"], "boolean"),
        (["true", "maybe"], "string"),
        (["2024-01-01", "2024-01-02T10:00:00Z"], "time"),
        (["2024-01-01", "1"], "string"),
        ([1, 2], "integer"),
        ([1.0, 2.5], "number"),
        ([True, False], "boolean"),
        (pa.array([None, None], pa.string()), "string"),
        (["nan", "1"], "integer"),
    ],
)
def test_a_column_is_of_the_narrowest_kind_that_holds_all_its_values(values, kind):
    assert column(values).kind == kind


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2024-01-01", 0),
        ("2024-01-01T00:01", 60),
        ("2024-01-01 00:01", 60),
        ("2024-01-01T00:00:05", 5),
        ("2024-01-01 00:00:05Z", 5),
        ("2024-01-01T00:00:05.250+00:00", 5.25),
        ("2024-01-01T00:00:05-0000", 5),
    ],
)
def test_a_time_is_read_in_each_of_its_shapes(text, seconds):
    result = column([text])
    assert (result.kind, result.numbers.least) == ("time", 1_704_067_200 + seconds)


def test_what_is_no_number_is_told_apart_in_texts_too():
    result = column(["1", "+2.5", "-.5", "1e3", "NaN", "", "1,5", "0x1"])
    assert (result.nans, result.numbers.count, result.numbers.least, result.numbers.most) == (1, 4, -0.5, 1_000)
    assert result.kinds == {"integer": 2, "number": 2, "string": 3}
    mixed = column(["2024-01-01", "soon", "2024-01-02", "later", "later"])
    assert (mixed.kinds, mixed.values.top(1), mixed.lengths.most) == ({"time": 2, "string": 3}, [("later", 2, 2)], 5)


def test_a_dictionary_may_hold_words_of_other_rows():
    words = pa.DictionaryArray.from_arrays(pa.array([2, 0, 2, 2]), pa.array(["a", "b", "c"]))
    result = column(words)
    assert (result.values.top(3), result.lengths.count) == ([("c", 3, 3), ("a", 1, 1)], 4)
    numbers = pa.DictionaryArray.from_arrays(pa.array([1, 1]), pa.array([5, 7]))
    assert column(numbers).numbers.mean == 7


def test_a_time_of_day_counts_its_seconds():
    assert column(pa.array([61_000_000, 62_000_000], pa.time64("us"))).numbers.mean == 61.5


def test_moments_of_two_parts_are_those_of_all_values():
    first, second = (Moments.of(np.array(part), np.array(counts)) for part, counts in (([1.0, 4.0], [2, 1]), ([10.0], [3])))
    first.add(second)
    assert (first.count, first.mean, first.least, first.most) == (6, 6.0, 1, 10)
    assert first.variance == pytest.approx(np.var([1, 1, 4, 10, 10, 10], ddof=1))
    before = Moments(**vars(first))
    first.add(Moments())
    assert first == before
    assert (Moments().variance, Moments.of(np.array([5.0]), np.array([1])).variance) == (0, 0)
    assert Moments.of(np.array([5.0, 7.0]), np.array([1, 1])).variance == 2


def test_quantiles_and_ranks_of_counted_numbers_are_exact():
    result = column([1.0, 2.0, 2.0, 10.0])
    assert result.quantiles([0.0, 0.25, 0.5, 0.75, 0.76, 1.0]) == [1, 1, 2, 2, 10, 10]
    assert result.ranks([0.5, 1.0, 2.0, 9.0, 10.0]) == [0, 0.25, 0.75, 0.75, 1]
    assert (column(["a"]).quantiles([0.5]), column(["a"]).ranks([1.0]), column(["a"]).quantile(0.5)) == ([], [], None)


@pytest.mark.parametrize(
    ("first", "second", "ordered"),
    [((1, 2), (2, 3), True), ((2, 3), (1, 2), True), ((1, 3), (2, 4), False), ((1, 4), (2, 3), False), ((2, 3), (1, 4), False)],
)
def test_parts_are_in_order_where_one_comes_wholly_before_the_other(first, second, ordered):
    order = Order(*first)
    order.merge(Order(*second))
    assert (order.ordered, order.first, order.last) == (ordered, min(first[0], second[0]), max(first[1], second[1]))
    order.merge(Order())
    assert order.ordered is ordered


def test_the_next_rows_of_a_stream_must_not_go_back():
    order = Order()
    for first, last, rising, ordered in ((5, 6, True, True), (6, 7, True, True), (6.5, 8, True, False), (9, 10, True, False)):
        order.follow(first, last, rising)
        assert order.ordered is ordered
    assert (order.first, order.last) == (5, 10)
    order = Order()
    order.follow(1, 2, False)
    assert not order.ordered


def test_repeated_keys_are_counted_within_the_sketchs_error():
    assert of(key=("a", "b"), a=["x", "x", "y"], b=["1", "2", "1"]).repeated() == (0, 0)
    assert of(key=("a",), a=["x"] * 5 + ["y"]).repeated() == (4, 4)
    assert of(a=["x"]).repeated() is None
    assert of(key=("gone",), a=["x"]).repeated() is None
    # What parts the columns of a key keeps them apart.
    assert of(key=("a", "b"), a=["x", "xy"], b=["yz", "z"]).repeated() == (0, 0)


def test_rows_are_cut_into_blocks_of_time():
    rows = [[second, "v"] for second in ("10", "0", "25", "19")]
    parts = baseline.rows_by_time(rows, 0, 10)
    assert [[row[0] for row in part] for part in parts] == [["0"], ["10", "19"], ["25"]]


@pytest.mark.parametrize(("days", "blocks"), [(1, 1), (3, 3), (160, 160), (320, 160), (321, 81)])
def test_a_dataset_has_a_block_a_day_or_of_twice_as_many_days_until_there_are_no_more_than_a_hundred_and_sixty(days, blocks):
    output, rows = baseline.Blocks(), {"x": Words(pa.array(["v"] * days))}
    times = np.arange(days) * 86_400.0 + datetime(2020, 1, 1, tzinfo=UTC).timestamp()
    output.add(rows, np.append(times[:-1], np.nan) if days > 1 else times)
    output.add({"x": Words(pa.array(["w"]))}, times[-1:])
    parts = output.in_order()
    assert len(parts) == pytest.approx(blocks, abs=1)
    assert sum(part.rows for part in parts) == days if days > 1 else 2
    assert baseline.Blocks().in_order() == []


def sizes(parts: list[int], rows: int) -> list[int]:
    return [part.rows for part in baseline.merge_blocks([of(x=[1.0] * size) for size in parts], rows)]


@pytest.mark.parametrize(
    ("parts", "rows", "output"),
    [
        ([5, 5, 5, 5], 10, [10, 10]),
        ([5, 5, 5, 5, 5], 10, [10, 10, 5]),
        ([5, 5, 5, 5, 4], 10, [10, 14]),
        ([4, 4, 4, 4], 5, [8, 8]),
        ([50], 10, [50]),
        ([2], 10, [2]),
        ([1] * 96, 1, [2] * 48),
        ([1] * 48, 1, [1] * 48),
    ],
)
def test_blocks_are_put_together_until_they_are_as_long_as_the_window(parts, rows, output):
    assert sizes(parts, rows) == output


def test_several_profiles_are_kept_as_one_object():
    parts = baseline.unpack(baseline.pack([of(x=[1.0]), of(x=[1.0, 2.0])]))
    assert [part.rows for part in parts] == [1, 2]
    assert baseline.unpack(b"") == []


def test_empty_rows_make_columns_of_nothing():
    output = baseline.profile_rows(["a", "b"], [])
    assert (output.rows, list(output.columns), output.columns["a"].nulls) == (0, ["a", "b"], 0)
    assert baseline.profile_rows(["a"], [["NA"], ["1"]]).columns["a"].nulls == 1


def test_a_file_larger_than_what_is_sniffed_is_read_whole(tmp_path):
    text = "a;b\n" + "".join(f"{number};é\n" for number in range(30_000))
    (tmp_path / "a.csv").write_text(text)
    output = batches.profile(FileSource(tmp_path / "a.csv"))
    assert (output.rows, output.columns["a"].numbers.most, list(output.columns)) == (30_000, 29_999, ["a", "b"])
    (tmp_path / "b.csv.bz2").write_bytes(bz2.compress(text.encode()))
    assert batches.profile(FileSource(tmp_path / "b.csv.bz2")).rows == 30_000


def test_files_of_no_rows_name_their_columns(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n")
    pq.write_table(pa.table({"a": pa.array([], pa.int64())}), tmp_path / "a.parquet")
    assert list(batches.profile(FileSource(tmp_path / "a.csv")).columns) == ["a", "b"]
    assert list(batches.profile(FileSource(tmp_path / "a.parquet")).columns) == ["a"]


def test_blocks_of_a_file_leave_out_rows_without_a_time(tmp_path):
    (tmp_path / "a.csv").write_text("t,x\n2024-01-01T00:00:00,1\n,2\n2024-01-01T23:59:59,3\n2024-01-02T00:00:00,4\nsoon,5\n")
    parts = batches.blocks(FileSource(tmp_path / "a.csv"), "t", 86_400)
    assert [part.rows for part in parts] == [2, 1]
    (tmp_path / "b.csv").write_text("t,x\n100,1\n86500,2\n")
    assert [part.rows for part in batches.blocks(FileSource(tmp_path / "b.csv"), "t", 86_400)] == [1, 1]


def test_a_profile_survives_its_file_whatever_is_in_it():
    output = of(time="t", key=("k",), t=pa.array([0, 1_000_000], pa.timestamp("us")), k=["a", "b"], many=["x", "y"], n=[1.5, math.inf])
    read = Profile.from_bytes(output.to_bytes())
    assert (read.rows, read.order, read.repeated()) == (2, output.order, output.repeated())
    for name, result in output.columns.items():
        assert json.dumps(read.columns[name].to_json()) == json.dumps(result.to_json())
    assert Profile.from_bytes(of(a=["x"]).to_bytes()).keys is None


def test_a_file_of_a_profile_has_the_24_most_frequent_of_many_values():
    words = [f"often {number:02}" for number in range(30) for _ in range(200 - number)] + [f"rare {number}" for number in range(3_000)]
    read = Profile.from_bytes(of(x=words).to_bytes()).columns["x"].values.top(40)
    assert [value for value, _, _ in read] == [f"often {number:02}" for number in range(24)]


def test_sketches_are_as_exact_as_they_are_said_to_be():
    words = [f"user {number}" for number in range(50_000)]
    output = of(key=("id",), id=words)
    # 1.04 / sqrt(2^11) is 2.3 %, and three times that to either side holds in 997 of 1,000 cases; of keys, with 2^14, 0.8 %.
    for number, error in ((output.columns["id"].values.number(), 0.023), (estimate_distinct(output.keys, KEYS_LG_K), 0.0081)):
        assert (number[2] - number[1]) / number[0] == pytest.approx(6 * error, rel=0.1)
    assert column([float(number) for number in range(5_000)]).rank_error == pytest.approx(0.0133, abs=0.0001)


def test_a_value_of_nearly_one_in_a_hundred_is_frequent_among_many_others():
    words = [f"rare {number}" for number in range(20_000)]
    words[::125] = ["often"] * 160
    output = of(x=words[:5_000])
    batches.add(output, pa.record_batch({"x": pa.array(words[5_000:])}))
    result = {value: (least, most) for value, least, most in output.columns["x"].values.top(5)}
    assert result["often"][0] <= 160 <= result["often"][1]


@pytest.mark.parametrize("numbers", [[1e300, 5e-324, 2.0], [1.7e308, 1.7e308], [-1.7e308, 1.7e308]])
def test_moments_of_the_largest_numbers_are_finite(numbers):
    ones = np.ones(len(numbers), np.int64)
    whole, parts = Moments.of(np.array(numbers), ones), Moments()
    for number in numbers:
        parts.add(Moments.of(np.array([number]), ones[:1]))
    for moments in (whole, parts):
        assert np.isfinite([moments.mean, moments.squares, moments.variance]).all()
    assert whole.least <= parts.mean <= whole.most
