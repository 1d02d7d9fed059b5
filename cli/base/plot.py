"""Plots series over time as PNG."""

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cli.base.charts import Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"managed": "#0b6e4f", "frozen": "#b23a48"}
#: Marks: trainings by their result; anything else is an alarm.
RETRAINED, NO_IMPROVEMENT, ALARM = "retrained", "retrained, and not better", "alarm"
MARKS = {RETRAINED: ("#0b6e4f", "--"), NO_IMPROVEMENT: ("#8d99ae", "--"), ALARM: ("#f3722c", "")}
OTHERS = ("#8d99ae", "#577590", "#f3722c")


def series(windows: Sequence[str], courses: Mapping[str, Series], metric: str, marks: Sequence[tuple[str, str]] = (), title: str = "") -> bytes:
    """A plot as PNG.

    Args:
        windows: the beginning of each window, ISO 8601.
        courses: by name; a name that begins with `managed` or `frozen` has that colour.
        marks: a time, and `retrained`, `retrained, and not better`, or the text of an alarm.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(11, 4.5), dpi=120)
    times, rest = [datetime.fromisoformat(window) for window in windows], iter(OTHERS)
    for name, values in courses.items():
        points = [(_number(time), value) for time, value in zip(times, values, strict=False) if value is not None]
        axes.plot([time for time, _ in points], [value for _, value in points], label=name, color=COLOURS.get(name.split(",")[0]) or next(rest), linewidth=1.8)
    labelled: set[str] = set()
    for moment, text in marks:
        name = text if text in MARKS else ALARM
        _mark(axes, _number(datetime.fromisoformat(moment)), name, None if name in labelled else name)
        labelled.add(name)
    axes.xaxis_date()
    axes.set_ylabel(metric)
    axes.grid(alpha=0.25)
    axes.set_title(title, fontsize=11, loc="left", pad=14)
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.18), ncol=5)
    axes.spines[["top", "right"]].set_visible(False)
    figure.autofmt_xdate()
    figure.tight_layout()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    pyplot.close(figure)
    return buffer.getvalue()


def _mark(axes: "Axes", time: float, name: str, label: str | None) -> None:
    colour, style = MARKS[name]
    if name == ALARM:
        # On top, where no training of the same moment hides it.
        axes.plot([time], [1.0], "v", color=colour, transform=axes.get_xaxis_transform(), clip_on=False, label=label)
    else:
        axes.axvline(time, color=colour, linestyle=style, linewidth=0.9, label=label)


def _number(time: datetime) -> float:
    """Days since the epoch, as matplotlib counts them."""
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() / 86_400
