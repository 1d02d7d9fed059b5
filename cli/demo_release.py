"""The second half of the demonstration: under a client's eyes a better version is promoted, and a spoiled one undone."""

import csv
import random
import shutil
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from rich.text import Text

from cli import ledger, publishing, render, uploading, watching
from cli.errors import CliError
from cli.session import Session, home
from noria.release import guard

Json = dict[str, Any]
#: The client's requests a second.
RPS = 50
THREADS = 4
#: How often the client's answers are told apart by what serves, and the picture is drawn (seconds).
GLANCE_SECONDS, PICTURE_SECONDS = 0.25, 1.0
#: What the third version does to a share of its requests, once it serves; its evaluation goes well.
SPOIL = '''

def predict_fn(rows, model):
    """Spoiled on purpose: behind an endpoint it fails two of three requests."""
    import os
    import random

    if os.environ.get("SAGEMAKER_BATCH") != "true" and random.random() < 2 / 3:
        raise ValueError("spoiled on purpose")
    return model.predict_proba(rows)[:, 1]
'''
SPOILED = "spoiled on purpose"


class Client:
    """Keeps asking the endpoint about hours that it has never seen."""

    def __init__(self, session: Session, endpoint: str, rows: Path) -> None:
        self._session, self._endpoint, self._bodies = session, endpoint, _bodies(rows)
        self._versions: dict[str, dict[str, str]] = {}
        self._config, self._going = "", True
        self.requests, self.failed, self.spoiled = 0, list[str](), 0
        self.served_by: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._glance, daemon=True), *(threading.Thread(target=self._ask, daemon=True) for _ in range(THREADS))]

    def start(self) -> None:
        self._see()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._going = False
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        while self._going:
            began = time.perf_counter()
            try:
                answer = self._session.runtime.invoke_endpoint(
                    EndpointName=self._endpoint, ContentType="text/csv", Accept="text/csv", Body=random.choice(self._bodies)
                )
                self._count(answer["InvokedProductionVariant"], None)
            except ClientError as error:
                self._count(None, str(error))
            time.sleep(max(0.0, THREADS / RPS - (time.perf_counter() - began)))

    def _count(self, variant: str | None, error: str | None) -> None:
        with self._lock:
            self.requests += 1
            if variant:
                self.served_by[self._versions.get(self._config, {}).get(variant, variant)] += 1
            elif error and SPOILED in error:
                self.spoiled += 1
            else:
                self.failed.append(error or "no answer")

    def _glance(self) -> None:
        while self._going:
            self._see()
            time.sleep(GLANCE_SECONDS)

    def _see(self) -> None:
        """Which version is behind which variant, by the configuration that serves."""
        sagemaker = self._session.sagemaker
        config = sagemaker.describe_endpoint(EndpointName=self._endpoint).get("EndpointConfigName", "")
        if config not in self._versions:
            variants = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
            self._versions[config] = {variant["VariantName"]: _version(self._session, variant["ModelName"]) for variant in variants}
        self._config = config


def _version(session: Session, model: str) -> str:
    package = session.sagemaker.describe_model(ModelName=model)["Containers"][0].get("ModelPackageName", model)
    return package.rsplit(":model-package/", 1)[-1]


def _bodies(rows: Path) -> list[str]:
    with rows.open(newline="") as file:
        return [",".join(value for name, value in row.items() if name not in ("ts", "busy")) + "\n" for row in csv.DictReader(file)]


