"""`noria replay`: a labelled history through the policies that run in production, with the project's own scripts. Needs no stack."""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError
from rich.table import Table
from rich.text import Text

from cli import files, images, plotting, render, specs, starting
from cli.errors import CliError
from cli.session import ROOT
from noria.kernel.values import parse_timestamp
from noria.spec import ModelSpec
from noria.spec.monitoring import HealSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from noria.healing.policy import Policy

Json = dict[str, Any]
DAY = 86_400.0
#: Where nothing is said: the first version is trained on this share of the time, the rest is cut into so many windows.
FIRST_SHARE, WINDOWS = 0.2, 48
#: Many small trainings are fastest with one thread each; and no thread may run where a training is forked off.
THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
#: A field's name in a policy.
NAMED = re.compile(r"\b([a-z_]+) *=")
#: An image's region does not matter to the environment that stands for it.
REGION = "us-east-1"


def replay(folder: Path, file: Path, policies: tuple[str, ...], first: str | None, days: float | None, drift: bool = True, python: Path | None = None) -> Json:
    """Play a history.

    Args:
        policies: each `name=value,…` over the spec's `heal` block; none is the spec as it is.
        first: until when the first version's rows reach.
        days: how long a window is.
        python: the interpreter of the image's environment.

    Returns:
        What `noria.healing.replay.play` tells, with `rows` and `set_aside`.

    Raises:
        CliError: a file is missing, a script fails, or a policy is none.
    """
    from noria.data.contract import DataContract
    from noria.healing import replay as played
    from noria.healing.history import history

    spec = specs.of_project(folder)
    if spec.preprocess.script:
        raise CliError("a replay runs no processing jobs: give it the rows that preprocess.script makes, and a model.yaml without that block")
    document = spec.model_dump(mode="json")
    rules = {name: _policy(spec, name) for name in policies or ("",)}
    found, aside = history(files.as_csv(file), DataContract.of(document["data"]), spec.target)
    begin, last = found.times[0], found.times[-1]
    until = _time(first) if first else begin + FIRST_SHARE * (last - begin)
    window = days * DAY if days else max(DAY, -(-(last - until) / WINDOWS // DAY) * DAY)
    with trainer(folder, spec, python) as scripts:
        made = played.Replay(document, found, scripts, until, window, _drift_check(spec, found.header, window) if drift else None)
        told = played.play(document, made, rules)
    return {**told, "policies": {name or "spec": course for name, course in told["policies"].items()}, "rows": len(found.rows), "set_aside": aside}


def _time(text: str) -> float:
    try:
        return parse_timestamp(text)
    except ValueError as error:
        raise CliError(f"--first: found {text!r}, expected a date or a time, such as 2024-03-01") from error


def _policy(spec: ModelSpec, text: str) -> "Policy":
    """The spec's `heal` block with some fields changed: `name=value,…`, a value as in YAML, `on` with + between causes."""
    from noria.healing.policy import Policy

    block: Json = spec.heal.model_dump(mode="json")
    wanted = f"expected name=value,… with fields of heal ({', '.join(block)}), such as cooldown_days=3,budget={{a_month: 20, per_hour: 0.23}}"
    try:
        changed = yaml.load("{" + NAMED.sub(r"\1: ", text) + "}", Loader=specs.Loader)  # noqa: S506 - a SafeLoader with fewer booleans
    except yaml.YAMLError as error:
        raise CliError(f"--policy: found {text!r}, {wanted}") from error
    if unknown := [name for name, value in changed.items() if name not in block or (value is None and f"{name}=" not in text)]:
        raise CliError(f"--policy: found {unknown[0]!r}, {wanted}")
    if "on" in changed:
        changed["on"] = [word for word in str(changed["on"] or "").split("+") if word]
    try:
        return Policy.of(HealSpec.model_validate({**block, **changed}).model_dump(mode="json"))
    except ValidationError as error:
        raise CliError(f"--policy {text}: {specs.sentence(error.errors()[0], HealSpec)}") from error


def _drift_check(spec: ModelSpec, header: list[str], window: float) -> Any:
    """The drift verdict of production on rows of the history; what a reference shows from block to block is found once."""
    from noria.monitoring import drift
    from noria.profile.baseline import profile_rows, rows_by_time

    known = {name for name, column in spec.data.columns.items() if column.drift != "ignore" and name != spec.target}
    ignored = [name for name in header if name not in known]
    kept: dict[int, Any] = {}

    def check(before: "Sequence[Sequence[str]]", now: "Sequence[Sequence[str]]") -> tuple[str, list[str]]:
        if len(before) not in kept:
            kept.clear()
            blocks = [profile_rows(header, rows) for rows in rows_by_time(before, header.index(str(spec.data.time)), window)]
            kept[len(before)] = (profile_rows(header, before), blocks)
        reference, blocks = kept[len(before)]
        judged = drift.check(reference, profile_rows(header, now), blocks, ignored, tolerated=spec.data.bad_rows.at_most)
        return str(judged["verdict"]), [name for name, column in judged["columns"].items() if column["drifted"]]

    return check


class Scripts:
    """A trainer that runs the project's own scripts in the environment of its image."""

    def __init__(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        self._process, self._folder, self._number = process, folder, 0

    def fit(self, train: str) -> str:
        self._number += 1
        name = str(self._number)
        (self._folder / name / "train").mkdir(parents=True)
        (self._folder / name / "train" / "train.csv").write_text(train)
        self._ask({"fit": str(self._folder / name)}, "the training script")
        return name

    def predict(self, model: str, features: str) -> list[str]:
        from noria.training.score_holdout import first_column

        answers = first_column(str(self._ask({"predict": str(self._folder / model), "rows": features}, "inference.py")["answer"]))
        if len(answers) != features.count("\n"):
            raise CliError(f"inference.py answered {len(answers)} lines for {features.count(chr(10))} rows; output_fn must write one line a row")
        return answers

    def _ask(self, asked: Json, who: str) -> Json:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        told: Json = json.loads(line) if line else {"error": "its process has ended; is memory short?"}
        if "error" in told:
            raise CliError(f"{who} failed: {told['error']}")
        return told


@contextmanager
def trainer(folder: Path, spec: ModelSpec, python: Path | None) -> Iterator[Scripts]:
    """The project's scripts, or those that `noria init` writes where the folder has none."""
    starting.check_scripts(folder, spec)
    with tempfile.TemporaryDirectory(prefix="noria-replay-") as scratch:
        project = folder.resolve()
        if not (project / spec.train.entry).is_file():
            project = Path(scratch) / "project"
            project.mkdir()
            for name, text in starting.scripts(spec).items():
                (project / name).write_text(text)
        needs = project / "requirements.txt"
        found = python or environment(spec, needs if needs.is_file() else None)
        named = json.dumps(spec.train.hyperparameters if project == folder.resolve() else {})
        command = [
            str(found),
            str(Path(__file__).with_name("script_worker.py")),
            str(project),
            spec.train.entry if project == folder.resolve() else "train.py",
            named,
        ]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**THREADS, **os.environ, "PYTHONPATH": str(project)})
        try:
            yield Scripts(process, Path(scratch))
        finally:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream:
                    stream.close()


def environment(spec: ModelSpec, requirements: Path | None) -> Path:
    """The interpreter of the environment that stands for the spec's image; built where it is not there yet.

    Raises:
        CliError: there is none for this image, or it cannot be built.
    """
    uri = images.resolve(spec.train.image, REGION)["training"]
    settings = {"NORIA_IMAGES": str(ROOT / ".noria" / "images"), "NORIA_UV": str(ROOT / ".noria" / "uv" / "bin" / "uv"), "PYTHONPATH": str(ROOT)}
    command = [
        str(ROOT / ".noria" / "envs" / "local" / "bin" / "python"),
        "-m",
        "local.sagemaker.pull",
        uri.partition("/")[2],
        *([str(requirements)] if requirements else []),
    ]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **settings})
    except OSError as error:
        raise CliError(f"the environments are not set up ({error.strerror}); run: make setup") from error
    if ended.returncode:
        raise CliError(f"no environment for {uri}: {(ended.stderr.strip().splitlines() or ['no reason was given'])[-1]}")
    return Path(ended.stdout.strip())


