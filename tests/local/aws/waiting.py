"""Waiting with a bound for what happens in the background."""

import time
from collections.abc import Callable

PAUSE_SECONDS = 0.05


def until[T](look: Callable[[], T | None], seconds: float = 15.0) -> T:
    """What `look` answers as soon as that is truthy.

    Raises:
        TimeoutError: it stayed falsy; carries the last answer.
    """
    ends = time.monotonic() + seconds
    while not (seen := look()):
        if time.monotonic() > ends:
            raise TimeoutError(f"nothing within {seconds} s; last seen: {seen!r}")
        time.sleep(PAUSE_SECONDS)
    return seen
