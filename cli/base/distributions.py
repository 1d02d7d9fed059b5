"""Draws the distribution of a column, and two of them over each other, as SVG for a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.base import plot, wording
from cli.base.plot import NARROW, THEMED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis as MatplotlibAxis

#: Scales of an axis: numbers, times (seconds since the epoch), and times of day (seconds).
NUMBERS, TIMES, HOURS = "numbers", "times", "hours"
#: Dates that matplotlib draws: years 100 to 9000 (seconds since the epoch).
CALENDAR = (-59_011_459_200.0, 221_845_392_000.0)
HOUR, DAY, YEAR = 3_600.0, 86_400.0, 31_556_952.0
#: Inches of a bar, and of what is around all of them; characters of a bar's name.
BAR, AROUND, LONGEST = 0.24, 0.75, 22
#: Whole numbers on an axis that are all named.
FEW = 10
#: From this value on, an axis is written in thousands or millions, as far as there are words for them.
THOUSAND, MANY, MOST = 1_000, 10_000, 1e15


@dataclass(frozen=True)
class Axis:
    """The axis of a column: its name, its scale, and whether each bin is one whole number."""

    label: str
    scale: str = NUMBERS
    whole: bool = False


@dataclass(frozen=True)
class Pair:
    """Shares of two datasets, one value a bin or a category, and the names of both."""

    before: Sequence[float]
    now: Sequence[float]
    names: tuple[str, str] = ("reference", "current")


def histogram(name: str, axis: Axis, edges: Sequence[float], rows: Sequence[float]) -> str:
    """Rows by bin."""
    with plot.figure(THEMED, NARROW, name) as (drawn, axes):
        places = _scale(axes, axis, edges)
        if axis.whole:
            axes.bar([place + 0.5 for place in places[:-1]], rows, width=0.86, color=THEMED.now, alpha=0.85)
        else:
            axes.stairs(rows, places, fill=True, color=THEMED.now, alpha=0.85)
        _counts(axes.yaxis, max(rows))
        axes.set_ylabel("rows")
        return plot.svg(drawn, f"Histogram of {axis.label}: {wording.count(sum(rows), 'row')} in {wording.count(len(rows), 'bin')}")


def overlay(name: str, axis: Axis, edges: Sequence[float], pair: Pair) -> str:
    """Two histograms over each other: the first as an area, the second as a line."""
    with plot.figure(THEMED, NARROW, name) as (drawn, axes):
        places = _scale(axes, axis, edges)
        axes.stairs(pair.before, places, fill=True, color=THEMED.before, alpha=0.55, label=pair.names[0])
        axes.stairs(pair.now, places, color=THEMED.other, linewidth=1.8, label=pair.names[1])
        _shares(axes.yaxis)
        axes.set_ylabel("share of values")
        _legend(axes)
        return plot.svg(drawn, f"Histograms of {axis.label}, {pair.names[0]} and {pair.names[1]}")


def bars(name: str, label: str, bars: Sequence[tuple[str, float]], unit: str = "rows", limit: float | None = None) -> str:
    """Named values as bars to the right, each with its number.

    Args:
        unit: rows, a share, or times a limit.
        limit: where a line is drawn.
    """
    names, values = [text for text, _ in bars], [value for _, value in bars]
    with plot.figure(THEMED, (NARROW[0], AROUND + BAR * len(values)), name) as (drawn, axes):
        colours = [THEMED.now if limit is None or value < limit else THEMED.bad for value in values]
        axes.barh(range(len(values)), values, height=0.7, color=colours, alpha=0.85)
        _names(axes, names)
        most = max(values, default=1.0) or 1.0
        for place, value in enumerate(values):
            text = wording.share(value) if unit == "share" else wording.number(value) if limit is None else f"{value:.2f}"
            axes.text(value + most * 0.01, place, text, va="center", fontsize=plot.FONT_POINTS - 1)
        if limit is not None:
            axes.axvline(limit, color=THEMED.bad, linestyle="--", linewidth=1)
        axes.set_xlim(0, max(most, limit or 0) * 1.18)
        if unit == "share":
            _shares(axes.xaxis)
        elif unit == "rows":
            _counts(axes.xaxis, most)
        axes.set_xlabel({"share": "share of rows", "rows": "rows"}.get(unit, unit))
        return plot.svg(drawn, f"{label}: {wording.count(len(values), 'bar')}")


def paired_bars(name: str, label: str, values: Sequence[str], pair: Pair) -> str:
    """Shares by value of two datasets as pairs of bars."""
    with plot.figure(THEMED, (NARROW[0], AROUND + 0.25 + 1.6 * BAR * len(values)), name) as (drawn, axes):
        for shares, shift, colour, side in ((pair.before, -0.2, THEMED.before, pair.names[0]), (pair.now, 0.2, THEMED.other, pair.names[1])):
            axes.barh([place + shift for place in range(len(values))], shares, height=0.38, color=colour, alpha=0.85, label=side)
        _names(axes, values)
        _shares(axes.xaxis)
        axes.set_xlabel("share of values")
        _legend(axes)
        return plot.svg(drawn, f"Shares of the values of {label}, {pair.names[0]} and {pair.names[1]}")


def _scale(axes: "Axes", axis: Axis, edges: Sequence[float]) -> list[float]:
    """Label the axis along the bottom; the edges in its unit."""
    if axis.scale == TIMES and CALENDAR[0] < edges[0] <= edges[-1] < CALENDAR[1]:
        places = [edge / DAY for edge in edges]
        axes.set_xlim(places[0], places[-1])
        plot.date_axis(axes, f"{wording.name(axis.label, LONGEST)} (UTC)")
        return places
    units = {HOURS: (" (hour of the day)", HOUR, 0.0), TIMES: (" (year)", YEAR, 1_970.0)}
    if axis.scale in units:
        unit, size, first = units[axis.scale]
        axes.set_xlabel(f"{wording.name(axis.label, LONGEST)}{unit}")
        return [first + edge / size for edge in edges]
    axes.set_xlabel(wording.name(axis.label, LONGEST))
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    if axis.whole and len(edges) <= FEW:
        axes.set_xticks([edge + 0.5 for edge in edges[:-1]])
    else:
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=axis.whole))
    most = max(abs(edges[0]), abs(edges[-1]))
    if THOUSAND <= most < MANY:
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.6g}"))
    elif MANY <= most < MOST and edges[-1] - edges[0] >= most / 100:
        _engineering(axes.xaxis)
    return list(edges)


def _counts(axis: "MatplotlibAxis", most: float) -> None:
    """Whole numbers along an axis."""
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    axis.set_major_locator(MaxNLocator(5, integer=True))
    axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    if MANY <= most < MOST:
        _engineering(axis)


def _engineering(axis: "MatplotlibAxis") -> None:
    from matplotlib.ticker import EngFormatter

    axis.set_major_formatter(EngFormatter(sep=""))


def _shares(axis: "MatplotlibAxis") -> None:
    """Percent along an axis."""
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    axis.set_major_locator(MaxNLocator(5))
    axis.set_major_formatter(PercentFormatter(1.0))


def _names(axes: "Axes", names: Sequence[str]) -> None:
    """Names down the side, the first on top."""
    axes.set_yticks(range(len(names)), [wording.name(name, LONGEST) or "(empty text)" for name in names])
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.grid(axis="x", linewidth=0.6)


def _legend(axes: "Axes") -> None:
    axes.figure.legend(frameon=False, loc="outside upper left", ncol=2, fontsize=plot.FONT_POINTS - 0.5)
