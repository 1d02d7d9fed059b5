"""Starts monitoring runs, waits for them, and reads the last one."""

import time

from cli.base import ledger
from cli.base.errors import CliError
from cli.base.events import publish_event
from cli.base.records import MonitoringRun
from cli.base.session import Session
from noria.monitoring.events import MonitoringRequested

#: The longest wait for a monitoring run.
LONGEST_SECONDS = 900


def monitor(session: Session, model: str) -> MonitoringRun:
    """Request a monitoring run and wait for it.

    Raises:
        CliError: no version serves, nobody has published the model, or the run did not end in time.
    """
    record = ledger.read(session, model)
    record.champion_in_service()
    record.published()
    publish_event(session, MonitoringRequested(), model)
    return next_run(session, model, record.monitoring)


def last_run(session: Session, model: str) -> MonitoringRun:
    """The last monitoring run.

    Raises:
        CliError: nobody has published the model, or it has had no monitoring run.
    """
    record = ledger.read(session, model)
    record.published()
    if record.monitoring is None:
        raise CliError(f"nobody has looked at {model} yet; a look is taken every hour, when truth arrives, and by: noria monitor {model}")
    return record.monitoring


def next_run(session: Session, model: str, previous: MonitoringRun | None) -> MonitoringRun:
    """Wait for the monitoring run after a previous one.

    Raises:
        CliError: none ended in time.
    """
    ends, number = time.monotonic() + LONGEST_SECONDS, previous["number"] if previous else 0
    while time.monotonic() < ends:
        run = ledger.read(session, model).monitoring
        if run is not None and run["number"] > number:
            return run
        time.sleep(session.poll_seconds)
    raise CliError(f"no look at {model} within {LONGEST_SECONDS} s; see: noria events {model}")
