"""Runs a project's scripts in the environment of its image: one JSON request a line in, one JSON answer a line out.

usage: python script_worker.py PROJECT ENTRY HYPERPARAMETERS-AS-JSON
`{"fit": FOLDER}` trains on FOLDER/train/*.csv into FOLDER/model, in a process of its own; `{"predict": FOLDER, "rows": CSV}`
answers by inference.py with the model in FOLDER/model. Arguments and variables are those of SageMaker's script mode.
"""

import importlib.util
import json
import multiprocessing
import os
import runpy
import sys
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

#: `{"fit": folder}`, or `{"predict": folder, "rows": CSV}`.
Request = dict[str, str]
#: `{"ok": true}`, `{"answer": CSV}` or `{"error": text}`.
Answer = dict[str, str | bool]
#: Models that the worker holds in memory, and characters of an error that it reports.
MOST_MODELS, MOST_CHARACTERS = 8, 2_000


def _guarded(call: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    """The result of the user's script, or its exception."""
    try:
        return call(), None
    except BaseException as error:
        return None, error


class Worker:
    """One project's scripts."""

    def __init__(self, project: Path, entry: str, hyperparameters: "dict[str, object]") -> None:
        self._project, self._entry, self._hyperparameters = project, entry, hyperparameters
        self._inference: Any = None
        self._models: dict[str, Any] = {}
        sys.path.insert(0, str(project))

    def fit(self, folder: Path) -> Answer:
        """Train in a child process, so that nothing of one training is left for the next."""
        (folder / "model").mkdir(parents=True, exist_ok=True)
        log = folder / "log.txt"
        child = os.fork()
        if not child:
            os._exit(self._train(folder, log))
        _, status = os.waitpid(child, 0)
        if status:
            return {"error": log.read_text()[-MOST_CHARACTERS:].strip() or f"{self._entry} ended with status {status}"}
        return {"ok": True}

    def _train(self, folder: Path, log_file: Path) -> int:
        with log_file.open("w") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
            parameters = {name: str(value) for name, value in self._hyperparameters.items()}
            os.environ |= {"SM_CHANNEL_TRAIN": str(folder / "train"), "SM_MODEL_DIR": str(folder / "model"), "SM_OUTPUT_DATA_DIR": str(folder)}
            os.environ |= {f"SM_HP_{name.upper()}": value for name, value in parameters.items()} | {"SM_NUM_CPUS": str(os.cpu_count()), "SM_NUM_GPUS": "0"}
            parts = [part for name in sorted(parameters) for part in (f"-{name}" if len(name) == 1 else f"--{name}", parameters[name])]
            sys.argv = [self._entry, *parts]
            os.chdir(self._project)
            _, error = _guarded(lambda: runpy.run_path(str(self._project / self._entry), run_name="__main__"))
            if error:
                traceback.print_exception(error)
            sys.stdout.flush()
            sys.stderr.flush()
            return int(bool(error.code if isinstance(error, SystemExit) else error))

    def serve(self, requests: "Connection[Answer, Request]", caller: "Connection[Request, Answer]") -> None:
        """Predict, in a process of its own: threads that a prediction starts would not survive the fork of a training.

        Args:
            caller: the caller's end, which this process closes: the pipe ends when nobody holds it any more.
        """
        caller.close()
        while True:
            try:
                request = requests.recv()
            except EOFError:
                return
            requests.send(self.predict(Path(request["predict"]), request["rows"]))

    def predict(self, folder: Path, rows: str) -> Answer:
        """Predict by inference.py with the model in a folder."""

        def call() -> Answer:
            script = self._script()
            if str(folder) not in self._models:
                self._models[str(folder)] = script.model_fn(str(folder / "model"))
                self._models = dict(list(self._models.items())[-MOST_MODELS:])
            model = self._models[str(folder)]
            if hasattr(script, "transform_fn"):
                answer = script.transform_fn(model, rows, "text/csv", "text/csv")
            else:
                answer = script.output_fn(script.predict_fn(script.input_fn(rows, "text/csv"), model), "text/csv")
            if hasattr(answer, "get_data"):
                raise ValueError(answer.get_data(as_text=True))
            return {"answer": answer[0] if isinstance(answer, tuple) else answer}

        result: tuple[Answer | None, BaseException | None] = _guarded(call)
        answer, error = result
        return answer or {"error": "".join(traceback.format_exception(error))[-MOST_CHARACTERS:]}

    def _script(self) -> Any:
        if self._inference is None:
            spec = importlib.util.spec_from_file_location("inference", self._project / "inference.py")
            assert spec is not None
            assert spec.loader is not None
            self._inference = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(self._inference)
        return self._inference


def main(arguments: list[str]) -> None:
    """Answer requests until the input ends; the scripts print to the error output."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = Worker(Path(arguments[0]), arguments[1], json.loads(arguments[2]))
    for name in ("pandas", "sklearn.ensemble", "joblib"):
        # Imported once for all the trainings that follow, where the image has them.
        if importlib.util.find_spec(name.split(".")[0]):
            __import__(name)
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    context.Process(target=worker.serve, args=(there, here), daemon=True).start()
    there.close()
    for line in sys.stdin:
        request = json.loads(line)
        if "fit" in request:
            answer = worker.fit(Path(request["fit"]))
        else:
            here.send(request)
            answer = here.recv()
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
