"""Runs jobs in the background: status, stop, failure reason."""

import contextvars
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError

from local.sagemaker import events, resources
from local.sagemaker.errors import JobFailedError, invalid
from local.sagemaker.resources import Record

#: Time between SIGTERM and SIGKILL of a job that is stopped, as on AWS.
STOP_GRACE_SECONDS = 120
#: Longest failure reason of AWS.
REASON_CHARACTERS = 1024
#: Jobs that run at once; others wait, as they wait on AWS for their instances.
MOST_AT_ONCE = (os.cpu_count() or 1) + 1
#: How long a waiting job may overlook that it is to stop (seconds).
STOP_SECONDS = 0.2
_slots = threading.BoundedSemaphore(MOST_AT_ONCE)
#: Set when a job is to stop, by its ARN.
_stops: dict[str, threading.Event] = {}
#: A job's work: it gets the record, and an event that is set when the job is to stop.
Work = Callable[[Record, threading.Event], None]


class JobStoppedError(Exception):
    """The job was stopped, or ran into its time limit.

    Attributes:
        secondary: the secondary status of a training job, `Stopped` or `MaxRuntimeExceeded`.
    """

    def __init__(self, secondary: str) -> None:
        super().__init__(secondary)
        self.secondary = secondary


def start(noun: str, record: Record, work: Work) -> None:
    """Run a job's work on a thread of its own, in the caller's account and region."""
    stop = _stops[record[f"{noun}Arn"]] = threading.Event()
    set_status(noun, record, "InProgress")
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(_run, noun, record, work, stop), daemon=True, name=record[f"{noun}Name"]).start()


def _run(noun: str, record: Record, work: Work, stop: threading.Event) -> None:
    try:
        with _slot(stop):
            work(record, stop)
        status = "Completed"
    except JobStoppedError as error:
        status, record["SecondaryStatus"] = "Stopped", error.secondary
    except JobFailedError as error:
        status, record["FailureReason"] = "Failed", str(error)[:REASON_CHARACTERS]
    except (ClientError, OSError, ValueError) as error:
        status, record["FailureReason"] = "Failed", f"InternalServerError: {type(error).__name__}: {error}"[:REASON_CHARACTERS]
    record.setdefault(noun.replace("Job", "EndTime"), time.time())
    set_status(noun, record, status)


@contextmanager
def _slot(stop: threading.Event) -> Iterator[None]:
    """Wait for one of the jobs that run to end.

    Raises:
        JobStoppedError: the job was stopped while it waited.
    """
    while not _slots.acquire(timeout=STOP_SECONDS):
        if stop.is_set():
            raise JobStoppedError("Stopped")
    try:
        yield
    finally:
        _slots.release()


def set_status(noun: str, record: Record, status: str) -> None:
    """Set a job's status and publish the change."""
    record[f"{noun}Status"], record["LastModifiedTime"] = status, time.time()
    events.publish_state_change(noun, record)


def stop(noun: str, parameters: Record) -> Record:
    """`Stop<Noun>`.

    Raises:
        ApiError: the job has ended.
    """
    record = resources.get(noun, parameters)
    if record[f"{noun}Status"] != "InProgress":
        raise invalid(f"The request was rejected because the {resources.label(noun)} is in status {record[f'{noun}Status']}.")
    set_status(noun, record, "Stopping")
    _stops[record[f"{noun}Arn"]].set()
    return {}


def refuse_running(noun: str, record: Record) -> None:
    """`on_delete` of a job.

    Raises:
        ApiError: the job runs.
    """
    if record[f"{noun}Status"] in ("InProgress", "Stopping"):
        raise invalid(f"The {resources.label(noun)} is still running: stop it first.")