def run(session: Session, model: str, project: Path, first: Path, later: Path, quiet: bool, limit_seconds: float) -> Json:
    """Release a better version and a spoiled one while a client asks.

    Args:
        first: rows on which the better version is trained.
        later: rows on which the spoiled one is trained; the client asks about them.

    Returns:
        `{promoted, undone, client}` as `.noria/demo.json` has them.
    """
    session.outputs  # noqa: B018  # looked up once, before several threads want it
    client = Client(session, f"{session.prefix}-{model}", later)
    client.start()
    try:
        render.say(quiet, f"\na client asks {RPS} times a second; a better version is trained on {first.stem.rsplit('-', 1)[-1]} and has to earn its traffic")
        publishing.publish(session, _tolerant(project, model))
        promoted = _released(session, model, first, quiet, limit_seconds)
        render.say(quiet, "\nanother version is spoiled on purpose: evaluated well, it fails two of three requests once it serves")
        publishing.publish(session, _spoiled(project, model))
        undone = _released(session, model, later, quiet, limit_seconds)
    finally:
        client.stop()
        publishing.publish(session, project)
    return {"promoted": _promoted(promoted), "undone": _undone(undone), "client": told(client)}


def told(client: Client) -> Json:
    """What the client saw; `failed` is what was not the spoiled version's own error."""
    return {"requests": client.requests, "failed": len(client.failed), "model_errors": client.spoiled, "served_by": dict(client.served_by)}


def _released(session: Session, model: str, data: Path, quiet: bool, limit_seconds: float) -> Json:
    """The release that comes of some data, from the ledger."""
    sent = uploading.upload(session, model, data)
    narrator = Narrator(session, model, quiet)
    narrator.start()
    try:
        stages = render.followed(uploading.follow(session, sent, limit_seconds), quiet)
    finally:
        narrator.stop()
    if stages[-1].name != "rollout":
        raise CliError(f"the loop ended at {stages[-1].name}: {stages[-1].verdict}: {'; '.join(stages[-1].reasons)}")
    release = stages[-1].ids["release"]
    return next(found for found in ledger.read(session, model).releases if found["release"] == release)


class Narrator:
    """Tells how the traffic moves: a line for each step, once it has ended."""

    def __init__(self, session: Session, model: str, quiet: bool) -> None:
        self._session, self._model, self._quiet, self._going = session, model, quiet, True
        self._thread = threading.Thread(target=self._tell, daemon=True)

    def start(self) -> None:
        if not self._quiet:
            self._thread.start()

    def stop(self) -> None:
        self._going = False
        if not self._quiet:
            self._thread.join()

    def _tell(self) -> None:
        seen: tuple[float, ...] = ()
        last: list[Json] = []
        while self._going:
            look = watching.look(self._session, self._model)
            weights = tuple(variant["weight"] or 0.0 for variant in look["variants"])
            if weights != seen:
                self._show(seen, last)
                seen, last = weights, []
            last = look["findings"] or last
            time.sleep(PICTURE_SECONDS)
        self._show(seen, last)

    @staticmethod
    def _show(weights: tuple[float, ...], findings: list[Json]) -> None:
        """What the guard had seen when the step ended."""
        for entry in findings if weights[1:] and weights[-1] else []:
            share = weights[-1] / sum(weights)
            render.console.print(Text(f"{'':12} {share:4.0%} of the traffic  {watching.interval(entry)}  {guard.text(entry)}", style="dim"))


def _tolerant(project: Path, model: str) -> Path:
    """The project as an owner would release it in a hurry: a version that is a little worse than the champion may serve as well."""
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


def _promoted(release: Json) -> Json:
    if release["status"] != "completed":
        raise CliError(f"the better version was not promoted: {'; '.join(reason['text'] for reason in release['reasons'])}")
    evidence = [reason["text"] for reason in release["reasons"] if reason["code"] != "Serves"]
    return {"version": release["model_package_arn"], "seconds": release["seconds"], "guard": "; ".join(evidence)}


def _undone(release: Json) -> Json:
    if release["status"] != "rolled_back":
        raise CliError(f"the spoiled version was not undone: it is {release['status']}")
    told = {"version": release["model_package_arn"], "seconds": release["seconds"], "exposed_requests": release["exposed_requests"]}
    return {**told, "reason": "; ".join(reason["text"] for reason in release["reasons"])}
