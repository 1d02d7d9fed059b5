"""Runs a model project's scripts in the environment of its image: one JSON request a line in, one answer a line out.

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

Json = dict[str, Any]
#: A few versions are kept in memory.
KEPT = 8


def _guarded(does: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    """What the user's script returns, or whatever it raises."""
    try:
        return does(), None
    except BaseException as raised:
        return None, raised


class Worker:
    """One project's scripts."""

    def __init__(self, project: Path, entry: str, hyperparameters: Json) -> None:
        self._project, self._entry, self._hyperparameters = project, entry, hyperparameters
        self._inference: Any = None
        self._models: dict[str, Any] = {}
        sys.path.insert(0, str(project))

    def fit(self, folder: Path) -> Json:
        """Train in a child, so that nothing of one training is left for the next."""
        (folder / "model").mkdir(parents=True, exist_ok=True)
        words = folder / "log.txt"
        child = os.fork()
        if not child:
            os._exit(self._train(folder, words))
        _, status = os.waitpid(child, 0)
        if status:
            return {"error": words.read_text()[-2_000:].strip() or f"{self._entry} ended with status {status}"}
        return {"ok": True}

    def _train(self, folder: Path, words: Path) -> int:
        with words.open("w") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
            named = {name: str(value) for name, value in self._hyperparameters.items()}
            os.environ |= {"SM_CHANNEL_TRAIN": str(folder / "train"), "SM_MODEL_DIR": str(folder / "model"), "SM_OUTPUT_DATA_DIR": str(folder)}
            os.environ |= {f"SM_HP_{name.upper()}": value for name, value in named.items()} | {"SM_NUM_CPUS": str(os.cpu_count()), "SM_NUM_GPUS": "0"}
            parts = [part for name in sorted(named) for part in (f"-{name}" if len(name) == 1 else f"--{name}", named[name])]
            sys.argv = [self._entry, *parts]
            os.chdir(self._project)
            _, ended = _guarded(lambda: runpy.run_path(str(self._project / self._entry), run_name="__main__"))
            if ended:
                traceback.print_exception(ended)
            sys.stdout.flush()
            sys.stderr.flush()
            return int(bool(ended.code if isinstance(ended, SystemExit) else ended))

    def serve(self, asked: "Connection[Json, Json]", other: "Connection[Json, Json]") -> None:
        """Predict, in a process of its own: threads that a prediction starts would not survive the fork of a training.

        Args:
            other: the asking end, which is not this process's: it ends when nobody holds it any more.
        """
        other.close()
        while True:
            try:
                request = asked.recv()
            except EOFError:
                return
            asked.send(self.predict(Path(request["predict"]), request["rows"]))

    def predict(self, folder: Path, rows: str) -> Json:
        def answered() -> Json:
            script = self._script()
            if str(folder) not in self._models:
                self._models[str(folder)] = script.model_fn(str(folder / "model"))
                self._models = dict(list(self._models.items())[-KEPT:])
            found = script.predict_fn(script.input_fn(rows, "text/csv"), self._models[str(folder)])
            answer = script.output_fn(found, "text/csv")
            return {"answer": answer[0] if isinstance(answer, tuple) else answer}

        told, raised = _guarded(answered)
        return told or {"error": "".join(traceback.format_exception(raised))[-2_000:]}

    def _script(self) -> Any:
        if self._inference is None:
            spec = importlib.util.spec_from_file_location("inference", self._project / "inference.py")
            assert spec is not None
            assert spec.loader is not None
            self._inference = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(self._inference)
        return self._inference


def main(arguments: list[str]) -> None:
    """Answer requests until the input ends; what the scripts print goes to the error output."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = Worker(Path(arguments[0]), arguments[1], json.loads(arguments[2]))
    for name in ("pandas", "sklearn.ensemble", "joblib"):
        # Once for all the trainings that follow, where the image has them.
        if importlib.util.find_spec(name.split(".")[0]):
            __import__(name)
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    context.Process(target=worker.serve, args=(there, here), daemon=True).start()
    there.close()
    for line in sys.stdin:
        asked = json.loads(line)
        if "fit" in asked:
            told = worker.fit(Path(asked["fit"]))
        else:
            here.send(asked)
            told = here.recv()
        answers.write(json.dumps(told) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
