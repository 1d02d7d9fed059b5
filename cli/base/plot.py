"""Draws plots by matplotlib: SVG for a page, in colours that follow its theme, and PNG with colours of its own."""

import io
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from cli.base import wording
from cli.base.charts import Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Palette(NamedTuple):
    """The colours of a plot."""

    ink: str
    line: str
    before: str
    now: str
    good: str
    bad: str
    other: str


PNG = Palette("#1f2933", "#c5ccd3", "#8d99ae", "#577590", "#0b6e4f", "#b23a48", "#f3722c")
#: Each stands for a colour of the page's theme, which a style sheet chooses.
THEMED = Palette(*(f"#fe01{number:02x}" for number in range(len(Palette._fields))))
VARIABLES = {colour: f"var(--{name})" for name, colour in zip(Palette._fields, THEMED, strict=True)}
#: Marks: trainings by their result; anything else is an alarm.
RETRAINED, NO_IMPROVEMENT, ALARM = "retrained", "retrained, and not better", "alarm"
#: Inches of a plot: one that fits a phone, and one that takes the width of a page.
NARROW, WIDE = (3.8, 2.4), (9.6, 3.4)
FONT_POINTS = 9.5
#: Characters of a label.
LONGEST = 200
#: What a page does not need of matplotlib's SVG: names of its groups, and the fonts, which are the page's own.
GROUP_NAME = re.compile(r'<g id="[^"]*"')
FONTS = re.compile(r"font-family: [^;\"]*; ?|<defs>\s*<style.*?</style>\s*</defs>", re.DOTALL)
COLOUR = re.compile(r"(?<=: )#fe01[0-9a-f]{2}(?=[;\"])")


@contextmanager
def figure(palette: Palette, size: tuple[float, float], name: str = "") -> Iterator["tuple[Figure, Axes]"]:
    """An empty plot with its axes.

    Args:
        name: of the plot on its page: plots of one page may not share the names of their parts.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    settings: Any = {"svg.fonttype": "none", "svg.hashsalt": name, "font.size": FONT_POINTS, "figure.dpi": 120, "axes.axisbelow": True}
    settings |= dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color"), palette.ink)
    settings |= dict.fromkeys(("axes.edgecolor", "grid.color"), palette.line)
    # Names come out of files: no dollar in them begins a formula.
    settings["text.parse_math"] = False
    with mpl.rc_context(settings), warnings.catch_warnings():
        # The browser has the signs that the font here lacks.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        drawn = Figure(figsize=size, layout="constrained")
        axes = drawn.add_subplot()
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(length=0)
        axes.grid(axis="y", linewidth=0.6)
        yield drawn, axes


def svg(drawn: "Figure", label: str) -> str:
    """A plot as an element of a page.

    Args:
        label: what a reader hears who does not see it.
    """
    from html import escape

    buffer = io.StringIO()
    drawn.savefig(buffer, format="svg", transparent=True, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = buffer.getvalue()
    text = GROUP_NAME.sub("<g", text[text.index("<svg") :])
    body = COLOUR.sub(lambda match: VARIABLES.get(match[0], match[0]), FONTS.sub("", text[text.index(">") + 1 :]))
    view = re.search(r'viewBox="[^"]*"', text)
    return f'<svg role="img" aria-label="{escape(wording.name(label, LONGEST))}" {view[0] if view else ""}>{body.strip()}'


def series(windows: Sequence[str], courses: Mapping[str, Series], metric: str, marks: Sequence[tuple[str, str]] = (), title: str = "") -> bytes:
    """Courses over time as PNG.

    Args:
        windows: the beginning of each window, ISO 8601.
        courses: by name; a name that begins with `managed` or `frozen` has that colour.
        marks: a time, and `retrained`, `retrained, and not better`, or the text of an alarm.
    """
    with figure(PNG, (11, 4.5)) as (drawn, axes):
        draw_courses(axes, PNG, windows, courses, metric, marks)
        axes.set_title(title, fontsize=11, loc="left", pad=14)
        buffer = io.BytesIO()
        drawn.savefig(buffer, format="png")
    return buffer.getvalue()


def draw_courses(
    axes: "Axes", palette: Palette, windows: Sequence[str], courses: Mapping[str, Series], metric: str, marks: Sequence[tuple[str, str]] = (), columns: int = 6
) -> None:
    """Courses over time with their marks; see `series`.

    Args:
        columns: of the legend.
    """
    colours, rest = {"managed": palette.good, "frozen": palette.bad}, iter((palette.now, palette.before, palette.other))
    times = [date_number(window) for window in windows]
    for name, values in courses.items():
        points = [(time, value) for time, value in zip(times, values, strict=False) if value is not None]
        colour = colours.get(re.split(r"\W", name)[0]) or next(rest, palette.ink)
        axes.plot([time for time, _ in points], [value for _, value in points], label=name, color=colour, linewidth=1.8, marker="." if len(points) < 2 else "")
    labelled: set[str] = set()
    for moment, text in marks:
        name = text if text in (RETRAINED, NO_IMPROVEMENT) else ALARM
        _mark(axes, palette, date_number(moment), name, None if name in labelled else name)
        labelled.add(name)
    date_axis(axes, "beginning of the window (UTC)")
    axes.set_ylabel(metric)
    tight: Any = {} if columns > len(courses) else {"fontsize": FONT_POINTS - 1.5, "handlelength": 1.2, "columnspacing": 0.8, "handletextpad": 0.5}
    axes.figure.legend(frameon=False, loc="outside lower center", ncols=columns, **tight)


def _mark(axes: "Axes", palette: Palette, time: float, name: str, label: str | None) -> None:
    if name == ALARM:
        # On top, where no training of the same moment hides it.
        axes.plot([time], [1.0], "v", color=palette.other, transform=axes.get_xaxis_transform(), clip_on=False, label=label)
    else:
        axes.axvline(time, color=palette.good if name == RETRAINED else palette.before, linestyle="--", linewidth=0.9, label=label)


def date_axis(axes: "Axes", label: str) -> None:
    """Dates along an axis of days since the epoch, in UTC."""
    from matplotlib import dates as untyped

    dates: Any = untyped
    locator = dates.AutoDateLocator(tz=UTC, minticks=3, maxticks=7)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, tz=UTC))
    axes.set_xlabel(label)


def date_number(time: str) -> float:
    """Days since the epoch of a time in ISO 8601, as matplotlib counts them."""
    read = datetime.fromisoformat(time)
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp() / 86_400
