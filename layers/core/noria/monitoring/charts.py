"""Before and after of the columns that have moved, as numbers that any front end can draw."""

from itertools import pairwise

from noria.kernel.json import Json
from noria.profile.dataset import Profile

#: Columns that a verdict is illustrated with at most, and bars of a picture.
MOST_PICTURES, BARS = 6, 12


def pictures(judged: Json, reference: Profile, window: Profile) -> Json:
    """Before and after of the columns that moved most: shares by bin, or by value."""
    moved = sorted(judged["columns"].items(), key=lambda item: -item[1]["effect"] / item[1]["limit"])[:MOST_PICTURES]
    result: Json = {}
    for name, entry in moved:
        if not entry["drifted"]:
            continue
        before, now = reference.columns[name], window.columns[name]
        if before.numbers.count and now.numbers.count:
            low, high = min(before.numbers.least, now.numbers.least), max(before.numbers.most, now.numbers.most)
            edges = [low + (high - low) * i / BARS for i in range(BARS + 1)]
            shares = [[0.0, *column.ranks(edges[1:])] for column in (before, now)]
            before_now = [[round(b - a, 4) for a, b in pairwise(share)] for share in shares]
            result[name] = {"from": low, "to": high, "before": before_now[0], "now": before_now[1]}
        else:
            tops = [{value: least / max(1, column.rows) for value, least, _ in column.values.top(BARS)} for column in (before, now)]
            names = list({**tops[0], **tops[1]})[:BARS]
            result[name] = {"values": names, "before": [round(tops[0].get(n, 0), 4) for n in names], "now": [round(tops[1].get(n, 0), 4) for n in names]}
    return result
