"""Prints a replay, and plots it."""

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from cli.base import charts, console, files, plot, wording
from cli.healing.replay import Course, ReplayReport

COLUMNS = ("", "retrainings", "alarms", "training")
#: Characters of an ISO 8601 date.
DATE = 10


def replay(report: ReplayReport, paths: Sequence[Path] = ()) -> None:
    """A table of the courses, their trainings and alarms by date, and the files that were written."""
    several = len(report["policies"]) > 1
    managed = {f"managed {number}" if several else "managed": course for number, course in enumerate(report["policies"].values(), start=1)}
    courses = {**managed, "every window": report["every_window"], "frozen": report["frozen"]}
    windows = f"{wording.count(len(report['windows']), 'window')} from {report['windows'][0][:DATE]}"
    console.out.print(f"{wording.count(report['rows'], 'row')} in {windows}; {report['set_aside']:,} set aside")
    console.out.print(_table(report["metric"], courses))
    for (name, course), policy in zip(managed.items(), report["policies"], strict=True):
        if several:
            console.out.print(Text(f"{name}: {policy}"))
        _course(course)
    console.out.print(charts.spark({name: course["series"] for name, course in courses.items()}))
    for path in paths:
        console.out.print(f"wrote {path}")


def _table(metric: str, courses: dict[str, Course]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("", f"mean {metric}", *COLUMNS[1:]):
        table.add_column(name, justify="right" if name else "left")
    for name, course in courses.items():
        table.add_row(name, f"{course['mean']:.3f}", str(course["retrainings"]), str(course["alarms"]), f"{course['train_seconds']:.0f} s")
    return table


def _course(course: Course) -> None:
    for event in course["events"]:
        console.out.print(Text(f"  {event['time'][:DATE]}  {event['what']}"))
    for wait in course["waited"]:
        console.out.print(Text(f"  nothing trained after {wording.count(wait['windows'], 'window')} with a cause, the last time: {wait['last']}", style="dim"))


def draw(report: ReplayReport, path: Path, title: str = "") -> None:
    """Plot the courses.

    Raises:
        CliError: the file cannot be written.
    """
    courses = {"managed": report["managed"], "retrained every window": report["every_window"], "frozen": report["frozen"]}
    marks = [(event["time"], event["what"]) for event in report["managed"]["events"]]
    files.write(path, plot.series(report["windows"], {name: course["series"] for name, course in courses.items()}, report["metric"], marks, title))
