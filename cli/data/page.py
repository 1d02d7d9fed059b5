"""Writes a profile as a page of HTML that needs nothing else."""

import html
from typing import TYPE_CHECKING

from cli.data import cells
from cli.data.profile import BINS, different, histogram

if TYPE_CHECKING:
    from noria.profile.column import ColumnProfile
    from noria.profile.dataset import Profile

#: Pixels of a histogram: its height, and the width of a bin.
HEIGHT, BIN = 24, 6
FREQUENT = 5
HEADS = ("column", "type", "empty", "different", "least", "median", "mean", "most", "most frequent", "")
PAGE = """<!doctype html><meta charset="utf-8"><title>{title}</title>
<style>body{{font:14px system-ui;margin:2em}}table{{border-collapse:collapse}}td,th{{padding:.3em .8em;text-align:right;border-bottom:1px solid #ddd}}
td:first-child,th:first-child,td.t{{text-align:left}}svg rect{{fill:#4a7}}</style>
<h1>{title}</h1><p>{facts}</p><table><tr>{head}</tr>{rows}</table>
"""


def page(profile: "Profile", title: str) -> str:
    """The page."""
    rows = "".join(_row(name, column) for name, column in profile.columns.items())
    return PAGE.format(title=html.escape(title), facts=cells.facts(profile), head="".join(f"<th>{head}</th>" for head in HEADS), rows=rows)


def _row(name: str, column: "ColumnProfile") -> str:
    least, median, most = (cells.quantile(column, share) for share in (0.0, 0.5, 1.0))
    mean = f"{column.numbers.mean:.6g}" if column.numbers.count and column.kind != "time" else ""
    numbers = "".join(
        f"<td>{cell}</td>" for cell in (html.escape(name), column.kind, cells.empty(column), f"{different(column)[0]:,.0f}", least, median, mean, most)
    )
    frequent = ", ".join(value for value, _, _ in column.values.top(FREQUENT))
    return f'<tr>{numbers}<td class="t">{html.escape(frequent)}</td><td>{_bars(histogram(column))}</td></tr>'


def _bars(shares: list[float]) -> str:
    most = max(shares, default=0.0) or 1
    heights = [HEIGHT * share / most for share in shares]
    bars = "".join(f'<rect x="{BIN * i}" y="{HEIGHT - height:.1f}" width="{BIN - 1}" height="{height:.1f}"/>' for i, height in enumerate(heights))
    return f'<svg width="{BIN * BINS}" height="{HEIGHT}">{bars}</svg>'
