"""The process of a job: run to its end, asked to end, or ended when its time is over; and what its failure is told as."""

import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from local.sagemaker import jobs, sandbox
from local.sagemaker.logs import Log


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Log, stop: threading.Event, limit_seconds: float) -> int:
    """The exit code of a command whose /opt/ml is `folder`; its lines go to the log.

    Raises:
        StoppedError: asked to, or out of time; it got SIGTERM and its grace.
    """
    process = sandbox.start(command, folder, environment)
    watch = Watch(process, stop, limit_seconds)
    for line in process.stdout or ():
        log.write(line.rstrip("\n"))
    code = sandbox.exit_code(process)
    log.flush()
    if watch.ended_by:
        raise jobs.StoppedError(watch.ended_by)
    return code


class Watch(threading.Thread):
    """Ends a process when it is asked to or out of time.

    Attributes:
        ended_by: the secondary status that this made, or nothing.
    """

    def __init__(self, process: Any, stop: threading.Event, limit_seconds: float) -> None:
        super().__init__(daemon=True)
        self._process, self._stop, self._limit = process, stop, limit_seconds
        self.ended_by = ""
        self.start()

    def run(self) -> None:
        ends = time.monotonic() + self._limit
        while self._process.poll() is None:
            if self._stop.wait(0.1):
                self.ended_by = "Stopped"
            elif time.monotonic() > ends:
                self.ended_by = "MaxRuntimeExceeded"
            if self.ended_by:
                sandbox.terminate(self._process, jobs.STOP_GRACE_SECONDS)
                return


def reason(told: str, code: int) -> str:
    """A failure's reason out of what was last said; always with the exit code."""
    if code == sandbox.SIGNALLED + 9:
        told = f"{told}\nThe process was killed, most likely for want of memory. Please use an instance type with more memory, or reduce the size of the job"
    return f"AlgorithmError: {told[-880:]}, exit code: {code}"