def show(told: Json, plot: Path | None) -> None:
    """A table of the courses, what was done when, and where the plot is."""
    several = len(told["policies"]) > 1
    managed = {f"managed {number}" if several else "managed": course for number, course in enumerate(told["policies"].values(), start=1)}
    courses = {**managed, "every window": told["every_window"], "frozen": told["frozen"]}
    table = Table(box=None, pad_edge=False)
    for name in ("", f"mean {told['metric']}", "retrainings", "alarms", "training"):
        table.add_column(name, justify="left" if not name else "right")
    for name, course in courses.items():
        table.add_row(name, f"{course['mean']:.3f}", str(course["retrainings"]), str(course["alarms"]), f"{course['train_seconds']:.0f} s")
    render.console.print(f"{told['rows']:,} rows in {len(told['windows'])} windows from {told['windows'][0][:10]}; {told['set_aside']} set aside")
    render.console.print(table)
    for (name, course), policy in zip(managed.items(), told["policies"], strict=True):
        if several:
            render.console.print(Text(f"{name}: {policy}"))
        for event in course["events"]:
            render.console.print(Text(f"  {event['time'][:10]}  {event['what']}"))
        for wait in course["waited"]:
            render.console.print(Text(f"  nothing trained after {wait['windows']} windows with a cause, the last time since {wait['last']}", style="dim"))
    render.console.print(plotting.spark({name: course["series"] for name, course in courses.items()}))
    if plot:
        render.console.print(f"wrote {plot}")


def draw(told: Json, path: Path) -> None:
    """The courses as a picture.

    Raises:
        CliError: it cannot be written.
    """
    courses = {"managed": told["managed"]["series"], "retrained every window": told["every_window"]["series"], "frozen": told["frozen"]["series"]}
    marks = [(event["time"], event["what"]) for event in told["managed"]["events"]]
    files.write(path, plotting.series(told["windows"], courses, told["metric"], marks))
