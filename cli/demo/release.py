"""The third act: under a client's traffic the guard promotes a better version, and undoes a spoiled one."""

import shutil
from pathlib import Path

from cli.base import console, ledger
from cli.base.errors import CliError
from cli.base.paths import home
from cli.base.records import Release
from cli.base.session import Session
from cli.data import view
from cli.data.progress import follow
from cli.data.upload import upload
from cli.demo.client import RPS, Client
from cli.demo.narrator import Narrator
from cli.demo.reports import PromotedReport, ReleaseReport, UndoneReport
from cli.project.publish import publish

#: The spoiled version fails a share of its requests behind an endpoint; its evaluation goes well.
SPOIL = '''

def predict_fn(rows, model):
    """Spoiled on purpose: behind an endpoint it fails two of three requests."""
    import os
    import random

    if os.environ.get("SAGEMAKER_BATCH") != "true" and random.random() < 2 / 3:
        raise ValueError("spoiled on purpose")
    return model.predict_proba(rows)[:, 1]
'''


def run(session: Session, model: str, project: Path, first: Path, later: Path, quiet: bool, limit_seconds: float) -> ReleaseReport:
    """Release a better version and a spoiled one under a client's traffic.

    Args:
        first: rows that the better version is trained on.
        later: rows that the spoiled version is trained on; the client requests predictions of them.

    Raises:
        CliError: the better version was not promoted, or the spoiled one not undone.
    """
    client = Client(session, session.endpoint(model), later)
    client.start()
    try:
        year = first.stem.rsplit("-", 1)[-1]
        console.say(quiet, f"\na client asks {RPS} times a second; a better version is trained on {year} and has to earn its traffic")
        publish(session, _tolerant(project, model))
        promoted = _released(session, model, first, quiet, limit_seconds)
        console.say(quiet, "\nanother version is spoiled on purpose: evaluated well, it fails two of three requests once it serves")
        publish(session, _spoiled(project, model))
        undone = _released(session, model, later, quiet, limit_seconds)
    finally:
        client.stop()
        publish(session, project)
    return {"promoted": _promoted(promoted), "undone": _undone(undone), "client": client.report()}


def _released(session: Session, model: str, data: Path, quiet: bool, limit_seconds: float) -> Release:
    """The release that some data lead to."""
    sent = upload(session, model, data)
    with Narrator(session, model, quiet):
        stages = view.track(lambda beat: follow(session, sent, limit_seconds, beat), quiet)
    if stages[-1].name != "rollout":
        raise CliError(f"the loop ended at {stages[-1].name}: {stages[-1].verdict}: {'; '.join(stages[-1].reasons)}")
    release = stages[-1].ids["release"]
    return next(entry for entry in ledger.read(session, model).releases if entry["release"] == release)


def _tolerant(project: Path, model: str) -> Path:
    """A copy of the project that releases a version which is a little worse than the champion, as an owner in a hurry would."""
    copy = home() / "demo" / model
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(project, copy, ignore=shutil.ignore_patterns("__pycache__"))
    spec = copy / "model.yaml"
    spec.write_text(spec.read_text().replace("margin: 0.0", "margin: -0.05"))
    return copy


def _spoiled(project: Path, model: str) -> Path:
    copy = _tolerant(project, model)
    script = copy / "inference.py"
    script.write_text(script.read_text() + SPOIL)
    return copy


def _promoted(release: Release) -> PromotedReport:
    if release["status"] != "completed":
        raise CliError(f"the better version was not promoted: {'; '.join(reason['text'] for reason in release['reasons'])}")
    evidence = [reason["text"] for reason in release["reasons"] if reason["code"] != "Serves"]
    return {"version": release["model_package_arn"], "seconds": release["seconds"], "guard": "; ".join(evidence)}


def _undone(release: Release) -> UndoneReport:
    if release["status"] != "rolled_back":
        raise CliError(f"the spoiled version was not undone: it is {release['status']}")
    return {
        "version": release["model_package_arn"],
        "seconds": release["seconds"],
        "exposed_requests": release["exposed_requests"] or 0.0,
        "reason": "; ".join(reason["text"] for reason in release["reasons"]),
    }
