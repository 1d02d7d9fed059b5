"""Lists releases and rollbacks, and requests a rollback."""

import time
from dataclasses import dataclass

from cli.base import ledger
from cli.base.errors import CliError
from cli.base.events import publish_event
from cli.base.records import Reason, Release, Rollback
from cli.base.session import Session
from cli.release.versions import version_arn
from noria.release.events import RollbackRequested


@dataclass(frozen=True)
class ReleaseHistory:
    """Releases and rollbacks of a model, newest first.

    Attributes:
        serves: the ARN of the champion.
        under_way: the ARN of the version that is released or restored at this moment.
    """

    model: str
    serves: str | None
    under_way: str | None
    releases: list[Release]
    rollbacks: list[Rollback]


@dataclass(frozen=True)
class RollbackResult:
    """The result of a rollback.

    Attributes:
        status: `rolled_back`, `undone` where a release under way has undone itself, `refused` or `rollback_failed`.
    """

    model: str
    status: str
    seconds: float
    reasons: list[Reason]

    @property
    def succeeded(self) -> bool:
        return self.status in ("rolled_back", "undone")


def history(session: Session, model: str) -> ReleaseHistory:
    """Every release and rollback of a model."""
    record = ledger.read(session, model)
    champion = record.champion["model_package_arn"] if record.champion else None
    return ReleaseHistory(model, champion, record.lock["package"] if record.lock else None, record.releases, record.rollbacks)


def rollback(session: Session, model: str, to: str | None, reason: str, limit_seconds: float) -> RollbackResult:
    """Request the release before, or that of an earlier version, and wait for the result.

    Args:
        to: the earlier version: its number, `churn/3`, or its ARN.

    Raises:
        CliError: there is no such version, or the ledger has no result within the limit.
        ClientError: the credentials may not read the ledger; nothing was requested.
    """
    ledger.read(session, model)
    version = version_arn(session, to if "/" in to or to.startswith("arn:") else f"{model}/{to}") if to else None
    event = publish_event(session, RollbackRequested(to=version, by=session.caller, reason=reason), model)
    began = time.monotonic()
    while time.monotonic() < began + limit_seconds:
        result = next((entry for entry in ledger.read(session, model).rollbacks if entry["id"] == event.entry_id), None)
        if result:
            return RollbackResult(model, result["status"], round(time.monotonic() - began, 2), result["reasons"])
        time.sleep(session.poll_seconds)
    raise CliError(f"nothing came of the rollback within {limit_seconds:.0f} s; see: noria events {model}")
