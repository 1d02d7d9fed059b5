"""Traffic for an endpoint, and versions that go well or wrong under it."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from botocore.exceptions import ClientError

from cli.base import ledger
from cli.base.session import Session
from cli.data.progress import Stage
from cli.project.publish import publish
from tests.local.small_model import INFERENCE, data, loop, project

#: Answers half of the requests with an error, but in its evaluation.
SPOILED = INFERENCE.replace(
    "def output_fn",
    """import os, random
def predict_fn(rows, model):
    if os.environ.get("SAGEMAKER_BATCH") != "true" and random.random() < 0.5:
        raise ValueError("spoiled")
    return model.predict(rows)
def output_fn""",
)


class Client:
    """Keeps asking an endpoint; counts who answered, what the model failed, and what failed besides."""

    def __init__(self, stack: Session, model: str, rps: float, own: str) -> None:
        self._own = own
        self._runtime, self._endpoint, self._pause = stack.runtime, stack.endpoint(model), 1 / rps
        self.served, self.model_errors, self.failed, self.going = Counter[str](), 0, list[str](), True

    def run(self) -> None:
        while self.going:
            try:
                answer = self._runtime.invoke_endpoint(EndpointName=self._endpoint, ContentType="text/csv", Accept="text/csv", Body=f"{random.random() * 10}\n")
                self.served[answer["InvokedProductionVariant"]] += 1
            except ClientError as error:
                if self._own in str(error):
                    self.model_errors += 1
                else:
                    self.failed.append(str(error))
            time.sleep(self._pause)


@contextmanager
def asking(stack: Session, model: str, rps: float = 40, own: str = "spoiled") -> Iterator[Client]:
    """A client in the background; `own` marks what is the model's own error."""
    client = Client(stack, model, rps, own)
    thread = threading.Thread(target=client.run)
    thread.start()
    try:
        yield client
    finally:
        client.going = False
        thread.join()


def serving(spoil: str) -> str:
    """The code of a version that behaves otherwise where it serves than in its evaluation."""
    return INFERENCE.replace(
        "def output_fn", f"import os, random, signal, threading, time\nserves = os.environ.get('SAGEMAKER_BATCH') != 'true'\n{spoil}\ndef output_fn"
    )


#: Versions that pass every check before they take traffic, and the words of the guard that undoes them.
SPOILT = {
    "dies": (
        "def predict_fn(rows, model):\n    if serves and random.random() < 0.2:\n        os.kill(os.getpid(), signal.SIGKILL)\n    return model.predict(rows)",
        "errors",
    ),
    "slow under load": (
        "lock = threading.Lock()\ndef predict_fn(rows, model):\n    if serves:\n        with lock:\n            time.sleep(0.3)\n    return model.predict(rows)",
        "slow",
    ),
    "answers nonsense": ("def predict_fn(rows, model):\n    return [7 if serves else value for value in model.predict(rows)]", "broken answers"),
}
#: A rate of errors that some forty requests without one are below.
QUICK = "guard: {errors: {tolerated: 0.1}, answers: {tolerated: 0.1}}"


def served(stack: Session, name: str, tmp_path: Path) -> None:
    """A first version that serves."""
    project(tmp_path / "p", name)
    with_rollout(tmp_path, f"{{{QUICK}}}")
    publish(stack, tmp_path / "p")
    assert loop(stack, name, data(tmp_path))[-1].verdict == "completed"


def second(stack: Session, name: str, tmp_path: Path) -> Stage:
    """A second version, trained on a world that has changed; its release."""
    return loop(stack, name, data(tmp_path, "changed.csv", rows=400, seed=3))[-1]


def ended(stack: Session, name: str) -> list[dict]:
    """Releases that are no longer under way, newest first."""
    return [item for item in ledger.read(stack, name).releases if item["status"] != "running"]


def with_rollout(tmp_path: Path, rollout: str) -> None:
    """Write the spec's rollout block anew."""
    spec = tmp_path / "p" / "model.yaml"
    spec.write_text(spec.read_text().split("rollout:")[0] + f"rollout: {rollout}\n")
