"""Formats of times that people and programs write, and numbers since the epoch."""

import re
from collections.abc import Iterable

from noria.kernel.values import EPOCHS, parse_timestamp

#: Words in the name of a column of times.
NAMES = {"time", "times", "date", "dates", "datetime", "timestamp", "ts", "at", "epoch", "created", "updated", "day"}
DATES = (
    *(order.replace("/", mark) for mark in "/.-" for order in ("%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d/%m/%y", "%m/%d/%y")),
    "%d-%b-%Y",
    "%d %b %Y",
    "%b %d, %Y",
    "%Y%m%d",
)
HOURS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", "T%H:%M", "T%H:%M:%S")
#: `%Y-%m-%d` is ISO 8601.
FORMATS = tuple(date + hour for date in DATES for hour in HOURS if not date.startswith("%Y-"))
SHAPE = re.compile(r"\d{1,4}[/.\- ](\d{1,2}|[A-Za-z]{3})[/.\- ]\d{2,4}([T ]\d.*)?|[A-Za-z]{3} \d{1,2}, \d{4}( .*)?")
DIGITS = re.compile(r"(19|20)\d{6}")
#: Different values that show which formats a column may be in.
TRIED = 12
UNLIMITED = (float("-inf"), float("inf"))
#: Numbers since the epoch that are likely times: from 1990 to 2100 (seconds).
LIKELY = (631_152_000.0, 4_102_444_800.0)


def candidates(values: Iterable[str]) -> list[str]:
    """The formats that one of the first values is in."""
    dated = [value.strip() for value in values if SHAPE.fullmatch(value.strip()) or DIGITS.fullmatch(value.strip())][:TRIED]
    return [form for form in FORMATS if any(_is_in(value, form) for value in dated)]


def _is_in(value: str, form: str) -> bool:
    try:
        parse_timestamp(value, form, UNLIMITED)
    except (ValueError, OverflowError):
        return False
    return True


def epoch_of(low: float, high: float) -> str | None:
    """The unit of numbers since the epoch, where all of them are likely times."""
    return next((name for name, unit in EPOCHS.items() if low >= LIKELY[0] * unit and high <= LIKELY[1] * unit), None)
