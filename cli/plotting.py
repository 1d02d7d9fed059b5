"""Series over time as pictures: a PNG for a report, a line of blocks for a terminal."""

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from rich.text import Text

Series = Sequence[float | None]
BLOCKS = "▁▂▃▄▅▆▇█"
#: Widest line of blocks.
WIDTH = 96
COLOURS = {"managed": "#0b6e4f", "frozen": "#b23a48"}
#: What is marked: trainings by what came of them; anything else is an alarm.
RETRAINED, USELESS, ALARM = "retrained", "retrained, and not better", "alarm"
MARKS = {RETRAINED: ("#0b6e4f", "--"), USELESS: ("#8d99ae", "--"), ALARM: ("#f3722c", "")}
OTHERS = ("#8d99ae", "#577590", "#f3722c")


def spark(series: Mapping[str, Series]) -> Text:
    """Each series as a line of blocks, all on one scale."""
    known = [value for values in series.values() for value in values if value is not None]
    if not known:
        return Text("no window has enough rows")
    low, high = min(known), max(known)
    told = Text()
    for name, values in series.items():
        step = -(-len(values) // WIDTH)
        told.append(f"{name:24} ")
        for i in range(0, len(values), step):
            part = [value for value in values[i : i + step] if value is not None]
            told.append(BLOCKS[int((sum(part) / len(part) - low) / ((high - low) or 1) * (len(BLOCKS) - 1))] if part else " ")
        told.append("\n")
    told.append(f"{'':24} from {low:.3f} to {high:.3f}")
    return told


def series(windows: Sequence[str], courses: Mapping[str, Series], metric: str, marks: Sequence[tuple[str, str]] = (), title: str = "") -> bytes:
    """A picture as PNG.

    Args:
        windows: the beginning of each window, ISO 8601.
        courses: by name; one whose name begins with `managed` or `frozen` has that one's colour.
        marks: time of what was done, and `retrained`, `retrained, and not better`, or the words of an alarm.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(11, 4.5), dpi=120)
    times = [datetime.fromisoformat(window) for window in windows]
    rest = iter(OTHERS)
    for name, values in courses.items():
        points = [(_number(time), value) for time, value in zip(times, values, strict=False) if value is not None]
        axes.plot([time for time, _ in points], [value for _, value in points], label=name, color=COLOURS.get(name.split(",")[0]) or next(rest), linewidth=1.8)
    seen: set[str] = set()
    for moment, what in marks:
        name = what if what in MARKS else ALARM
        colour, style = MARKS[name]
        label = None if name in seen else name
        seen.add(name)
        if name == ALARM:
            # On top, where no training of the same moment hides it.
            axes.plot([_number(datetime.fromisoformat(moment))], [1.0], "v", color=colour, transform=axes.get_xaxis_transform(), clip_on=False, label=label)
        else:
            axes.axvline(_number(datetime.fromisoformat(moment)), color=colour, linestyle=style, linewidth=0.9, label=label)
    axes.xaxis_date()
    axes.set_ylabel(metric)
    axes.grid(alpha=0.25)
    axes.set_title(title, fontsize=11, loc="left", pad=14)
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.18), ncol=5)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.autofmt_xdate()
    figure.tight_layout()
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    pyplot.close(figure)
    return drawn.getvalue()


def _number(time: datetime) -> float:
    """Days since the epoch, as matplotlib counts them."""
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() / 86_400
