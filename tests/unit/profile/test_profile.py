"""The profile: what it says of a file, that its parts add up in any order, and that it is read as it was written."""

import gzip
import itertools
import json
import lzma
import random

import datasketches
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from noria.kernel.errors import ContractError, UnreadableDatasetError
from noria.profile import quantiles
from noria.profile.batches import add, profile
from noria.profile.dataset import Profile
from noria.profile.hyperloglog import sketch_of
from noria.profile.values import MOST_EXACT
from noria.tables.source import FileSource

#: What a share of a KLL sketch of this size may be wrong by, at 99 in 100 times; of a HyperLogLog's number, at 95.
RANK, NUMBER = 0.0165, 0.06


def of(*tables: pa.Table, time: str | None = None, key: tuple[str, ...] = ()) -> Profile:
    result = Profile()
    for table in tables:
        for batch in table.to_batches():
            add(result, batch, time, key)
    return result


def rows(count: int, seed: int = 0) -> pa.Table:
    """Numbers with gaps, whole numbers, words, few and many different ones."""
    drawn = np.random.default_rng(seed)
    numbers = drawn.normal(100, 15, count)
    return pa.table(
        {
            "number": pa.array(numbers, mask=drawn.random(count) < 0.1),
            "odd": pa.array(np.where(drawn.random(count) < 0.05, np.nan, np.where(drawn.random(count) < 0.05, np.inf, numbers))),
            "whole": drawn.poisson(3, count),
            "few": pa.array(drawn.choice(["red", "green", "blue"], count, p=[0.7, 0.2, 0.1]).tolist(), pa.string()),
            "many": pa.array([f"user {i}" for i in drawn.integers(0, 50_000, count)], pa.string()),
            "at": pa.array(np.arange(count) * 1_000_000 + seed, pa.timestamp("us")),
        }
    )


PARTS = [rows(count, seed) for seed, count in enumerate((1, 700, 20_000, 0, 4_000))]
WHOLE = pa.concat_tables(PARTS)


def merged(profiles: list[Profile]) -> Profile:
    result = Profile()
    for one in profiles:
        result.merge(one)
    return result


def groupings() -> list[list[Profile]]:
    """The parts in several orders, some of them put together before."""
    ordered = [[of(PARTS[i]) for i in order] for order in random.Random(0).sample(list(itertools.permutations(range(len(PARTS)))), 4)]
    return [*ordered, [merged([of(PARTS[0]), of(PARTS[3])]), merged([of(PARTS[2]), merged([of(PARTS[1]), of(PARTS[4])])])]]


@pytest.mark.parametrize("parts", groupings())
def test_parts_in_any_order_and_grouping_are_the_whole(parts):
    result, whole = merged(parts), of(WHOLE)
    assert (result.rows, list(result.columns)) == (whole.rows, list(whole.columns))
    for name, column in whole.columns.items():
        other = result.columns[name]
        assert (other.rows, other.nulls, other.nans, other.infinities, other.kinds) == (column.rows, column.nulls, column.nans, column.infinities, column.kinds)
        for mine, theirs in ((other.numbers, column.numbers), (other.lengths, column.lengths)):
            assert (mine.count, mine.least, mine.most) == (theirs.count, theirs.least, theirs.most)
            assert mine.mean == pytest.approx(theirs.mean, rel=1e-9)
            assert mine.variance == pytest.approx(theirs.variance, rel=1e-9)
        # The sketch of different values is one of a set: how it was come by leaves no trace.
        assert other.values.number() == column.values.number()


@pytest.mark.parametrize("parts", groupings())
def test_quantiles_of_merged_parts_are_right_within_the_sketchs_error(parts):
    column = merged(parts).columns["number"]
    numbers = np.sort(WHOLE["number"].drop_null().to_numpy())
    for share in (0.01, 0.1, 0.5, 0.9, 0.99):
        assert abs(np.searchsorted(numbers, column.quantile(share)) / len(numbers) - share) <= RANK
    points = list(np.quantile(numbers, [0.05, 0.3, 0.8]))
    assert column.ranks(points) == pytest.approx([0.05, 0.3, 0.8], abs=RANK)
    assert (column.quantile(0.0), column.quantile(1.0)) == (numbers[0], numbers[-1])
    assert 0 < column.rank_error < RANK


