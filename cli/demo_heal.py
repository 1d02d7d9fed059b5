"""The third part of the demonstration: years pass, the world changes, and the model is kept good while a frozen one beside it is not.

Each quarter's hours are asked of the endpoint that Noria manages and of one that keeps the first version for ever; what truly
happened is then uploaded as ground truth, and whatever Noria makes of it is waited for before the next quarter begins.
"""

import csv
import json
import shutil
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.live import Live
from rich.text import Text

from cli import files, ledger, monitoring, plotting, publishing, render, telling
from cli.errors import CliError
from cli.session import Session, home
from noria.training.metrics import quality

Json = dict[str, Any]
#: A quarter passes in seconds here: what a policy counts in days would never come to an end.
HURRIED = "heal: {cooldown_days: 0.00003, min_rows: 1000, a_day: 100, a_month: 100}\nrollout: {strategy: all_at_once}\n"
#: What was easy in 2011 is not any more; and four in five chances that a version is better are enough.
LOOSER = {"at_least: 0.85": "at_least: 0.8", "confidence: 0.95": "confidence: 0.8"}
METRIC, FIRST, YEARS = "accuracy", 2012, 6
#: How long the news of a degraded model may take to become a decision (seconds).
DECISION_SECONDS = 60
Hour = dict[str, str]
SIDES = ("managed", "frozen")
#: Hours.
WEEK = 168


def run(session: Session, model: str, project: Path, data: Callable[[int], Path], quiet: bool, limit_seconds: float) -> Json:
    """Let the years pass.

    Args:
        data: makes the rows of a year.

    Returns:
        `{series: [{window, managed, frozen}], alarms, retrainings, final: {managed, frozen}}`
    """
    quarters = list(_quarters(data))
    began = time.time()
    if known := _known(session, model, quarters[-1][0]):
        return known
    publishing.publish(session, _hurried(project, model))
    endpoint, frozen = f"{session.prefix}-{model}", f"{session.prefix}-{model}-frozen"
    _freeze(session, model, frozen, limit_seconds)
    course = _Course(quiet)
    with course:
        for name, hours in quarters:
            truth = [hour["busy"] for hour in hours]
            scores = [quality("binary", truth, _asked(session, where, hours))[METRIC] for where in (endpoint, frozen)]
            look = _tell(session, model, name, hours)
            course.add(name, scores[0], scores[1], look)
            if {"degraded", "faded"} & set(look["causes"]):
                course.say(_healed(session, model, look, limit_seconds))
    session.sagemaker.delete_endpoint(EndpointName=frozen)
    publishing.publish(session, project)
    alarms = [event for event in telling.events(session, model, began) if event["data"].get("page")]
    told = {
        "series": course.series,
        "alarms": len(alarms),
        "retrainings": len(ledger.read(session, model).healings),
        "final": {side: course.series[-1][side] for side in SIDES},
    }
    _draw(course, told, [course.quarter(event["data"]["number"]) for event in alarms if "number" in event["data"]])
    return told


def _quarters(data: Callable[[int], Path]) -> Iterator[tuple[str, list[Hour]]]:
    for year in range(FIRST, FIRST + YEARS):
        with data(year).open(newline="") as file:
            hours = list(csv.DictReader(file))
        for number in range(4):
            yield f"{year}q{number + 1}", [hour for hour in hours if (int(hour["ts"][5:7]) - 1) // 3 == number]


def _known(session: Session, model: str, last: str) -> Json | None:
    """What an earlier demonstration on this stack has found."""
    told = home() / "demo.json"
    there = session.s3.list_objects_v2(Bucket=session.outputs["LakeBucket"], Prefix=f"truth/{model}/{last}-").get("KeyCount")
    found: Json | None = json.loads(told.read_text()).get("heal") if there and told.exists() else None
    return found


def _hurried(project: Path, model: str) -> Path:
    copy = home() / "demo" / "hurried" / model
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(project, copy, ignore=shutil.ignore_patterns("__pycache__"))
    spec = copy / "model.yaml"
    text = spec.read_text()
    for strict, hurried in LOOSER.items():
        text = text.replace(strict, hurried)
    spec.write_text(text + HURRIED)
    return copy


def _freeze(session: Session, model: str, frozen: str, limit_seconds: float) -> None:
    """An endpoint of its own for the version that serves now."""
    champion = ledger.read(session, model).champion
    assert champion is not None
    session.sagemaker.create_endpoint(EndpointName=frozen, EndpointConfigName=champion["config"])
    _until(lambda: session.sagemaker.describe_endpoint(EndpointName=frozen)["EndpointStatus"] == "InService" or None, session, limit_seconds, frozen)


def _asked(session: Session, endpoint: str, hours: list[Hour]) -> list[str]:
    """The predictions of some hours, a week a request."""
    answers: list[str] = []
    for week, rows in _weeks(hours):
        body = "".join(",".join(value for name, value in row.items() if name not in ("ts", "busy")) + "\n" for row in rows)
        told = session.runtime.invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Accept="text/csv", Body=body, InferenceId=week)
        answers += [line.split(",")[0] for line in told["Body"].read().decode().splitlines()]
    return answers


