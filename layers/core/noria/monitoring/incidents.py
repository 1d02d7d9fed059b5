"""Times at which a feed was broken: requests of these times neither count for the quality, nor are they trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def is_during(incidents: Iterable[Sequence[str]], time: str) -> bool:
    """Whether a request was sent during an incident.

    Args:
        incidents: the first and the last time of each, ISO 8601.
    """
    return any(first <= time <= last for first, last in incidents)