@pytest.mark.parametrize("count", [1, 2_047, 2_048, 5_000, 131_072, 1_000_003])
@pytest.mark.parametrize("different", [3, 1_000])
def test_many_numbers_taken_by_their_counts_weigh_what_they_weigh_one_by_one(count, different):
    drawn = np.random.default_rng(count)
    numbers = drawn.permutation(different).astype(np.float64)
    counts = drawn.multinomial(count, drawn.dirichlet(np.ones(different)))
    # Room for every step: what is seen is what the steps lose, and not the sketch.
    sketch = datasketches.kll_floats_sketch(32_768)
    quantiles.take(sketch, numbers, counts)
    assert sketch.n == count
    points = np.arange(0, different, max(1, different // 50))
    ranks = [sketch.get_rank(float(point), True) for point in points]
    assert ranks == pytest.approx([counts[numbers <= point].sum() / count for point in points], abs=2 / quantiles.LEAST_STEPS)


def test_few_values_are_counted_and_many_are_estimated():
    result = of(WHOLE)
    few, many = result.columns["few"].values, result.columns["many"].values
    assert few.exact
    assert few.top(3) == [
        (word, count, count) for word, count in sorted(((w, WHOLE["few"].to_pylist().count(w)) for w in ("red", "green", "blue")), key=lambda i: -i[1])
    ]
    assert not many.exact
    true = len(set(WHOLE["many"].to_pylist()))
    estimate, least, most = many.number()
    assert least <= true <= most
    assert estimate == pytest.approx(true, rel=NUMBER)


def test_a_frequent_value_among_many_is_found_with_the_bounds_of_its_count():
    words = ["often"] * 3_000 + [f"rare {i}" for i in range(20_000)]
    random.Random(0).shuffle(words)
    (value, least, most), *_ = merged([of(pa.table({"w": words[:9_000]})), of(pa.table({"w": words[9_000:]}))]).columns["w"].values.top(3)
    assert value == "often"
    assert least <= 3_000 <= most


def test_what_is_no_number_is_told_apart():
    column = of(pa.table({"x": pa.array([1.0, None, float("nan"), float("inf"), -float("inf"), 2.5])})).columns["x"]
    assert (column.nulls, column.nans, column.infinities, column.numbers.count) == (1, 1, 2, 2)
    assert column.kind == "number"


def test_a_profile_is_read_as_it_was_written_and_goes_on_from_there():
    result = of(PARTS[2], key=("many",), time="at")
    body = result.to_bytes()
    read = Profile.from_bytes(body)
    assert Profile.from_bytes(read.to_bytes()).rows == result.rows
    for name, column in result.columns.items():
        assert (read.columns[name].kind, read.columns[name].numbers, read.columns[name].values.number()) == (
            column.kind,
            column.numbers,
            column.values.number(),
        )
        assert read.columns[name].quantile(0.5) == column.quantile(0.5)
    read.merge(of(PARTS[1], key=("many",), time="at"))
    assert read.rows == 20_700
    assert read.repeated() is not None


def test_a_column_takes_less_than_five_kilobytes_whatever_is_in_it():
    drawn = np.random.default_rng(0)
    texts = ["".join(drawn.choice(list("abcdefghijklmnopqrstuvwxyz0123456789é"), 64)) for _ in range(3_000)]
    for values in (drawn.normal(size=300_000), drawn.integers(0, 2**40, 300_000), texts, texts[:MOST_EXACT] * 20, drawn.normal(size=MOST_EXACT).repeat(50)):
        assert len(of(pa.table({"x": values})).to_bytes()) < 5_120


@pytest.mark.parametrize("body", [b"", b"PK", b"x\x9c\x03\x00\x00\x00\x00\x01"])
def test_bytes_that_are_no_profile_are_refused_with_a_sentence(body):
    with pytest.raises(ContractError, match="no profile"):
        Profile.from_bytes(body)


def test_a_profile_of_a_later_version_asks_for_a_later_noria():
    import zlib

    body = zlib.compress(json.dumps({**json.loads(zlib.decompress(of(PARTS[0]).to_bytes())), "version": 99}).encode())
    with pytest.raises(ContractError, match="version 99"):
        Profile.from_bytes(body)


ROWS = 'ts;wert;name;ja\n2011-01-01T00:00:00;1,5;"a;b";true\n2011-01-01T01:00:00;;"zwei\nZeilen";false\n'
TEXT = 'ts,value,name,yes\n2011-01-01T00:00:00,1.5,"a,b",true\n2011-01-01T01:00:00,,"two\nlines",false\n'


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("x.csv", TEXT.encode()),
        ("x.csv.gz", gzip.compress(TEXT.encode(), mtime=0)),
        ("x.csv.xz", lzma.compress(TEXT.encode())),
        ("bom.csv", b"\xef\xbb\xbf" + TEXT.encode()),
        ("utf16.csv", TEXT.encode("utf-16")),
        ("semicolon.csv", TEXT.replace(",", ";").replace('"a;b"', '"a,b"').encode()),
        ("tab.tsv", TEXT.replace(",", "\t").encode()),
        ("crlf.csv", TEXT.replace("\n", "\r\n").encode()),
    ],
)
def test_every_dialect_encoding_and_compression_is_read(tmp_path, name, body):
    (tmp_path / name).write_bytes(body)
    result = profile(FileSource(tmp_path / name), time="ts")
    assert result.rows == 2
    assert [(column, item.kind) for column, item in result.columns.items()] == [("ts", "time"), ("value", "number"), ("name", "string"), ("yes", "boolean")]
    assert result.columns["value"].nulls == 1
    assert (result.order.ordered, result.order.last - result.order.first) == (True, 3600)


