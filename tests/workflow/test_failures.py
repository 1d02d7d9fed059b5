"""Every task of every machine fails in every way that it knows of, and in some that it does not."""

import itertools
import random

import pytest

from tests.workflow.running import MACHINES, Execution, Interpreter
from tests.workflow.tasks import Stage, Task, asked_by, failures, tasks

TASKS = list(tasks())
FAILURES = list(failures())
#: The longest that a machine may try one call again (seconds, jitter at its most), so a run does not hang unseen.
LONGEST_RETRY_S = 300
#: … a job of a run that waits for instances: a burst of uploads has more jobs than a quota has instances, for hours.
QUOTA, LONGEST_WAIT_S = "SageMaker.ResourceLimitExceededException", 4 * 3_600
#: How long a burst may be throttled (seconds) and lose no execution, and how many executions that is tried with.
THROTTLED_S, EXECUTIONS = 60, 20_000
#: Where a failure leads to another try later.
AGAIN = ("Settled?", "Read lock", "Describe endpoint", "Await release", "Plan admission", "Take lock", "Wait for lock", "Load releases", "Load champion")


@pytest.fixture(scope="session")
def stage(interpreter: Interpreter) -> Stage:
    return Stage(interpreter)


@pytest.mark.parametrize("task", TASKS, ids=str)
def test_a_task_that_fails_once_with_each_passing_error_asks_the_same_again_and_goes_on(stage: Stage, task: Task):
    unharmed, failing = stage.unharmed(task), stage.failing(task, *task.retried())
    assert (failing.status, failing.output, failing.states) == ("SUCCEEDED", unharmed.output, unharmed.states)
    calls = asked_by(failing, task)
    assert [call.error for call in calls[: len(task.retried()) + 1]] == [*task.retried(), None]
    assert len(calls) == len(asked_by(unharmed, task)) + len(task.retried())
    assert all(call.request == calls[0].request for call in calls[1 : len(task.retried()) + 1])


@pytest.mark.parametrize("task", TASKS, ids=str)
def test_a_task_that_never_recovers_is_given_up_after_its_attempts(stage: Stage, task: Task):
    for rule in task.retry:
        error = rule["ErrorEquals"][0]
        failing = stage.failing(task, error, forever=True)
        calls, tries = asked_by(failing, task), rule["MaxAttempts"] + 1
        assert len(calls) == tries or (len(calls) % tries == 0 and task.target(error) in AGAIN)
        assert_went_on_as_its_catchers_say(failing, task, error)


@pytest.mark.parametrize("task", TASKS, ids=str)
def test_a_task_waits_longer_each_time_but_never_too_long(task: Task):
    for rule in task.retry:
        waits = [min(rule["MaxDelaySeconds"], rule["IntervalSeconds"] * rule["BackoffRate"] ** i) for i in range(rule["MaxAttempts"])]
        assert rule["JitterStrategy"] == "FULL"
        assert waits == sorted(waits)
        waits_for_instances = rule["ErrorEquals"] == [QUOTA] and task.machine in ("train", "evaluate", "preprocess")
        assert sum(waits) < (LONGEST_WAIT_S if waits_for_instances else LONGEST_RETRY_S)


def test_a_function_that_is_throttled_for_a_minute_loses_no_execution():
    """GIVEN a throttle at each attempt THEN the pauses that jitter draws are a minute together, in every one of many executions."""
    (rule,) = {str(rule): rule for task in TASKS for rule in task.retry if "Lambda.TooManyRequestsException" in rule["ErrorEquals"]}.values()
    delays = [min(rule["MaxDelaySeconds"], rule["IntervalSeconds"] * rule["BackoffRate"] ** i) for i in range(rule["MaxAttempts"])]
    drawn = random.Random(0)
    assert min(sum(drawn.uniform(0, delay) for delay in delays) for _ in range(EXECUTIONS)) > THROTTLED_S


def test_tasks_that_try_the_same_errors_again_do_so_in_the_same_way():
    ways: dict[tuple[str, ...], list[dict]] = {}
    for task in TASKS:
        for rule in task.retry:
            ways.setdefault(tuple(rule["ErrorEquals"]), []).append(rule)
    assert all(rule == rules[0] for rules in ways.values() for rule in rules)


