"""The course of the managed and the frozen model, quarter by quarter: live on a terminal, else a line a quarter."""

from bisect import bisect_left
from collections.abc import Sequence

from rich.live import Live
from rich.text import Text

from cli.base import charts, console, plot
from cli.base.records import MonitoringRun
from cli.demo.reports import Point

METRIC = "accuracy"
SIDES = ("managed", "frozen")
FRAMES_PER_SECOND = 4
#: What the note of a training that the release followed says, and how the note of any training begins.
RELEASED, TRAINED = "better: version", "trained again"
TITLE = "Busy hours of Capital Bikeshare: the model that Noria keeps (managed) and the first version for ever (frozen)"


class Course:
    """The quarters so far, and notes on the trainings."""

    def __init__(self, quiet: bool) -> None:
        self.series: list[Point] = []
        self._notes: list[tuple[str, str]] = []
        self._runs: list[int] = []
        self._quiet = quiet
        self._live = Live(console=console.out, refresh_per_second=FRAMES_PER_SECOND) if console.out.is_terminal and not quiet else None

    def __enter__(self) -> None:
        if self._live:
            self._live.start()

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def add(self, window: str, managed: float, frozen: float, run: MonitoringRun) -> None:
        """A quarter, and the monitoring run on its ground truth."""
        self.series.append({"window": window, "managed": round(managed, 4), "frozen": round(frozen, 4)})
        self._runs.append(run["number"])
        self._show(f"{window}  {METRIC} managed {managed:.3f}  frozen {frozen:.3f}  {run['outcome']}")

    def note(self, text: str) -> None:
        """A note on the last quarter."""
        if not self._notes or self._notes[-1][1] != text:
            self._show(f"        {text}")
        self._notes.append((first_day(self.series[-1]["window"]), text))

    def plot(self, alarms: Sequence[int]) -> bytes:
        """The plot of the course as PNG.

        Args:
            alarms: numbers of the monitoring runs that paged.
        """
        mean = means(self.series)
        courses = {f"{side}, {mean[side]:.3f} on average": self._values(side) for side in SIDES}
        marks = [(day, plot.RETRAINED if RELEASED in text else plot.NO_IMPROVEMENT) for day, text in self._notes if text.startswith(TRAINED)]
        marks += [(self._day_of(number), plot.ALARM) for number in alarms]
        return plot.series([first_day(point["window"]) for point in self.series], courses, METRIC, marks, TITLE)

    def _day_of(self, number: int) -> str:
        """The first day of the quarter of a monitoring run."""
        return first_day(self.series[min(bisect_left(self._runs, number), len(self.series) - 1)]["window"])

    def _values(self, side: str) -> list[float]:
        return [point["managed"] if side == "managed" else point["frozen"] for point in self.series]

    def _show(self, line: str) -> None:
        if self._live:
            self._live.update(Text.assemble(charts.spark({side: self._values(side) for side in SIDES}), "\n", line))
        elif not self._quiet:
            console.out.print(Text(line))


def means(series: Sequence[Point]) -> dict[str, float]:
    """The mean of both models over all quarters."""
    sums = {"managed": sum(point["managed"] for point in series), "frozen": sum(point["frozen"] for point in series)}
    return {side: total / len(series) for side, total in sums.items()}


def first_day(window: str) -> str:
    """The first day of a quarter: `2012q2` is 2012-04-01."""
    year, number = window.split("q")
    return f"{year}-{3 * int(number) - 2:02}-01"
