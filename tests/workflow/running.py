"""Executions of the real machines: each task's call is answered by a function of the test."""

import json
import os
import re
import subprocess
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

Json = dict[str, Any]
ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".noria" / "envs" / "local" / "bin" / "python"
EXECUTION_ROLE = "arn:aws:iam::123456789012:role/execution"
TRAINING_ROLE = "arn:aws:iam::123456789012:role/TrainingRole"
PROCESSING_ROLE = "arn:aws:iam::123456789012:role/ProcessingRole"
MACHINES = {path.name.removesuffix(".asl.yaml"): yaml.safe_load(path.read_text()) for path in sorted((ROOT / "statemachines").rglob("*.asl.yaml"))}


class Failure(Exception):
    """What a task's call fails with."""

    def __init__(self, error: str, cause: str = "told by the test") -> None:
        super().__init__(error)
        self.error, self.cause = error, cause


@dataclass(frozen=True)
class Call:
    """One call of a task.

    Attributes:
        machine: whose task it is.
        resource: the integration's ARN without `arn:aws:states:::`.
        request: its arguments, as the expressions made them.
        error: the name of the error that it was answered with, or nothing.
    """

    machine: str
    state: str
    resource: str
    request: Json
    error: str | None = None


@dataclass
class Execution:
    """One execution from its start to its end; `states` are those it entered, in order, `waits` the seconds of each Wait."""

    machine: str
    name: str
    calls: list[Call] = field(default_factory=list)
    status: str = ""
    output: Any = None
    error: str | None = None
    cause: str | None = None
    states: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def requests(self, state: str) -> list[Json]:
        """What a state asked, each time it did."""
        return [call.request for call in self.calls if call.state == state]

    def after(self, state: str) -> str:
        """Which state was entered next."""
        return self.states[self.states.index(state) + 1]


#: Answers a call with its result, or raises `Failure`.
Answers = Callable[[Call], Any]


class Interpreter:
    """The interpreter's process, with every machine of the application made in it."""

    def __init__(self) -> None:
        retained = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON", "VIRTUAL_ENV"))}
        account = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
        emulator = {"GATEWAY_PORT": "1", "NORIA_WORK": os.devnull, "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            [str(PYTHON), str(Path(__file__).with_name("interpreter.py"))],
            env={**retained, **account, **emulator},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for machine, definition in MACHINES.items():
            self._say({"machine": machine, "definition": filled(definition)})

    def run(self, machine: str, event: Json, answers: Answers) -> Execution:
        """One execution to its end. `answers` may run another one meanwhile."""
        execution = Execution(machine, uuid.uuid4().hex)
        self._say({"machine": machine, "name": execution.name, "input": event})
        while "ended" not in (message := self._heard()):
            call = Call(machine, message["state"], message["resource"].removeprefix("arn:aws:states:::"), message["request"])
            assert message["execution"] == execution.name, "another execution is still running"
            try:
                answer, error = {"result": answers(call)}, None
            except Failure as failure:
                answer, error = {"error": failure.error, "cause": failure.cause}, failure.error
            execution.calls.append(replace(call, error=error))
            self._say({"call": message["call"], **answer})
        for name in ("status", "output", "error", "cause", "states", "waits"):
            setattr(execution, name, message[name])
        return execution

    def close(self) -> None:
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(10)

    def _say(self, message: Json) -> None:
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def _heard(self) -> Json:
        line = self._process.stdout.readline()
        assert line, "the interpreter ended"
        return json.loads(line)


def filled(definition: Json) -> str:
    """The definition with each `${Name}` as that name, but for the roles, which are long enough to be ARNs."""
    roles = {"ExecutionRole": EXECUTION_ROLE, "TrainingRole": TRAINING_ROLE, "ProcessingRole": PROCESSING_ROLE}
    return re.sub(r"\$\{(\w+)\}", lambda name: roles.get(name[1], name[1]), json.dumps(definition))