def test_parquet_and_json_lines_say_the_same_as_csv(tmp_path):
    table = rows(3_000).select(["whole", "few"])
    pq.write_table(table, tmp_path / "x.parquet")
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))
    (tmp_path / "x.csv").write_text("\n".join(["whole,few", *(f"{row['whole']},{row['few']}" for row in table.to_pylist()), ""]))
    results = [profile(FileSource(tmp_path / name)) for name in ("x.parquet", "x.jsonl", "x.csv")]
    assert len({tuple(column.kind for column in item.columns.values()) for item in results}) == 1
    assert len({tuple(item.columns["few"].values.top(3)) for item in results}) == 1
    assert len({item.columns["whole"].numbers.mean for item in results}) == 1


def test_a_few_wrong_values_among_numbers_are_counted_as_what_they_are(tmp_path):
    (tmp_path / "x.csv").write_text("x\n" + "".join(f"{i}\n" for i in range(500)) + "?\n" * 3)
    column = profile(FileSource(tmp_path / "x.csv")).columns["x"]
    assert (column.kinds, column.numbers.most) == ({"integer": 500, "string": 3}, 499)


@pytest.mark.parametrize(
    ("name", "body"),
    [("x.csv", b""), ("x.parquet", b"no parquet"), ("x.csv.gz", b"no gzip"), ("x.jsonl", b'{"a": 1}\n{"a": \n'), ("x.csv", b"a,b\n1\n1,2,3\n")],
)
def test_a_file_that_breaks_off_or_is_none_is_refused_with_a_sentence(tmp_path, name, body):
    (tmp_path / name).write_bytes(body)
    with pytest.raises(UnreadableDatasetError):
        profile(FileSource(tmp_path / name))


def test_columns_that_come_and_go_count_as_empty_where_they_are_not():
    result = merged([of(pa.table({"a": [1, 2]})), of(pa.table({"b": ["x"]}))])
    assert [(name, column.rows, column.nulls) for name, column in result.columns.items()] == [("a", 3, 1), ("b", 3, 2)]


def test_rows_out_of_order_and_parts_that_overlap_are_not_in_the_order_of_time():
    def at(*seconds: int) -> Profile:
        return of(pa.table({"t": pa.array([second * 1_000_000 for second in seconds], pa.timestamp("us"))}), time="t")

    assert merged([at(3, 4), at(1, 2)]).order.ordered
    assert not merged([at(1, 3), at(2, 4)]).order.ordered
    assert not at(2, 1).order.ordered


def test_repeated_keys_are_bounded():
    keys = [f"k{i}" for i in range(20_000)]
    least, most = of(pa.table({"id": keys + keys[:4_000]}), key=("id",)).repeated()
    assert least <= 4_000 <= most


@pytest.mark.parametrize("count", [100, 300, 1_000, 5_000])
@pytest.mark.parametrize("parts", [1, 7])
def test_no_number_is_counted_twice_when_there_become_too_many_to_be_counted_one_by_one(count, parts):
    numbers = np.sort(np.random.default_rng(0).choice(40_000, count, replace=False)).astype(float)
    column = merged([of(pa.table({"x": part})) for part in np.array_split(numbers, parts)]).columns["x"]
    points = [float(point) for point in np.quantile(numbers, np.linspace(0, 1, 21))]
    assert column.ranks(points) == pytest.approx([float((numbers <= point).mean()) for point in points], abs=column.rank_error + 1e-9)


def test_counted_and_sketched_numbers_are_compared_in_the_same_precision():
    hundredths = [round(17 + i / 100, 2) for i in range(200)]
    few, many = of(pa.table({"x": hundredths * 5})).columns["x"], of(pa.table({"x": [*(hundredths * 5), *np.linspace(0, 1, 300)]})).columns["x"]
    assert (few.values.exact, many.values.exact) == (True, False)
    point = many.quantile(0.9)
    assert few.ranks([point])[0] == pytest.approx((many.ranks([point])[0] * 1_300 - 300) / 1_000, abs=2 * RANK)


@pytest.mark.parametrize("count", [1, 7, 300, 5_000])
def test_numbers_are_sketched_at_once_as_they_are_one_by_one(count):
    numbers = np.random.default_rng(count).normal(size=count)
    numbers[0] = -0.0
    one_by_one = datasketches.hll_sketch(11, datasketches.tgt_hll_type.HLL_8)
    for number in numbers.tolist():
        one_by_one.update(number)
    merged = datasketches.hll_union(11)
    merged.update(one_by_one)
    merged.update(datasketches.hll_sketch(11, datasketches.tgt_hll_type.HLL_8))
    assert sketch_of(numbers, 11).get_estimate() == pytest.approx(one_by_one.get_estimate(), rel=0.03)
    if count >= 300:
        # Beyond a few hundred values both are registers, and these are the same.
        union = datasketches.hll_union(11)
        union.update(one_by_one)
        assert union.get_result(datasketches.tgt_hll_type.HLL_8).serialize_compact()[40:] == sketch_of(numbers, 11).serialize_compact()[40:]
