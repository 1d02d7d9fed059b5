"""Parses the texts of a file: missing values, booleans and timestamps.

Every part of the product parses them by this module, the preprocessing container in front of a model included: so it needs nothing
but Python 3.10.
"""

import math
from datetime import datetime, timezone

EMPTY = ("", "NA", "NaN", "nan", "null", "NULL", "None")
TRUTHS = {"true", "false", "0", "1", "True", "False", "TRUE", "FALSE"}


def parse_timestamp(value: str) -> float:
    """Seconds since the epoch of a text in ISO 8601 or in such seconds; a time without a zone is UTC.

    Raises:
        ValueError: the text is no time.
    """
    try:
        seconds = float(value)
    except ValueError:
        parsed = datetime.fromisoformat(value[:-1] + "+00:00" if value[-1:] in ("Z", "z") else value)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)).timestamp()
    if not math.isfinite(seconds):
        raise ValueError(f"{value!r} is no time")
    return seconds


def is_time(value: str) -> bool:
    """Whether a text is an ISO 8601 time or seconds since the epoch."""
    try:
        parse_timestamp(value)
    except ValueError:
        return False
    return True


def to_datetime(value: str) -> datetime:
    """A time in UTC, as `parse_timestamp` reads it."""
    return datetime.fromtimestamp(parse_timestamp(value), timezone.utc)
