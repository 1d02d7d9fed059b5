"""Releases of a model as a rollback reads them out of the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Self

from noria.kernel import ledger
from noria.release import status
from noria.release.record import autoscale_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from noria.kernel.published_spec import AutoscaleShape
    from noria.release.shapes.rollback import ReleaseSummary


class PastRelease(NamedTuple):
    """One release.

    Attributes:
        time: when its status last changed (ISO 8601).
        autoscale: how its instances follow the traffic, or nothing.
    """

    package: str
    release: str
    config: str
    endpoint: str
    run: str
    time: str
    status: str
    autoscale: AutoscaleShape | None

    @classmethod
    def of(cls, item: ledger.Item) -> Self:
        """Out of the ledger's item."""
        package, release, config, endpoint, run, time = (item[name]["S"] for name in ("package", "release", "config", "endpoint", "run", "time"))
        return cls(package, release, config, endpoint, run, time, ledger.text(item, "status"), autoscale_of(item))

    @property
    def seconds(self) -> float:
        """`time` in seconds since the epoch."""
        return datetime.fromisoformat(self.time).timestamp()

    def summary(self) -> ReleaseSummary:
        """What a plan says of it."""
        return {
            "package": self.package,
            "release": self.release,
            "config": self.config,
            "endpoint": self.endpoint,
            "run": self.run,
            "time": self.time,
        }


class Lock(NamedTuple):
    """A lock that somebody holds."""

    holder: str
    package: str | None


def past_releases(items: Iterable[ledger.Item]) -> list[PastRelease]:
    """Releases that have changed something, oldest first."""
    releases = [PastRelease.of(item) for item in items if not _is_lock(item)]
    return sorted((release for release in releases if release.status != status.WAITING), key=lambda release: release.time)


def held_lock(items: Iterable[ledger.Item], now: float) -> Lock | None:
    """The model's lock where it is held; nothing where it is free or has expired.

    Args:
        now: in seconds since the epoch.
    """
    for item in items:
        if _is_lock(item) and ledger.text(item, "holder") and float(item.get("expires", {}).get("N", 0)) > now:
            return Lock(ledger.text(item, "holder"), ledger.text(item, "package") or None)
    return None


def _is_lock(item: ledger.Item) -> bool:
    return ledger.text(item, "sk") == ledger.LOCK
