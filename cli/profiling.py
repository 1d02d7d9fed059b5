"""`noria profile`: what is in a file. Needs no stack."""

import html
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from cli import render

if TYPE_CHECKING:
    from noria.profile.column import ColumnProfile
    from noria.profile.dataset import Profile

Json = dict[str, Any]
SHARES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
#: Cells of the picture of a column, and what fills them.
CELLS, BARS = 16, " ▁▂▃▄▅▆▇█"
TOP = 10
HEADS = ("column", "type", "empty", "different", "least", "median", "most", "", "most frequent")
LEFT = ("column", "type", "", "most frequent")
PAGE = """<!doctype html><meta charset="utf-8"><title>{title}</title>
<style>body{{font:14px system-ui;margin:2em}}table{{border-collapse:collapse}}td,th{{padding:.3em .8em;text-align:right;border-bottom:1px solid #ddd}}
td:first-child,th:first-child,td.t{{text-align:left}}svg rect{{fill:#4a7}}</style>
<h1>{title}</h1><p>{facts}</p><table><tr>{head}</tr>{rows}</table>
"""


def told(made: "Profile") -> Json:
    """A profile as a program reads it.

    Returns:
        `{rows, columns: {name: {type, nulls, nans, infinities, kinds, distinct: [estimate, least, most], numbers, quantiles, lengths, top}},
        repeated_keys, time}`; times are seconds since the epoch.
    """
    time = made.order
    return {
        "rows": made.rows,
        "columns": {name: _column(column) for name, column in made.columns.items()},
        "repeated_keys": made.repeated(),
        "time": None if time.first is None else {"first": time.first, "last": time.last, "ordered": time.ordered},
    }


def _column(column: "ColumnProfile") -> Json:
    found: Json = {"type": column.kind, "nulls": column.nulls, "nans": column.nans, "infinities": column.infinities, "kinds": column.kinds}
    found["distinct"] = [round(number) for number in _different(column)]
    if column.numbers.count:
        numbers = column.numbers
        found["numbers"] = {"min": numbers.least, "max": numbers.most, "mean": numbers.mean, "sd": numbers.variance**0.5}
        found["quantiles"] = {f"{share:g}": column.quantile(share) for share in SHARES}
        found["rank_error"] = column.rank_error
    if column.lengths.count:
        found["lengths"] = {"min": column.lengths.least, "max": column.lengths.most, "mean": column.lengths.mean}
    found["top"] = [[value, least, most] for value, least, most in column.values.top(TOP)]
    return found


def _different(column: "ColumnProfile") -> tuple[float, ...]:
    """How many different values there are, at least and at most; no more than there are values."""
    return tuple(min(number, column.rows - column.nulls) for number in column.values.number())


def picture(column: "ColumnProfile") -> list[float]:
    """Shares of the numbers in equal steps between the 1st and the 99th percentile, or of the most frequent words."""
    low, high = column.quantile(0.01), column.quantile(0.99)
    if low is None or high is None:
        counts = [least for _, least, _ in column.values.top(CELLS)]
        return [count / max(1, column.rows) for count in counts]
    if high <= low:
        return [1.0]
    points = [low + (high - low) * i / CELLS for i in range(CELLS + 1)]
    ranks = column.ranks(points)
    return [max(0.0, after - before) for before, after in zip([0.0, *ranks[1:-1]], ranks[1:], strict=True)]


def show(made: "Profile", file: Path) -> None:
    """The table for a person."""
    render.console.print(Text(f"{file}: {made.rows:,} rows, {len(made.columns)} columns{_set_facts(made)}"))
    rows = [HEADS, *(_row(name, column) for name, column in made.columns.items())]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADS))]
    for number, row in enumerate(rows):
        cells = [cell.ljust(width) if head in LEFT else cell.rjust(width) for head, cell, width in zip(HEADS, row, widths, strict=True)]
        render.console.print(Text("  ".join(cells).rstrip(), style="dim" if number == 0 else ""))


def _row(name: str, column: "ColumnProfile") -> tuple[str, ...]:
    top = "" if column.kind == "time" else ", ".join(value for value, _, _ in column.values.top(3))[:40]
    ends = [_number(column, share) for share in (0.0, 0.5, 1.0)]
    different = f"{'' if column.values.exact else '~'}{_different(column)[0]:,.0f}"
    shares = picture(column)
    bars = "".join(BARS[round((len(BARS) - 1) * share / (max(shares) or 1))] for share in shares)
    return name, column.kind, _empty(column), different, *ends, bars, top


def page(made: "Profile", title: str) -> str:
    """The same as a page of HTML that needs nothing else."""
    heads = ("column", "type", "empty", "different", "least", "median", "mean", "most", "most frequent", "")
    rows = []
    for name, column in made.columns.items():
        shares = picture(column)
        largest = max(shares) or 1
        bars = "".join(
            f'<rect x="{6 * i}" y="{24 - 24 * share / largest:.1f}" width="5" height="{24 * share / largest:.1f}"/>' for i, share in enumerate(shares)
        )
        top = ", ".join(value for value, _, _ in column.values.top(5))
        mean = f"{column.numbers.mean:.6g}" if column.numbers.count and column.kind != "time" else ""
        ends = [_number(column, share) for share in (0.0, 0.5, 1.0)]
        cells = [html.escape(name), column.kind, _empty(column), f"{_different(column)[0]:,.0f}", ends[0], ends[1], mean, ends[2]]
        words = "".join(f"<td>{cell}</td>" for cell in cells)
        rows.append(f'<tr>{words}<td class="t">{html.escape(top)}</td><td><svg width="{6 * CELLS}" height="24">{bars}</svg></td></tr>')
    facts = f"{made.rows:,} rows, {len(made.columns)} columns{_set_facts(made)}"
    return PAGE.format(title=html.escape(title), facts=facts, head="".join(f"<th>{head}</th>" for head in heads), rows="".join(rows))


def _empty(column: "ColumnProfile") -> str:
    empty = column.nulls + column.nans
    return f"{empty / column.rows:.1%}" if empty and column.rows else ""


def _number(column: "ColumnProfile", share: float) -> str:
    value = column.quantile(share)
    if value is None:
        return ""
    if column.kind == "time" and column.numbers.most > 1e6:
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d")
    return f"{value:.6g}"


def _set_facts(made: "Profile") -> str:
    facts = ""
    if made.order.first is not None:
        facts += f", {'in' if made.order.ordered else 'not in'} the order of time"
    if (repeated := made.repeated()) is not None:
        between = f"{repeated[0]:,} to" if repeated[0] else "at most"
        facts += f", {between} {repeated[1]:,} rows repeat a key" if repeated[1] else ", no key repeated"
    return facts
