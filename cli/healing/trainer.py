"""Trains and predicts by a project's own scripts, in the environment of its image."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from cli.base.errors import CliError
from cli.base.paths import ROOT
from cli.project import images, scripts
from noria.spec import ModelSpec

#: Many small trainings are fastest with one thread each; and no thread may run where a training is forked off.
THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
#: An image's region does not matter to the environment that stands for it.
REGION = "us-east-1"
WORKER = Path(__file__).with_name("script_worker.py")


class Answer(TypedDict, total=False):
    """An answer of the worker: `ok` of a training, `answer` of a prediction, or the script's `error`."""

    ok: bool
    answer: str
    error: str


class Scripts:
    """A trainer that runs the project's scripts in one worker process."""

    def __init__(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        self._process, self._folder, self._number = process, folder, 0

    def fit(self, train: str) -> str:
        """Train on CSV rows with a header; the name of the model."""
        self._number += 1
        name = str(self._number)
        (self._folder / name / "train").mkdir(parents=True)
        (self._folder / name / "train" / "train.csv").write_text(train)
        self._request({"fit": str(self._folder / name)}, "the training script")
        return name

    def predict(self, model: str, features: str) -> list[str]:
        """The prediction of each CSV row without a header."""
        from noria.training.predictions import first_column

        answer = self._request({"predict": str(self._folder / model), "rows": features}, "inference.py")
        predictions = first_column(answer["answer"])
        if len(predictions) != features.count("\n"):
            raise CliError(f"inference.py answered {len(predictions)} lines for {features.count(chr(10))} rows; output_fn must write one line a row")
        return predictions

    def _request(self, request: Mapping[str, str], script: str) -> Answer:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        answer: Answer = json.loads(line) if line else {"error": "its process has ended; is memory short?"}
        if "error" in answer:
            raise CliError(f"{script} failed: {answer['error']}")
        return answer


@contextmanager
def trainer(folder: Path, spec: ModelSpec, python: Path | None) -> Iterator[Scripts]:
    """The scripts of a project, or those of `noria init` where the folder has none.

    Args:
        python: the interpreter of the image's environment; by default that of the spec's image.
    """
    scripts.check_columns(folder, spec)
    with tempfile.TemporaryDirectory(prefix="noria-replay-") as scratch:
        project, entry, hyperparameters = folder.resolve(), spec.train.entry, spec.train.hyperparameters
        if not (project / entry).is_file():
            project, entry, hyperparameters = Path(scratch) / "project", "train.py", {}
            project.mkdir()
            for name, text in scripts.scripts_for(spec).items():
                (project / name).write_text(text)
        requirements = project / "requirements.txt"
        interpreter = python or environment(spec, requirements if requirements.is_file() else None)
        command = [str(interpreter), str(WORKER), str(project), entry, json.dumps(hyperparameters)]
        variables = {**THREADS, **os.environ, "PYTHONPATH": str(project)}
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=variables)
        try:
            yield Scripts(process, Path(scratch))
        finally:
            _end(process)


def _end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream:
            stream.close()


def environment(spec: ModelSpec, requirements: Path | None) -> Path:
    """The interpreter of the environment that stands for the spec's image; built at first use.

    Raises:
        CliError: no environment stands for this image, or it cannot be built.
    """
    uri = images.resolve(spec.train.image, REGION)["training"]
    settings = {"NORIA_IMAGES": str(ROOT / ".noria" / "images"), "NORIA_UV": str(ROOT / ".noria" / "uv" / "bin" / "uv"), "PYTHONPATH": str(ROOT)}
    python = ROOT / ".noria" / "envs" / "local" / "bin" / "python"
    command = [str(python), "-m", "local.sagemaker.pull", uri.partition("/")[2], *([str(requirements)] if requirements else [])]
    try:
        result = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **settings})
    except OSError as error:
        raise CliError(f"the environments are not set up ({error.strerror}); run: make setup") from error
    if result.returncode:
        raise CliError(f"no environment for {uri}: {(result.stderr.strip().splitlines() or ['no reason was given'])[-1]}")
    return Path(result.stdout.strip())
