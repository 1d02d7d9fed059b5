"""Replays a labelled history through the policies of production, with the project's own scripts. Needs no stack."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from cli.base import files
from cli.base.errors import CliError
from cli.healing.policies import policy_of
from cli.healing.trainer import trainer
from cli.project.spec import of_project
from noria.kernel.values import parse_timestamp
from noria.spec import ModelSpec

if TYPE_CHECKING:
    from noria.healing.replay import DriftCheck
    from noria.profile.dataset import Profile

Rows = Sequence[Sequence[str]]
DAY_SECONDS = 86_400.0
#: By default the first version is trained on this share of the time, and this many windows divide the rest.
FIRST_SHARE, WINDOWS = 0.2, 48


class ReplayEvent(TypedDict):
    """A training or an alarm of a course."""

    time: str
    what: str


class Wait(TypedDict):
    """A reason for which windows with a cause had no training, and its last text."""

    reason: str
    windows: int
    last: str


class Course(TypedDict):
    """One course: the metric by window (nothing where rows are too few), and what happened."""

    mean: float
    series: list[float | None]
    retrainings: int
    alarms: int
    train_seconds: float
    events: list[ReplayEvent]
    waited: list[Wait]


class ReplayReport(TypedDict):
    """A replay: the managed course of each policy, beside a frozen model and one that is trained anew before every window.

    `managed` is the first policy's course, `windows` the beginning of each, `rows` the good rows, `set_aside` the bad ones.
    """

    metric: str
    windows: list[str]
    managed: Course
    frozen: Course
    every_window: Course
    policies: dict[str, Course]
    rows: int
    set_aside: int


def replay(
    folder: Path, file: Path, policies: tuple[str, ...], first: str | None, days: float | None, drift: bool = True, python: Path | None = None
) -> ReplayReport:
    """Replay a history.

    Args:
        policies: each `name=value,…` over the spec's `heal` block; by default the spec's own.
        first: until when the first version's rows reach.
        days: the length of a window.
        drift: whether to check each window for drift.
        python: the interpreter of the image's environment; by default that of the spec's image.

    Raises:
        CliError: there is no such file, a script fails, or a policy is none.
        ContractError: the history has no good rows, or too few in every window.
    """
    from noria.data.contract import DataContract
    from noria.healing.history import history
    from noria.healing.replay import Replay, play
    from noria.tables.source import FileSource

    spec = of_project(folder)
    if spec.preprocess.script:
        raise CliError("a replay runs no processing jobs: give it the rows that preprocess.script makes, and a model.yaml without that block")
    document: Any = spec.model_dump(mode="json")
    rules = {text: policy_of(spec, text) for text in policies or ("",)}
    good, set_aside = history(FileSource(files.existing(file)), DataContract.of(document["data"]), spec.target)
    begins, last = good.times[0], good.times[-1]
    until = _time(first) if first else begins + FIRST_SHARE * (last - begins)
    window = days * DAY_SECONDS if days else max(DAY_SECONDS, -(-(last - until) / WINDOWS // DAY_SECONDS) * DAY_SECONDS)
    with trainer(folder, spec, python) as scripts:
        replayed = Replay(document, good, scripts, until, window, _drift_check(spec, good.header, window) if drift else None)
        report = play(document, replayed, rules)
    courses = {text or "spec": course for text, course in report["policies"].items()}
    result: ReplayReport = {**report, "policies": courses, "rows": len(good.rows), "set_aside": set_aside}  # type: ignore[typeddict-item]
    return result


def _time(text: str) -> float:
    try:
        return parse_timestamp(text)
    except ValueError as error:
        raise CliError(f"--first: found {text!r}, expected a date or a time, such as 2024-03-01") from error


def _drift_check(spec: ModelSpec, header: list[str], window: float) -> "DriftCheck":
    """Production's verdict on rows of the history; the profile of one reference is made once."""
    from noria.monitoring import drift
    from noria.profile.baseline import profile_rows, rows_by_time

    watched = {name for name, column in spec.data.columns.items() if column.drift != "ignore" and name != spec.target}
    ignored = [name for name in header if name not in watched]
    references: dict[int, tuple[Profile, list[Profile]]] = {}

    def check(before: Rows, now: Rows) -> tuple[str, list[str]]:
        if len(before) not in references:
            references.clear()
            blocks = [profile_rows(header, rows) for rows in rows_by_time(before, header.index(str(spec.data.time)), window)]
            references[len(before)] = (profile_rows(header, before), blocks)
        reference, blocks = references[len(before)]
        verdict = drift.check(reference, profile_rows(header, now), blocks, ignored, tolerated=spec.data.bad_rows.at_most)
        return str(verdict["verdict"]), [name for name, column in verdict["columns"].items() if column["drifted"]]

    return check
