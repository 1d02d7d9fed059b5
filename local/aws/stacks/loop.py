"""Where stack operations run: on the gateway's event loop, also those of a child, whose provisioner waits for them on a thread of its own."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import Any

from ministack.services.cloudformation import handlers, stacks

Work = Coroutine[Any, Any, None]

_loop: ContextVar[asyncio.AbstractEventLoop] = ContextVar("loop")
#: Operations that are captured instead of scheduled; none outside of a child's.
_captured: ContextVar[list[Work] | None] = ContextVar("captured", default=None)


def install() -> None:
    """Hold on to the emulator where it leaves its event loop, and where it schedules an operation."""
    stacks.run_reentrant = _with_loop(stacks.run_reentrant)
    handlers._create_stack_task_in_region = _unless_captured(handlers._create_stack_task_in_region)


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run on the event loop and wait; called on the thread of a provisioner."""
    return asyncio.run_coroutine_threadsafe(work, _loop.get()).result()


def capture(call: Callable[[], Any]) -> tuple[Any, Work | None]:
    """The result of a call and the operation that it would have scheduled, if any."""
    work: list[Work] = []
    token = _captured.set(work)
    try:
        return call(), next(iter(work), None)
    finally:
        _captured.reset(token)


def _with_loop(run_reentrant: Callable[..., Any]) -> Callable[..., Any]:
    async def call(*arguments: Any, **options: Any) -> Any:
        token = _loop.set(asyncio.get_running_loop())
        try:
            return await run_reentrant(*arguments, **options)
        finally:
            _loop.reset(token)

    return call


def _unless_captured(schedule: Callable[..., None]) -> Callable[..., None]:
    def call(work: Work, *arguments: Any) -> None:
        captured = _captured.get()
        if captured is None:
            schedule(work, *arguments)
        else:
            captured.append(work)

    return call
