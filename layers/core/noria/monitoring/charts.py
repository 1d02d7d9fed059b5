"""Charts of drifted columns: shares by bin or by value, before and now, as numbers that any front end can draw."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from noria.monitoring.shapes import CategoryShares, DriftResult, Histogram
    from noria.profile.column import ColumnProfile
    from noria.profile.dataset import Profile

#: Charts of one verdict at most, and bars of a chart.
MOST_PICTURES, BARS = 6, 12


def pictures(result: DriftResult, reference: Profile, window: Profile) -> dict[str, Histogram | CategoryShares]:
    """Charts of the drifted columns that differ most."""
    columns = sorted(result["columns"].items(), key=lambda item: -item[1]["effect"] / item[1]["limit"])[:MOST_PICTURES]
    return {name: _chart(reference.columns[name], window.columns[name]) for name, column in columns if column["drifted"]}


def _chart(before: ColumnProfile, now: ColumnProfile) -> Histogram | CategoryShares:
    return _histogram(before, now) if before.numbers.count and now.numbers.count else _category_shares(before, now)


def _histogram(before: ColumnProfile, now: ColumnProfile) -> Histogram:
    low, high = min(before.numbers.least, now.numbers.least), max(before.numbers.most, now.numbers.most)
    edges = [low + (high - low) * i / BARS for i in range(1, BARS + 1)]
    ranks = [[0.0, *column.ranks(edges)] for column in (before, now)]
    shares = [[round(upper - lower, 4) for lower, upper in pairwise(rank)] for rank in ranks]
    return {"from": low, "to": high, "before": shares[0], "now": shares[1]}


def _category_shares(before: ColumnProfile, now: ColumnProfile) -> CategoryShares:
    tops = [{value: least / max(1, column.rows) for value, least, _ in column.values.top(BARS)} for column in (before, now)]
    names = list({**tops[0], **tops[1]})[:BARS]
    shares = [[round(top.get(name, 0), 4) for name in names] for top in tops]
    return {"values": names, "before": shares[0], "now": shares[1]}
