"""The second act: six years pass, the world changes, and Noria retrains the model, beside a frozen one.

The endpoint that Noria manages and one that serves the first version for ever predict each quarter's hours; then what truly
happened is uploaded as ground truth, and the next quarter begins when Noria has dealt with it.
"""

import csv
import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from cli.base import event_log, files, ledger
from cli.base.errors import CliError
from cli.base.ledger import ModelRecord
from cli.base.paths import home
from cli.base.records import MonitoringRun
from cli.base.session import Session
from cli.demo.course import METRIC, Course
from cli.demo.dataset import TARGET, TIME, Hour, hours_of, request_body
from cli.demo.reports import HealReport, Point
from cli.monitoring.runs import monitor
from cli.monitoring.truth import upload_truth
from cli.project.publish import publish
from noria.monitoring.causes import BELOW_BEST, DEGRADED
from noria.training.metrics import measure

#: A quarter passes in seconds here: what a policy counts in days would never come to an end.
HURRIED = "heal: {cooldown_days: 0.00003, min_rows: 1000, a_day: 100, a_month: 100}\nrollout: {strategy: all_at_once}\n"
#: What was easy in 2011 is not any more; and four in five chances that a version is better are enough.
LOOSER = {"at_least: 0.85": "at_least: 0.8", "confidence: 0.95": "confidence: 0.8"}
FIRST, YEARS = 2012, 6
#: The longest time from a degraded model to the decision on it (seconds).
DECISION_SECONDS = 60
#: Hours that one request predicts.
WEEK = 168
HEALING = "healing"


def run(session: Session, model: str, project: Path, data: Callable[[int], Path], quiet: bool, limit_seconds: float) -> HealReport:
    """Let the years pass; a second time on the same stack, the report of the first.

    Args:
        data: writes the rows of a year.
    """
    quarters, began = list(_quarters(data)), time.time()
    if earlier := _earlier(session, model, quarters[-1][0]):
        return earlier
    publish(session, _hurried(project, model))
    frozen = f"{session.endpoint(model)}-frozen"
    _freeze(session, model, frozen, limit_seconds)
    course = Course(quiet)
    with course:
        for name, hours in quarters:
            managed, other = (_accuracy(session, endpoint, hours) for endpoint in (session.endpoint(model), frozen))
            run = _upload_truth(session, model, name, hours)
            course.add(name, managed, other, run)
            if {DEGRADED, BELOW_BEST} & set(run["causes"]):
                course.note(_healed(session, model, run, limit_seconds))
    session.sagemaker.delete_endpoint(EndpointName=frozen)
    publish(session, project)
    alarms = [event["data"] for event in event_log.events(session, model, began) if event["data"].get("page")]
    files.write(home() / "demo.png", course.plot([alarm["number"] for alarm in alarms if "number" in alarm]))
    last: Point = course.series[-1]
    final = {"managed": last["managed"], "frozen": last["frozen"]}
    return {"series": course.series, "alarms": len(alarms), "retrainings": len(ledger.read(session, model).healings), "final": final}


