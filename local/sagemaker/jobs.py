"""What training, transform and processing jobs share: a thread of their own, their states in order, stopping, and the reason of a failure."""

import contextvars
import threading
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from local.sagemaker import events, families
from local.sagemaker.errors import JobFailedError, invalid
from local.sagemaker.families import Record

#: A stopping job has two minutes after SIGTERM, as on AWS.
STOP_GRACE_SECONDS = 120
_stops: dict[str, threading.Event] = {}


class StoppedError(Exception):
    """The job was asked to stop, or ran into its time limit."""

    def __init__(self, secondary: str) -> None:
        super().__init__(secondary)
        self.secondary = secondary


def begin(noun: str, record: Record, work: Callable[[Record, threading.Event], None]) -> None:
    """Run a job's work in the background, in the caller's account and region."""
    stop = _stops[record[f"{noun}Arn"]] = threading.Event()
    set_status(noun, record, "InProgress")
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(_run, noun, record, work, stop), daemon=True, name=record[f"{noun}Name"]).start()


def _run(noun: str, record: Record, work: Callable[[Record, threading.Event], None], stop: threading.Event) -> None:
    try:
        work(record, stop)
        status = "Completed"
    except StoppedError as error:
        status, record["SecondaryStatus"] = "Stopped", error.secondary
    except JobFailedError as error:
        status, record["FailureReason"] = "Failed", str(error)[:1024]
    except (ClientError, OSError, ValueError) as error:
        status, record["FailureReason"] = "Failed", f"InternalServerError: {type(error).__name__}: {error}"[:1024]
    now = time.time()
    ends = noun.replace("Job", "EndTime")
    record.setdefault(ends, now)
    set_status(noun, record, status)


def set_status(noun: str, record: Record, status: str) -> None:
    """Move to a status and tell it."""
    record[f"{noun}Status"], record["LastModifiedTime"] = status, time.time()
    events.state_changed(noun, record)


def stop(noun: str, parameters: Record) -> Record:
    """`Stop<Noun>`.

    Raises:
        ApiError: it has ended already.
    """
    record = families.found(noun, parameters)
    if record[f"{noun}Status"] != "InProgress":
        raise invalid(f"The request was rejected because the {families.words(noun)} is in status {record[f'{noun}Status']}.")
    set_status(noun, record, "Stopping")
    _stops[record[f"{noun}Arn"]].set()
    return {}


def refuse_running(noun: str, record: Record) -> None:
    if record[f"{noun}Status"] in ("InProgress", "Stopping"):
        raise invalid(f"The {families.words(noun)} is still running: stop it first.")


def region_environment(session: Any, region: str, endpoint: str) -> dict[str, str]:
    """The environment by which AWS's SDKs inside a container find the role and the region."""
    return {
        "AWS_ACCESS_KEY_ID": session.access_key,
        "AWS_SECRET_ACCESS_KEY": session.secret_key,
        "AWS_SESSION_TOKEN": session.token,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ENDPOINT_URL": endpoint,
    }
