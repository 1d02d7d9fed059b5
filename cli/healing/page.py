"""The page of a replay: the managed model beside a frozen one and one that is trained anew before every window."""

from datetime import datetime
from itertools import pairwise

from cli.base import plot, wording
from cli.base.plot import NARROW, THEMED, WIDE
from cli.base.report import GOOD, UNSURE, Cell, Figure, Report, Section, Table, words
from cli.healing.replay import Course, ReplayReport
from noria.training.metrics import less_is_better

#: Events of a course that are shown, at most.
MOST_EVENTS = 200
#: Inches that a legend takes below the plot.
LEGEND = 0.3


def page(report: ReplayReport, model: str, history: str) -> Report:
    """The page.

    Args:
        history: the name of the file.
    """
    managed, frozen, metric = report["managed"], report["frozen"], report["metric"]
    better = managed["mean"] < frozen["mean"] if less_is_better(metric) else managed["mean"] > frozen["mean"]
    windows = wording.count(len(report["windows"]), "window")
    often = wording.count(managed["retrainings"], "retraining")
    always = report["every_window"]
    return Report(
        title=f"{model}: replay of {history}",
        compared=_compared(report, model, history),
        outcome="better than frozen" if better else "no better than frozen",
        tone=GOOD if better else UNSURE,
        verdict=f"Managed, with {often}, the mean {metric} over {windows} is {managed['mean']:.3f}; frozen it is {frozen['mean']:.3f}.",
        sections=[
            Section("Course", _course_texts(always), [_figure(report)], [_table(report)]),
            *(_events(name, policy, course) for (name, policy), course in zip(_names(report), report["policies"].values(), strict=True)),
        ],
    )


def _compared(report: ReplayReport, model: str, history: str) -> list[tuple[str, str]]:
    aside = f", {report['set_aside']:,} set aside as bad" if report["set_aside"] else ""
    starts = report["windows"]
    lengths = [(datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds() for begin, end in pairwise(starts)]
    each = f" of {wording.duration(lengths[0])}" if lengths else ""
    rows = [("model", model), ("history", f"{history}: {wording.count(report['rows'], 'row')}{aside}")]
    rows.append(("windows", f"{len(starts):,}{each}, beginning {wording.stamp(starts[0])} to {wording.stamp(starts[-1])}"))
    return [*rows, *(("policy" if len(report["policies"]) == 1 else name, policy) for name, policy in _names(report))]


def _names(report: ReplayReport) -> list[tuple[str, str]]:
    """The name of each policy's course, and the policy."""
    several = len(report["policies"]) > 1
    policies = [policy if policy != "spec" else "as in the spec" for policy in report["policies"]]
    return [(f"managed {number}" if several else "managed", policy) for number, policy in enumerate(policies, start=1)]


def _course_texts(always: Course) -> list[str]:
    often = wording.count(always["retrainings"], "retraining")
    return [f"Frozen is the first version for ever; retrained every window is trained anew before each, with {often} and without gates."]


def _figure(report: ReplayReport) -> Figure:
    return Figure(_draw(report, "course-narrow", NARROW, 2), _draw(report, "course-wide", WIDE, 6))


def _draw(report: ReplayReport, name: str, size: tuple[float, float], columns: int) -> str:
    courses = {"managed": report["managed"], "retrained every window": report["every_window"], "frozen": report["frozen"]}
    marks = [(event["time"], event["what"]) for event in report["managed"]["events"]]
    better = "less is better" if less_is_better(report["metric"]) else "more is better"
    with plot.figure(THEMED, (size[0], size[1] + LEGEND), name) as (drawn, axes):
        series = {name: course["series"] for name, course in courses.items()}
        plot.draw_courses(axes, THEMED, report["windows"], series, f"{report['metric']} ({better})", marks, columns)
        return plot.svg(drawn, f"{report['metric']} by window: managed, retrained every window, and frozen")


def _table(report: ReplayReport) -> Table:
    courses = [*zip(_names(report), report["policies"].values(), strict=True)]
    others = [(("retrained every window", ""), report["every_window"]), (("frozen", ""), report["frozen"])]
    several = len(courses) > 1
    heads = ("course", *(("policy",) if several else ()), f"mean {report['metric']}", "retrainings", "alarms", "training time")
    rows = [
        words(name, *((policy,) if several else ()), f"{course['mean']:.3f}", f"{course['retrainings']:,}", f"{course['alarms']:,}", _time(course))
        for (name, policy), course in [*courses, *others]
    ]
    return Table(heads, rows, frozenset({"course", "policy"}))


def _time(course: Course) -> str:
    return wording.duration(course["train_seconds"]) if course["train_seconds"] else "none"


def _events(name: str, policy: str, course: Course) -> Section:
    """What happened, and what kept a training waiting."""
    rows = [[Cell(wording.stamp(event["time"])), Cell(event["what"])] for event in course["events"][:MOST_EVENTS]]
    more = len(course["events"]) - len(rows)
    texts = [] if rows else ["No training and no alarm."]
    if more > 0:
        texts.append(f"The first {MOST_EVENTS:,} of {len(course['events']):,}; noria replay --json has all.")
    texts += [f"Nothing was trained after {wording.count(wait['windows'], 'window')} with a cause, the last time: {wait['last']}." for wait in course["waited"]]
    tables = [Table(("time", "what happened"), rows, frozenset({"time", "what happened"}))] if rows else []
    return Section(f"What happened: {name}" + (f" ({policy})" if name != "managed" else ""), texts, tables=tables)