@pytest.mark.parametrize(("task", "error"), FAILURES, ids=str)
def test_an_error_that_does_not_pass_is_not_tried_again_and_goes_where_its_catcher_says_or_ends_the_execution(stage: Stage, task: Task, error: str):
    failing = stage.failing(task, error)
    looks_again = task.target(error) in AGAIN
    assert [call.error for call in asked_by(failing, task)][: 1 if looks_again else None] == [error]
    assert_went_on_as_its_catchers_say(failing, task, error)


def went_to(execution: Execution, task: Task, error: str) -> str | None:
    """The state that was entered after a task had failed; nothing where the execution ended."""
    catcher = task.catcher(error)
    level = catcher[0] if catcher else task.within or task.state
    states = [state for state in execution.states if state in siblings(execution.machine, level)]
    return next(iter(states[states.index(level) + 1 :]), None)


def siblings(machine: str, state: str) -> dict:
    """The states among which a state stands, those of its Map where it is within one."""
    return next(states for states in levels(machine) if state in states)


def levels(machine: str) -> list[dict]:
    """The states of a machine, and those of each of its Maps."""
    states = MACHINES[machine]["States"]
    return [states, *(state["ItemProcessor"]["States"] for state in states.values() if "ItemProcessor" in state)]


def as_failed(error: str) -> str:
    """The name in a Fail state, which may not be a reserved one."""
    return error.replace("States.", "Noria.")


def assert_went_on_as_its_catchers_say(execution: Execution, task: Task, error: str) -> None:
    target = task.target(error)
    assert went_to(execution, task, error) == target
    if target is None:
        assert (execution.status, execution.error, execution.cause) == ("FAILED", error, f"{task.state} failed")
        assert execution.states[-1] == task.state
    elif target in ("Exists already?", "Configured?") and task.state.startswith("Create"):
        assert (execution.status, execution.error, execution.cause) == ("FAILED", error, f"{task.state} failed")
        assert execution.states[-1] == "Failed"
    elif target == "Unable champion?":
        assert (execution.status, execution.error, execution.cause) == ("FAILED", as_failed(error), f"{task.state} failed")
        assert execution.states[-1] == "Not transformed"
    elif target == "Duplicate":
        assert (execution.status, execution.output) == ("SUCCEEDED", {"outcome": "duplicate"})
        assert execution.states[-1] == "Duplicate"
    elif target.startswith("Conclude"):
        assert execution.status == "SUCCEEDED"
        assert execution.output["outcome"] in ("failed", "unfinished", "rollback_failed")
        assert execution.output["verdict"]["reasons"][0]["code"] == error
        assert execution.output["verdict"]["reasons"][0]["text"] == f"{task.state} failed"
    else:
        assert execution.status == "SUCCEEDED"


@pytest.mark.parametrize("machine", MACHINES)
def test_every_state_every_way_every_retry_and_every_catch_of_a_machine_is_taken(stage: Stage, machine: str):
    own = [task for task in TASKS if task.machine == machine]
    recovered = {task: stage.failing(task, *task.retried()) for task in own}
    failed = {(task, error): stage.failing(task, error) for task, error in FAILURES if task.machine == machine}
    given_up = {(task, error): stage.failing(task, error, forever=True) for task in own for error in task.errors() if error in task.retried()}
    played = [*stage.routes(machine), *recovered.values(), *failed.values(), *given_up.values()]

    entered = {state for execution in played for state in execution.states}
    assert entered == {name for states in levels(machine) for name in states}

    for states in levels(machine):
        ways = {pair for execution in played for pair in _pairs(execution, states)}
        assert {(name, target) for name, state in states.items() for target in _targets(state)} <= ways

    retried = {(str(task), call.error) for task, execution in recovered.items() for call in asked_by(execution, task) if call.error}
    assert retried == {(str(task), error) for task in own for error in task.retried()}

    taken = {task.catcher(error) for (task, error), execution in (failed | given_up).items() if asked_by(execution, task)[0].error == error}
    assert taken - {None} == {(name, i) for states in levels(machine) for name, state in states.items() for i in range(len(state.get("Catch", [])))}


def _pairs(execution: Execution, states: dict) -> list[tuple[str, str]]:
    return list(itertools.pairwise(state for state in execution.states if state in states))


def _targets(state: dict) -> list[str]:
    ways = [state[key] for key in ("Next", "Default") if key in state]
    return [*ways, *(choice["Next"] for choice in state.get("Choices", [])), *(rule["Next"] for rule in state.get("Catch", []))]
