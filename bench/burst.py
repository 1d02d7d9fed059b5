"""A burst of uploads on the local AWS: many models at once, every ingest through, and how many function workers and how much memory that takes.

The reference is the same uploads one after the other, measured on a few of them before the burst.
"""

import os
import re
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.results import FOLDER, ROOT, Result
from cli.base.session import Session
from cli.project.publish import publish
from local import lifecycle, usage

MODELS, UPLOADS, ONE_MODEL = 20, 100, 40
#: Uploads whose mean time alone is the reference, and uploads before, whose functions start cold.
ALONE, COLD = 10, 2
ROWS = 30
#: An upload starts so long after the one before (seconds): a hundred in two seconds.
APART_SECONDS = 0.02
#: What still runs then is told as running.
LIMIT_SECONDS = 900.0
LOOK_SECONDS = 0.5
SPEC = """name: {name}
task: binary
target: y
data:
  key: [id]
  columns:
    x: {{type: number}}
  min_rows: 20
train: {{image: sklearn, entry: train.py}}
evaluate:
  split: {{by: random, test: 0.2}}
  gates:
    - {{metric: accuracy, at_least: 0.5}}
"""
#: Every accepted upload is trained on, as it would be: by a script that takes no time.
TRAIN = """import os
with open(os.environ["SM_MODEL_DIR"] + "/model.txt", "w") as file:
    file.write("1")
"""
INFERENCE = """class Constant:
    def predict(self, rows):
        return [1 for _ in rows]
def model_fn(folder):
    return Constant()
def input_fn(body, content_type):
    return body.splitlines()
def output_fn(predictions, accept):
    return "".join(f"{value}\\n" for value in predictions), "text/csv"
"""


@dataclass
class Peak:
    """The most that was seen while something ran.

    Attributes:
        memory_mb: megabytes of every process of the local AWS.
        workers: processes of functions.
    """

    memory_mb: float = 0.0
    workers: int = 0
    _ended: threading.Event = field(default_factory=threading.Event)

    def watch(self, leader: int) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            pids = usage.session(leader)
            self.memory_mb = max(self.memory_mb, usage.of(pids).memory_mb)
            self.workers = max(self.workers, len(_workers(pids)))

    @contextmanager
    def of(self, leader: int) -> Iterator["Peak"]:
        thread = threading.Thread(target=self.watch, args=(leader,))
        thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            thread.join()


def measure() -> Result:
    """Seconds of the burst over all models, against those of its uploads one after the other."""
    parts: dict[str, Any] = {}
    with _running(1) as (session, machine, leader):
        for number in range(COLD):
            _send(session, machine, ["burst0"], f"cold{number}")
        alone = sum(_send(session, machine, ["burst0"], f"alone{number}") for number in range(ALONE)) / ALONE
        parts["one upload alone"] = f"{alone:.2f} s"
    for models, uploads in ((1, ONE_MODEL), (MODELS, UPLOADS)):
        with _running(models) as (session, machine, leader), Peak().of(leader) as peak:
            seconds = _send(session, machine, [f"burst{number % models}" for number in range(uploads)], "burst")
            ended = ", ".join(f"{count} {status}" for status, count in _statuses(session, machine).items())
        parts[f"{uploads} uploads, models: {models}"] = f"{seconds:.1f} s, {ended}; at most {peak.workers} workers, {peak.memory_mb:,.0f} MB"
    return Result("burst", round(seconds, 1), round(alone * UPLOADS, 1), "s", f"{UPLOADS} uploads of {MODELS} models at once, and one after the other", parts)


@contextmanager
def _running(models: int) -> Iterator[tuple[Session, str, int]]:
    """A local AWS of its own with the application and so many models on it, ended at last: the stack, its machine of ingest, the gateway's process."""
    before, os.environ["NORIA_HOME"] = os.environ.get("NORIA_HOME"), str(FOLDER / "burst")
    try:
        aws = lifecycle.up(1.0)
        subprocess.run([str(ROOT / "scripts" / "deploy.sh"), "local"], check=True, capture_output=True)
        session = Session()
        with tempfile.TemporaryDirectory() as folder:
            for number in range(models):
                publish(session, _project(Path(folder) / str(number), f"burst{number}"))
        yield session, _ingest_machine(session), aws.pid
    finally:
        lifecycle.down()
        del os.environ["NORIA_HOME"]
        if before:
            os.environ["NORIA_HOME"] = before


def _project(folder: Path, name: str) -> Path:
    folder.mkdir()
    for file, text in (("model.yaml", SPEC.format(name=name)), ("train.py", TRAIN), ("inference.py", INFERENCE), ("requirements.txt", "")):
        (folder / file).write_text(text)
    return folder


def _send(session: Session, machine: str, models: list[str], name: str) -> float:
    """Upload a file to each of some models; seconds until the execution of each has ended, or the limit."""
    began, before = time.monotonic(), sum(_statuses(session, machine).values())
    with ThreadPoolExecutor(len(models)) as pool:
        for number, model in enumerate(models):
            pool.submit(_upload, session, model, f"{name}-{number}")
            time.sleep(max(0.0, began + (number + 1) * APART_SECONDS - time.monotonic()))
    _until(lambda: _are_through(_statuses(session, machine), before + len(models)))
    return time.monotonic() - began


def _upload(session: Session, model: str, name: str) -> None:
    body = "id,x,y\n" + "".join(f"{name}-{row},{row},{row % 2}\n" for row in range(ROWS))
    session.s3.put_object(Bucket=session.outputs["LakeBucket"], Key=f"incoming/{model}/{name}.csv", Body=body.encode())


def _are_through(statuses: Counter[str], expected: int) -> bool:
    return sum(statuses.values()) >= expected and not statuses["RUNNING"]


def _ingest_machine(session: Session) -> str:
    machines = session.client("stepfunctions").list_state_machines()["stateMachines"]
    return next(str(item["stateMachineArn"]) for item in machines if re.search("ingest", item["name"], re.IGNORECASE))


def _statuses(session: Session, machine: str) -> Counter[str]:
    pages = session.client("stepfunctions").get_paginator("list_executions").paginate(stateMachineArn=machine)
    return Counter(execution["status"] for page in pages for execution in page["executions"])


def _workers(pids: set[int]) -> list[int]:
    listing = subprocess.run(["ps", "-o", "pid=,args=", "-p", ",".join(map(str, pids)) or "0"], capture_output=True, text=True).stdout
    return [int(line.split()[0]) for line in listing.splitlines() if "ministack-lambda-" in line]


def _until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + LIMIT_SECONDS
    while not holds() and time.monotonic() < ends:
        time.sleep(LOOK_SECONDS)