def _weeks(hours: list[Hour]) -> Iterator[tuple[str, list[Hour]]]:
    """Hours by week, under the name of its first day; the last one is what is left."""
    for begin in range(0, len(hours), WEEK):
        yield hours[begin]["ts"][:10], hours[begin : begin + WEEK]


def _tell(session: Session, model: str, name: str, hours: list[Hour]) -> Json:
    """Upload what happened; the look that has seen every hour of it."""
    file = home() / "demo" / "truth" / f"{name}.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow(["prediction_id", "ts", "busy"])
        for week, rows in _weeks(hours):
            writer.writerows([f"{week}#{number}", row["ts"], row["busy"]] for number, row in enumerate(rows))
    look: Json = monitoring.tell(session, model, file, wait=True)["look"]
    while look["counts"]["waiting"]:
        # What is captured reaches S3 a moment later.
        look = monitoring.look(session, model)
    return look


def _healed(session: Session, model: str, look: Json, limit_seconds: float) -> str:
    """Waits until the decision on a degraded model has been carried out; a line about it."""
    since = time.time() - DECISION_SECONDS
    before = len(ledger.read(session, model).healings)

    def decided() -> str | None:
        story = ledger.read(session, model)
        if len(story.healings) > before or (story.healings and story.healings[-1]["time"] >= look["time"]):
            return "healing"
        late = [event for event in telling.events(session, model, since) if event["name"] in ("RetrainingDeferred", "RetrainingEscalated")]
        return next((event["data"]["reasons"][0]["text"] for event in late if event["time"] >= look["time"]), None)

    told = _until(decided, session, DECISION_SECONDS, "a decision")
    if told != "healing":
        return f"not trained again: {told}"
    run = ledger.read(session, model).healings[-1]["run"]
    ended = _until(lambda: next((found for found in ledger.read(session, model).runs if found["run"] == run), None), session, limit_seconds, "the training")
    if ended["status"] != "registered":
        return f"trained again, and not better beyond chance: {ended['reasons'][0]['text'].split(', the gate asks')[0]}"
    story = _until(lambda: _served(session, model, run), session, limit_seconds, "the release")
    return f"trained again on {_rows(story, run):,} rows and better: version {story.champion['model_package_arn'].rsplit('/', 1)[-1]} serves"


def _served(session: Session, model: str, run: str) -> Any:
    story = ledger.read(session, model)
    return story if story.champion and story.champion["run"] == run and story.lock is None else None


def _rows(story: Any, run: str) -> int:
    healing = next(found for found in story.healings if found["run"] == run)
    return int(next(dataset["rows"] for dataset in story.datasets if dataset["dataset"] == healing["dataset"]))


def _until(found: Callable[[], Any], session: Session, seconds: float, what: str) -> Any:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if (told := found()) is not None:
            return told
        time.sleep(session.look_seconds)
    raise CliError(f"{what} did not come within {seconds:.0f} s")


class _Course:
    """What happened so far: on a terminal a live picture, else a line a quarter."""

    def __init__(self, quiet: bool) -> None:
        self.series: list[Json] = []
        self.marks: list[tuple[str, str]] = []
        self._looks: list[int] = []
        self._quiet = quiet
        self._live = Live(console=render.console, refresh_per_second=4, transient=False) if render.console.is_terminal and not quiet else None

    def __enter__(self) -> None:
        if self._live:
            self._live.start()

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def add(self, window: str, managed: float, frozen: float, look: Json) -> None:
        self.series.append({"window": window, "managed": round(managed, 4), "frozen": round(frozen, 4)})
        self._looks.append(look["number"])
        self._show(f"{window}  {METRIC} managed {managed:.3f}  frozen {frozen:.3f}  {look['outcome']}")

    def quarter(self, look: int) -> str:
        """The first day of the quarter that a look was taken in."""
        return begin(self.series[min(bisect_left(self._looks, look), len(self.series) - 1)]["window"])

    def say(self, what: str) -> None:
        if not self.marks or self.marks[-1][1] != what:
            self._show(f"        {what}")
        self.marks.append((begin(self.series[-1]["window"]), what))

    def _show(self, line: str) -> None:
        if self._live:
            self._live.update(Text.assemble(self.picture(), "\n", line))
        elif not self._quiet:
            render.console.print(Text(line))

    def picture(self) -> Text:
        return plotting.spark({side: [point[side] for point in self.series] for side in SIDES})


def means(series: list[Json]) -> dict[str, float]:
    """Of both models, over all quarters."""
    return {side: sum(point[side] for point in series) / len(series) for side in SIDES}


def begin(window: str) -> str:
    """The first day of a quarter."""
    year, number = window.split("q")
    return f"{year}-{3 * int(number) - 2:02}-01"


def _draw(course: _Course, told: Json, alarms: list[str]) -> None:
    windows = [begin(point["window"]) for point in told["series"]]
    mean = means(told["series"])
    courses = {f"{side}, {mean[side]:.3f} on average": [point[side] for point in told["series"]] for side in SIDES}
    marks = [(when, plotting.RETRAINED if "better: version" in what else plotting.USELESS) for when, what in course.marks if what.startswith("trained again")]
    marks += [(when, plotting.ALARM) for when in alarms]
    title = "Busy hours of Capital Bikeshare: the model that Noria keeps (managed) and the first version for ever (frozen)"
    files.write(home() / "demo.png", plotting.series(windows, courses, METRIC, marks, title))