def _quarters(data: Callable[[int], Path]) -> Iterator[tuple[str, list[Hour]]]:
    for year in range(FIRST, FIRST + YEARS):
        hours = hours_of(data(year))
        for number in range(4):
            yield f"{year}q{number + 1}", [hour for hour in hours if (int(hour[TIME][5:7]) - 1) // 3 == number]


def _earlier(session: Session, model: str, last: str) -> HealReport | None:
    """The report of an earlier demonstration on this stack."""
    file = home() / "demo.json"
    uploaded = session.s3.list_objects_v2(Bucket=session.outputs["LakeBucket"], Prefix=f"truth/{model}/{last}-").get("KeyCount")
    report: HealReport | None = json.loads(file.read_text()).get("heal") if uploaded and file.exists() else None
    return report


def _hurried(project: Path, model: str) -> Path:
    """A copy of the project whose policies count in seconds."""
    copy = home() / "demo" / "hurried" / model
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(project, copy, ignore=shutil.ignore_patterns("__pycache__"))
    spec = copy / "model.yaml"
    text = spec.read_text()
    for strict, loose in LOOSER.items():
        text = text.replace(strict, loose)
    spec.write_text(text + HURRIED)
    return copy


def _freeze(session: Session, model: str, frozen: str, limit_seconds: float) -> None:
    """Create an endpoint for the present champion alone."""
    champion = ledger.read(session, model).champion_in_service()
    session.sagemaker.create_endpoint(EndpointName=frozen, EndpointConfigName=champion["config"])
    _until(lambda: session.sagemaker.describe_endpoint(EndpointName=frozen)["EndpointStatus"] == "InService" or None, session, limit_seconds, frozen)


def _accuracy(session: Session, endpoint: str, hours: list[Hour]) -> float:
    """The share of some hours that an endpoint predicts rightly, a week a request."""
    predictions: list[str] = []
    for week, rows in _weeks(hours):
        request = {"ContentType": "text/csv", "Accept": "text/csv", "Body": request_body(rows), "InferenceId": week}
        response = session.runtime.invoke_endpoint(EndpointName=endpoint, **request)
        predictions += [line.split(",")[0] for line in response["Body"].read().decode().splitlines()]
    return measure("binary", [hour[TARGET] for hour in hours], predictions)[METRIC]


def _weeks(hours: list[Hour]) -> Iterator[tuple[str, list[Hour]]]:
    """Hours by week, under the name of its first day; the last one has the rest."""
    for begin in range(0, len(hours), WEEK):
        yield hours[begin][TIME][:10], hours[begin : begin + WEEK]


def _upload_truth(session: Session, model: str, name: str, hours: list[Hour]) -> MonitoringRun:
    """Upload what happened; the monitoring run that has read every hour of it."""
    file = home() / "demo" / "truth" / f"{name}.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow(["prediction_id", TIME, TARGET])
        for week, rows in _weeks(hours):
            writer.writerows([f"{week}#{number}", row[TIME], row[TARGET]] for number, row in enumerate(rows))
    run = upload_truth(session, model, file, wait=True).monitoring
    assert run is not None
    while run["counts"]["waiting"]:
        # Captured requests reach S3 a moment later.
        run = monitor(session, model)
    return run


def _healed(session: Session, model: str, run: MonitoringRun, limit_seconds: float) -> str:
    """Wait for the decision on a degraded model and for what follows from it; a note on it."""
    since, before = time.time() - DECISION_SECONDS, len(ledger.read(session, model).healings)
    decision = _until(lambda: _decision(session, model, run, before, since), session, DECISION_SECONDS, "a decision")
    if decision != HEALING:
        return f"not trained again: {decision}"
    healing = ledger.read(session, model).healings[-1]["run"]
    runs = _until(lambda: [entry for entry in ledger.read(session, model).runs if entry["run"] == healing] or None, session, limit_seconds, "the training")
    if runs[0]["status"] != "registered":
        return f"trained again, and not better beyond chance: {runs[0]['reasons'][0]['text'].split(', the gate asks')[0]}"
    record = _until(lambda: _released(session, model, healing), session, limit_seconds, "the release")
    version = record.champion_in_service()["model_package_arn"].rsplit("/", 1)[-1]
    return f"trained again on {_rows(record, healing):,} rows and better: version {version} serves"


def _decision(session: Session, model: str, run: MonitoringRun, before: int, since: float) -> str | None:
    """`healing`, or why Noria does not retrain; nothing while it has not decided.

    Args:
        before: the number of healings before.
        since: when the wait for the decision began (seconds since the epoch).
    """
    healings = ledger.read(session, model).healings
    if len(healings) > before or (healings and healings[-1]["time"] >= run["time"]):
        return HEALING
    deferred = [event for event in event_log.events(session, model, since) if event["name"] in ("RetrainingDeferred", "RetrainingEscalated")]
    return next((str(event["data"]["reasons"][0]["text"]) for event in deferred if event["time"] >= run["time"]), None)


def _released(session: Session, model: str, run: str) -> ModelRecord | None:
    """The model's record once the version of a run serves and its release has ended."""
    record = ledger.read(session, model)
    return record if record.champion and record.champion["run"] == run and record.lock is None else None


def _rows(record: ModelRecord, run: str) -> int:
    healing = next(entry for entry in record.healings if entry["run"] == run)
    return next(dataset["rows"] for dataset in record.datasets if dataset["dataset"] == healing["dataset"])


def _until[T](poll: Callable[[], T | None], session: Session, seconds: float, what: str) -> T:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if (result := poll()) is not None:
            return result
        time.sleep(session.poll_seconds)
    raise CliError(f"{what} did not come within {seconds:.0f} s")
