"""Bins of a histogram: edges that a reader expects, and no row in another one's bin."""

import random

import pytest

from cli.base import files
from cli.data import bins


def column(tmp_path, values):
    (tmp_path / "x.csv").write_text("\n".join(["x", *map(str, values), ""]))
    return files.profile(tmp_path / "x.csv").columns["x"]


@pytest.mark.parametrize("first", [0, 20_240_101, -3])
def test_whole_numbers_within_few_steps_have_a_bin_each(tmp_path, first):
    values = [first + step for step in range(31) for _ in range(1 + step % 3)]
    drawn = bins.bins(profiled := column(tmp_path, values))
    assert (drawn.whole, len(drawn.edges)) == (True, 32)
    assert [round(share * len(values)) for share in bins.shares(profiled, drawn.edges)] == [1 + step % 3 for step in range(31)]


def test_all_rows_are_in_a_bin_where_none_is_far(tmp_path):
    drawn = random.Random(1)
    for values in ([drawn.gauss(0, 1) for _ in range(5_000)], [0.1, 0.2, 0.2, 0.3], [5], ["0.5", "word"]):
        profiled = column(tmp_path, values)
        shown = bins.bins(profiled)
        assert sum(bins.shares(profiled, shown.edges)) == pytest.approx(1)
        assert bins.outside(profiled, shown).startswith("Estimated") == (len(values) > 256)


def test_numbers_far_from_the_others_stretch_no_bin_and_are_told(tmp_path):
    profiled = column(tmp_path, [*(step % 100 / 10 for step in range(5_000)), 1e9])
    shown = bins.bins(profiled)
    assert (shown.below, shown.above, shown.edges[-1] < 10) == (False, True, True)
    assert bins.outside(profiled, shown).startswith("Up to 1% of the values lie above 9.9 and are not drawn.")


def test_two_columns_share_their_bins(tmp_path):
    first, second = column(tmp_path, [1, 2, 3]), column(tmp_path, [3, 4, 5])
    edges = bins.bins(first, second).edges
    assert (edges[0], edges[-1]) == (0.5, 5.5)
    assert [round(3 * share) for share in bins.shares(second, edges)] == [0, 0, 1, 1, 1]
