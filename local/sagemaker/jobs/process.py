"""The process of a training or processing job: run it to its end, stop it, and word its failure."""

import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from local.sagemaker.containers import sandbox
from local.sagemaker.jobs import background
from local.sagemaker.logs import Log

#: Lines and characters of the log that a failure reason has.
REASON_LINES, REASON_CHARACTERS = 8, 880


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Log, stop: threading.Event, limit_seconds: float) -> int:
    """Run a command whose /opt/ml is `folder`; its lines go to the log.

    Returns:
        The exit code, as a container has it.

    Raises:
        JobStoppedError: the job was stopped or ran out of time; the process got SIGTERM and its grace.
    """
    process = sandbox.start(command, folder, environment)
    watchdog = Watchdog(process, stop, limit_seconds)
    for line in process.stdout or ():
        log.write(line.rstrip("\n"))
    code = sandbox.exit_code(process)
    log.flush()
    if watchdog.status:
        raise background.JobStoppedError(watchdog.status)
    return code


class Watchdog(threading.Thread):
    """Ends a process when its job is stopped or out of time.

    Attributes:
        status: the secondary status of a job whose process it ended; else empty.
    """

    def __init__(self, process: "subprocess.Popen[str]", stop: threading.Event, limit_seconds: float) -> None:
        super().__init__(daemon=True)
        self._process, self._stop_event, self._limit = process, stop, limit_seconds
        self.status = ""
        self.start()

    def run(self) -> None:
        ends = time.monotonic() + self._limit
        while self._process.poll() is None:
            if self._stop_event.wait(0.1):
                self.status = "Stopped"
            elif time.monotonic() > ends:
                self.status = "MaxRuntimeExceeded"
            if self.status:
                sandbox.terminate(self._process, background.STOP_GRACE_SECONDS)
                return


def failure_reason(message: str, code: int) -> str:
    """A job's `FailureReason`: the end of a message, and the exit code."""
    if code == sandbox.SIGNAL_CODE + 9:
        message = (
            f"{message}\nThe process was killed, most likely for want of memory. Please use an instance type with more memory, or reduce the size of the job"
        )
    return f"AlgorithmError: {message[-REASON_CHARACTERS:]}, exit code: {code}"
