"""Numbers, shares, times and names as a person reads them, on a terminal and on a page."""

import math
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime

from noria.kernel.wording import count

__all__ = ["count", "duration", "listed", "moment", "name", "number", "probability", "share", "stamp"]
#: Digits of a number that are shown; numbers of more digits before or zeros after the point are written with a power of ten.
DIGITS, LARGEST, SMALLEST = 6, 15, -4
#: Characters of a name or a value that are shown.
LONGEST = 60
DAY, HOUR, MINUTE = 86_400, 3_600, 60
#: The least probability that is written out.
LEAST_PROBABILITY = 1e-4


def number(value: float) -> str:
    """A number with six digits: `1,234,568`, `0.25`, `1.2e-07`."""
    if not math.isfinite(value) or value == 0:
        return "0" if value == 0 else str(value)
    size = math.floor(math.log10(abs(value)))
    if not SMALLEST <= size < LARGEST:
        return f"{value:.4g}"
    text = f"{value:,.{max(0, DIGITS - 1 - size)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def share(value: float) -> str:
    """A share in percent: neither nothing nor everything is shown where it is not."""
    if 0 < value < 0.001:
        return "<0.1%"
    if 0.999 < value < 1:
        return ">99.9%"
    return f"{value:.0%}" if value in (0, 1) else f"{value:.1%}"


def probability(value: float) -> str:
    return "<0.0001" if value < LEAST_PROBABILITY else f"{value:.2g}"


def moment(seconds: float, step: float = 1.0) -> str:
    """A time as date with its zone; a whole day as date alone.

    Args:
        seconds: since the epoch.
        step: what is shown no finer than: a day, a minute or a second (seconds).
    """
    try:
        time = datetime.fromtimestamp(round(seconds / step) * step, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{number(seconds)} s since 1970"
    if step >= DAY or not (time.hour or time.minute or time.second):
        return f"{time:%Y-%m-%d}"
    return f"{time:%Y-%m-%d %H:%M:%S} UTC" if time.second and step < MINUTE else f"{time:%Y-%m-%d %H:%M} UTC"


def stamp(text: str) -> str:
    """A time in ISO 8601 as `moment`; other text as it is."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return name(text)
    return moment((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())


def duration(seconds: float) -> str:
    """A length of time in its largest unit: `1 day`, `7.5 hours`."""
    for unit, size in (("day", DAY), ("hour", HOUR), ("minute", MINUTE)):
        if seconds >= size:
            value = round(seconds / size, 1)
            return f"{value:,g} {unit if value == 1 else f'{unit}s'}"
    return count(round(seconds, 1 if seconds < 10 else None), "second")


def name(text: str, most: int = LONGEST) -> str:
    """A name or a value out of a file: shortened, and what steers a terminal or the direction of writing shown as a sign."""
    head = "".join("�" if unicodedata.category(sign) in ("Cc", "Cf") and sign != "‍" else sign for sign in text[: most + 1].replace("\n", "↵"))
    return head if len(head) <= most else f"{head[: most - 1]}…"


def listed(texts: Sequence[str], most: int) -> str:
    """Names in a row, as many as are read, and how many more there are."""
    more = len(texts) - most
    return ", ".join(name(text) for text in texts[:most]) + (f" and {more:,} more" if more > 0 else "")
