"""`Wait` states, shortened by the speed of the local AWS; and the poll interval of `.sync` tasks."""

from typing import Any

from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service import state_task_service_callback
from localstack.services.stepfunctions.asl.component.state.state_wait.wait_function.wait_function import WaitFunction

from local import clock

#: Interval at which a `.sync` task polls its job or execution.
POLL_SECONDS = 0.15


def install() -> None:
    """Wait to the fraction of a second, and no longer than the execution runs."""
    state_task_service_callback._DELAY_SECONDS_SYNC_CONDITION_CHECK = POLL_SECONDS
    WaitFunction._wait_interval = lambda self, env, wait_seconds: _wait(env, clock.scaled(wait_seconds))


def _wait(env: Any, seconds: float) -> None:
    if seconds > 0 and env.is_running():
        env.program_state_event.wait(seconds)
