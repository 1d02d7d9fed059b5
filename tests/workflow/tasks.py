"""The tasks of the machines, how each may fail, and a stage that plays a route with and without failures."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.workflow.routes import routes
from tests.workflow.running import MACHINES, Call, Execution, Failure, Interpreter, Json
from tests.workflow.world import World

#: Errors that no state names: one that a service or a function may raise at any time, and the interpreter's own.
UNFORESEEN = ("UnforeseenError", "States.TaskFailed", "States.Timeout")


@dataclass(frozen=True, eq=False)
class Task:
    """A task that can fail.

    Attributes:
        within: the Map that it belongs to, or nothing.
        catch: by state, the catchers that its errors meet, in that order: its own, and its Map's.
    """

    machine: str
    state: str
    within: str | None
    retry: tuple[Json, ...]
    catch: dict[str, tuple[Json, ...]]

    def __str__(self) -> str:
        return f"{self.machine}: {self.state}"

    def retried(self) -> list[str]:
        return [error for rule in self.retry for error in rule["ErrorEquals"]]

    def errors(self) -> list[str]:
        """What its catchers name, and what nobody names."""
        named = [error for rules in self.catch.values() for rule in rules for error in rule["ErrorEquals"] if error != "States.ALL"]
        return list(dict.fromkeys([*named, *UNFORESEEN]))

    def catcher(self, error: str) -> tuple[str, int] | None:
        """The state and the place of the catcher that takes an error; nothing where it ends the execution."""
        rules = ((state, i, rule) for state, item in self.catch.items() for i, rule in enumerate(item))
        return next(((state, i) for state, i, rule in rules if {error, "States.ALL"} & set(rule["ErrorEquals"])), None)

    def target(self, error: str) -> str | None:
        """The state that an error leads to; nothing where it ends the execution."""
        if (catcher := self.catcher(error)) is None:
            return None
        state, i = catcher
        return self.catch[state][i]["Next"]


def tasks() -> Iterator[Task]:
    for machine, definition in MACHINES.items():
        for name, state in definition["States"].items():
            catch = {name: tuple(state.get("Catch", ()))}
            if state["Type"] == "Task":
                yield Task(machine, name, None, tuple(state["Retry"]), catch)
            for inner, task in _inner_tasks(state):
                yield Task(machine, inner, name, tuple(task["Retry"]), {inner: tuple(task.get("Catch", ())), **catch})


def _inner_tasks(state: Json) -> list[tuple[str, Json]]:
    return [(name, inner) for name, inner in state.get("ItemProcessor", {}).get("States", {}).items() if inner["Type"] == "Task"]


def failures() -> Iterator[tuple[Task, str]]:
    """Every task with every error that its catchers name, and with those that nobody names."""
    for task in tasks():
        yield from ((task, error) for error in task.errors() if error not in task.retried())


class Stage:
    """Plays each route, with and without failures, once."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter, self._played = interpreter, dict[Any, Execution]()

    def routes(self, machine: str) -> list[Execution]:
        """Every way through when nothing fails."""
        return [self._play(machine, route) for route in routes()[machine]]

    def unharmed(self, task: Task) -> Execution:
        """The first route that takes a task, when nothing fails."""
        return self._play(task.machine, self._route(task))

    def failing(self, task: Task, *errors: str, forever: bool = False) -> Execution:
        """That route when the task fails with each error in turn, before it is answered; or with them for ever."""
        return self._play(task.machine, self._route(task), task.state, *errors, *([...] if forever else []))

    def _route(self, task: Task) -> str:
        return next(route for route in routes()[task.machine] if task.state in self._play(task.machine, route).states)

    def _play(self, machine: str, route: str, state: str = "", *errors: Any) -> Execution:
        key = (machine, route, state, *errors)
        if key not in self._played:
            event, differences = routes()[machine][route]
            faults = copy.deepcopy(differences.get("faults", {}))
            if state:
                faults[f"{machine}: {state}"] = [error if error is ... else Failure(error, f"{state} failed") for error in errors]
            self._played[key] = World(self._interpreter, **{**differences, "faults": faults}).play(machine, event)
        return self._played[key]


def asked_by(execution: Execution, task: Task) -> list[Call]:
    """The calls of a task; of one within a map, those of its first item."""
    calls = [call for call in execution.calls if call.state == task.state]
    return [call for call in calls if task.within is None or call.request == calls[0].request]
