"""`Wait` states, shortened by the speed of the local AWS."""

from typing import Any

from localstack.services.stepfunctions.asl.component.state.state_wait.wait_function.wait_function import WaitFunction

from local import clock


def install() -> None:
    """Wait to the fraction of a second, and no longer than the machine runs."""
    WaitFunction._wait_interval = lambda self, env, wait_seconds: _wait(env, clock.scaled(wait_seconds))


def _wait(env: Any, seconds: float) -> None:
    if seconds > 0 and env.is_running():
        env.program_state_event.wait(seconds)
