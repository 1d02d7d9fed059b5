"""How many functions run at once, and what happens to an invocation beyond that: it waits for a place, then it is throttled.

AWS gives an account 1,000 places and a function as many more in each ten seconds ("Lambda scaling behavior", AWS Lambda Developer Guide). Here a place is
a process, so there are few, and a synchronous invocation waits ten seconds for one before it gets AWS's error. A function's own reserved concurrency is
no matter of the machine: what exceeds it is throttled at once. An asynchronous invocation is not lost to a throttle: the service tries it again, six hours
long ("How Lambda handles errors and retries with asynchronous invocation", the same guide).
"""

import os
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from local.aws import gateway

#: Path of the gateway that counts executions and processes.
PATH = "/_noria/functions"
#: Executions at once for each core, and the fewest on any machine: the concurrency quota of a new account.
EACH_CORE, FEWEST = 4, 10
#: Processes kept for each execution at once, so that functions that take turns do not start anew each time.
PROCESSES_EACH = 2
WAIT_SECONDS = 10.0
#: Of asynchronous invocations: the age at which one is given up, and the pauses between two tries, which double.
MAX_AGE_SECONDS = 21_600
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0

Result = dict[str, Any]
#: A key to release and none; or none and what is exhausted: `function` or `account`.
Slot = tuple[str | None, str | None]

#: Until when the asynchronous invocation under way is tried (seconds of the monotonic clock); none in a synchronous one.
_tried_until: ContextVar[float | None] = ContextVar("tried_until", default=None)
_freed = threading.Condition()
_line: deque[object] = deque()


def limit() -> int:
    """How many executions run at once: `NORIA_CONCURRENCY`, else by the number of cores."""
    return max(1, int(os.environ.get("NORIA_CONCURRENCY") or max(FEWEST, EACH_CORE * (os.process_cpu_count() or 1))))


def install() -> None:
    """Bound executions and processes of functions, and report them."""
    lambda_svc._ACCOUNT_CONCURRENCY_CAP = limit()
    lambda_svc._reserved_concurrency = _of_every_version(lambda_svc._reserved_concurrency)
    lambda_svc._acquire_execution_slot = _waiting(lambda_svc._acquire_execution_slot)
    lambda_svc._release_execution_slot = _telling(lambda_svc._release_execution_slot)
    lambda_svc._throttle_response = _in_words_of_aws(lambda_svc._throttle_response)
    lambda_svc._execute_function = _trying_again(lambda_svc._execute_function)
    lambda_svc.invoke_async_with_retry = _until_too_old(lambda_svc.invoke_async_with_retry)
    lambda_svc.acquire_worker = _bounded(lambda_svc.acquire_worker)
    gateway.serve(PATH, counts)


def counts() -> dict[str, int]:
    """Executions that run and that may, and processes that are there and that may be."""
    with lambda_runtime._lock:
        processes = sum(len(workers) for workers in lambda_runtime._workers.values())
    return {"running": lambda_svc.executions_in_flight()[0], "limit": limit(), "processes": processes, "most_processes": PROCESSES_EACH * limit()}


def _waiting(acquire: Callable[..., Slot]) -> Callable[..., Slot]:
    """Wait in line for a place; who came first gets the first that is free."""

    def call(function: Result, config: Result) -> Slot:
        ticket, ends = object(), time.monotonic() + WAIT_SECONDS
        with _freed:
            _line.append(ticket)
            try:
                while True:
                    if _has_used_up_its_own(function, config):
                        return None, "function"
                    key, exhausted = acquire(function, config) if _line[0] is ticket else (None, "account")
                    if key is not None or time.monotonic() >= ends:
                        return key, exhausted
                    _freed.wait(ends - time.monotonic())
            finally:
                _line.remove(ticket)
                _freed.notify_all()

    return call


def _of_every_version(reserved: Callable[..., int | None]) -> Callable[..., int | None]:
    """The emulator has a function's reserved concurrency for `$LATEST` alone."""

    def call(function: Result, config: Result) -> int | None:
        return reserved(lambda_svc._functions.get(config.get("FunctionName")) or function, config)

    return call


def _has_used_up_its_own(function: Result, config: Result) -> bool:
    reserved = lambda_svc._reserved_concurrency(function, config)
    return reserved is not None and lambda_svc.executions_in_flight()[1].get(lambda_svc._inflight_key(config), 0) >= reserved


def _telling(release: Callable[[str], None]) -> Callable[[str], None]:
    def call(key: str) -> None:
        release(key)
        with _freed:
            _freed.notify_all()

    return call


def _in_words_of_aws(throttle: Callable[..., Result]) -> Callable[..., Result]:
    def call(reason_code: str, msg: str, **options: Any) -> Result:
        result = throttle(reason_code, "Rate Exceeded.", **options)
        result["body"]["Type"] = "User"
        return result

    return call


def _until_too_old(invoke: Callable[[Result, Any], None]) -> Callable[[Result, Any], None]:
    """Mark an invocation as asynchronous: it runs in a copy of this context."""

    def call(function: Result, event: Any) -> None:
        configuration = function.get("event_invoke_config") or (function.get("event_invoke_configs") or {}).get("$LATEST") or {}
        token = _tried_until.set(time.monotonic() + int(configuration.get("MaximumEventAgeInSeconds", MAX_AGE_SECONDS)))
        try:
            invoke(function, event)
        finally:
            _tried_until.reset(token)

    return call


def _trying_again(execute: Callable[[Result, Any], Result]) -> Callable[[Result, Any], Result]:
    """Try a throttled asynchronous invocation again until it is too old; that is none of the two retries that a function's error has."""

    def call(function: Result, event: Any) -> Result:
        tried_until, pause = _tried_until.get() or 0.0, FIRST_PAUSE_SECONDS
        while True:
            result = execute(function, event)
            if not result.get("throttle") or time.monotonic() + pause > tried_until:
                return result
            time.sleep(random.uniform(0.5, 1) * pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    return call


def _bounded(acquire: Callable[..., Any]) -> Callable[..., Any]:
    """End the processes that were used least recently, of whichever function, where a new one would be one too many."""

    def call(*arguments: Any, **options: Any) -> Any:
        leased = acquire(*arguments, **options)
        lambda_runtime.kill_workers(_surplus())
        return leased

    return call


def _surplus() -> list[Any]:
    """Takes the workers out of their pools that are too many; never one in use."""
    with lambda_runtime._lock:
        workers = [worker for pool in lambda_runtime._workers.values() for worker in pool]
        idle = sorted((worker for worker in workers if not worker.in_use), key=lambda worker: worker.last_used)
        chosen = idle[: max(0, len(workers) - PROCESSES_EACH * limit())]
        for pool in lambda_runtime._workers.values():
            pool[:] = [worker for worker in pool if worker not in chosen]
    return chosen
