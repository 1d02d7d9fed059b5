"""The demonstration: publish bikeshare, upload a year of real data, serve a prediction; then years of traffic, and two releases.

Everything that is printed and written to `.noria/demo.json` is read from the running system.
"""

import json
import os
import time
from pathlib import Path

from cli.base import console, ledger
from cli.base.errors import CliError
from cli.base.paths import home
from cli.base.session import Session
from cli.data import view as data_view
from cli.data.progress import Stage, follow
from cli.data.upload import Upload, upload
from cli.demo import heal, release, view
from cli.demo.dataset import MODEL, PROJECT, TARGET, TIME, YEAR, features, hours_of, rows_of_year
from cli.demo.reports import DemoReport, HoldoutReport, PredictionReport
from cli.project.publish import publish
from cli.serving.predict import predict

#: The evening of a working day in the spring after the training data.
EVENING = "2012-04-17T17:00:00"
LIMIT_SECONDS = 900


def run(session: Session, quiet: bool = False, releases: bool = True) -> DemoReport:
    """Run the demonstration on a deployed stack; the report is that of `.noria/demo.json`.

    Args:
        releases: whether years of traffic, a promotion and an undone release follow the first served model.

    Raises:
        CliError: the loop ended before the rollout.
    """
    began = float(os.environ.get("NORIA_DEMO_BEGAN") or time.time())
    data, later = rows_of_year(YEAR), rows_of_year(YEAR + 1)
    sent, stages = _loop(session, data, quiet)
    report: DemoReport = {
        "ok": stages[-1].name == "rollout" and stages[-1].verdict == "completed",
        "stages": [{"name": stage.name, "seconds": stage.seconds, "verdict": stage.verdict} for stage in stages],
    }
    if report["ok"]:
        _serve(session, report, later)
    ended = time.time()
    if report["ok"] and not quiet:
        view.prediction(EVENING, report["prediction"], ended - sent.at, sent.at - began)
    if report["ok"] and releases:
        _years(session, report, quiet)
    report |= {"total_s": round(time.time() - began, 2), "setup_s": round(sent.at - began, 2), "loop_s": round(ended - sent.at, 2)}
    (home() / "demo.json").write_text(json.dumps(report, indent=2))
    if not report["ok"]:
        raise CliError(f"the loop ended at {stages[-1].name}: {stages[-1].verdict}: {'; '.join(stages[-1].reasons)}")
    if not quiet:
        view.ending(report.get("release"))
    return report


def _loop(session: Session, data: Path, quiet: bool) -> tuple[Upload, list[Stage]]:
    """Publish, upload, and follow the upload to its last stage."""
    published = publish(session, PROJECT)
    change = "published" if published.changed else "is published already"
    console.say(quiet, f"{MODEL} spec {published.spec} {change}; image {published.images['training'].rsplit('/')[-1]}")
    sent = upload(session, MODEL, data)
    change = "uploaded" if sent.sent else "are known already and not sent again"
    console.say(quiet, f"{len(data.read_text().splitlines()) - 1} hours of {YEAR} {change}: s3://{sent.bucket}/{sent.key}")
    return sent, data_view.track(lambda beat: follow(session, sent, LIMIT_SECONDS, beat), quiet)


def _serve(session: Session, report: DemoReport, later: Path) -> None:
    """The champion, its metrics on the holdout, and its prediction of an hour that it has never seen."""
    prediction = _prediction(session, later)
    record = ledger.read(session, MODEL)
    champion = record.champion_in_service()
    run = next(entry for entry in record.runs if entry["run"] == champion["run"])
    metrics = run["metrics"] or {}
    holdout: HoldoutReport = {"accuracy": metrics["accuracy"], "f1": metrics["f1"], "rows": run["rows"]}
    report |= {"model_package_arn": champion["model_package_arn"], "endpoint": champion["endpoint"], "holdout": holdout, "prediction": prediction}


def _prediction(session: Session, later: Path) -> PredictionReport:
    hour = next(row for row in hours_of(later) if row[TIME] == EVENING)
    answer = predict(session, MODEL, [features(hour)])
    return {"request": answer.request, "response": ",".join(answer.predictions[0].values), "truth": hour[TARGET]}


def _years(session: Session, report: DemoReport, quiet: bool) -> None:
    """Six years of traffic and ground truth; then a better version and a spoiled one."""
    console.say(quiet, view.LEGEND)
    report["heal"] = heal.run(session, MODEL, PROJECT, rows_of_year, quiet, LIMIT_SECONDS)
    if not quiet:
        view.years(report["heal"])
    newest = heal.FIRST + heal.YEARS - 1
    report["release"] = release.run(session, MODEL, PROJECT, rows_of_year(newest - 1), rows_of_year(newest), quiet, LIMIT_SECONDS)
