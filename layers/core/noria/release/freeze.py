"""Freezes: windows in which no release begins, and when the one in force ends."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from noria.kernel.published_spec import FreezeShape

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: Windows one after the other that are followed to their common end.
MOST_WINDOWS = 1_000


def freeze_ends(windows: Sequence[FreezeShape], now: datetime) -> datetime | None:
    """When the freeze in force ends, windows that follow at once included; nothing where none is in force."""
    moment = now.astimezone(UTC)
    for _ in range(MOST_WINDOWS):
        ends = [end for window in windows for end in _end(window, moment)]
        if not ends:
            break
        moment = max(ends)
    return moment if moment > now else None


def _end(window: FreezeShape, moment: datetime) -> Iterator[datetime]:
    """When a window in force at a moment next ends; one of days is checked again at midnight."""
    since, until = (datetime.fromisoformat(limit) if limit else None for limit in (window["since"], window["until"]))
    if (since and moment < since) or (until and moment >= until) or (window["days"] and DAYS[moment.weekday()] not in window["days"]):
        return
    midnight = datetime.combine(moment.date() + timedelta(days=1), time(), UTC)
    ends = [until] if until else []
    if window["days"]:
        ends.append(midnight)
    if window["hours"]:
        begins, ceases = (_at(moment, clock) for clock in window["hours"].split("-"))
        if not begins <= moment < ceases:
            return
        ends.append(ceases)
    yield min(ends)


def _at(moment: datetime, clock: str) -> datetime:
    hours, minutes = clock.split(":")
    return datetime.combine(moment.date(), time(), UTC) + timedelta(hours=int(hours), minutes=int(minutes))
