"""What the texts of a file mean: missing values, numbers, truth values and times, one by one.

Every part of the product reads them by these rules, the preprocessing container in front of a model included: so this module needs
nothing but Python 3.10. `noria.tables.parse` reads whole columns by the same rules.
"""

import math
import re
from datetime import datetime, timedelta, timezone

EMPTY = ("", "NA", "NaN", "nan", "null", "NULL", "None")
#: Pairs of words of a truth value: true, then false.
TRUTH_PAIRS = (("true", "false"), ("True", "False"), ("TRUE", "FALSE"), ("1", "0"))
TRUTHS = {word for pair in TRUTH_PAIRS for word in pair}
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
INTEGER = re.compile(r"[+-]?[0-9]+")
#: Beyond this a whole number in double precision is not exact.
EXACT_WHOLE = 2.0**53
#: Formats of a time by name; another one is a format of `strptime`.
ISO = "iso8601"
EPOCHS = {"epoch_s": 1.0, "epoch_ms": 1e3, "epoch_us": 1e6, "epoch_ns": 1e9}
ISO_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]([0-9]{2})(?::([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?)?(?:([Zz])|([+-])([0-9]{2}):?([0-9]{2})?)?)?"
)
UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
#: A time outside of these years is a fault, unless its column has other limits (seconds since the epoch).
EARLIEST = (datetime(1900, 1, 1, tzinfo=timezone.utc) - UNIX_EPOCH).total_seconds()
LATEST = (datetime(2200, 1, 1, tzinfo=timezone.utc) - UNIX_EPOCH).total_seconds()


def parse_number(value: str) -> float:
    """A finite number.

    Raises:
        ValueError: the text is none.
    """
    value = value.strip()
    number = float(value) if NUMBER.fullmatch(value) else math.nan
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is no number")
    return number


def parse_integer(value: str) -> int:
    """A whole number of any size; `3.0` and `1e3` are whole.

    Raises:
        ValueError: the text is none.
    """
    value = value.strip()
    if INTEGER.fullmatch(value):
        return int(value)
    number = parse_number(value)
    if not number.is_integer() or abs(number) > EXACT_WHOLE:
        raise ValueError(f"{value!r} is no whole number")
    return int(number)


def parse_timestamp(value: str, form: str | None = None, limits: tuple[float, float] = (EARLIEST, LATEST)) -> float:
    """Seconds since the epoch; a time without a zone is UTC.

    Args:
        form: `iso8601`, `epoch_s`, `epoch_ms`, `epoch_us`, `epoch_ns` or a format of `strptime`. Without one a time is ISO 8601, or a
            number since the epoch whose size tells the unit: seconds, milliseconds, microseconds and nanoseconds of the years 1970
            to 2200 have different numbers of digits.
        limits: the earliest and the latest time.

    Raises:
        ValueError: the text is no time in this format, or outside of the limits.
    """
    value = value.strip()
    if form in EPOCHS:
        seconds = parse_number(value) / EPOCHS[form]
    elif form and form != ISO:
        parsed = datetime.strptime(value, form)  # noqa: DTZ007 - a format may have no zone
        seconds = _since_epoch(parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc))
    elif form is None and NUMBER.fullmatch(value):
        number = parse_number(value)
        seconds = number / unit_of(number)
    else:
        seconds = _iso_seconds(value)
    if not limits[0] <= seconds <= limits[1]:
        raise ValueError(f"{value!r} is no time between the years 1900 and 2200")
    return seconds


def unit_of(number: float) -> float:
    """How many of its units a second has, for a number since the epoch."""
    return next((unit for unit in EPOCHS.values() if abs(number) <= LATEST * unit), 1e9)


def _iso_seconds(value: str) -> float:
    match = ISO_TIME.fullmatch(value)
    if not match:
        raise ValueError(f"{value!r} is no time in ISO 8601")
    year, month, day, hour, minute, second, fraction, _, sign, zone_hours, zone_minutes = match.groups()
    micro = int((fraction or "").ljust(6, "0")[:6])
    parsed = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), micro, tzinfo=timezone.utc)
    if sign:
        offset = timedelta(hours=int(zone_hours), minutes=int(zone_minutes or 0))
        if offset >= timedelta(days=1):
            raise ValueError(f"{value!r} has no zone")
        parsed = parsed - offset if sign == "+" else parsed + offset
    return _since_epoch(parsed)


def _since_epoch(time: datetime) -> float:
    return (time - UNIX_EPOCH) / timedelta(seconds=1)


def is_time(value: str, form: str | None = None) -> bool:
    """Whether a text is a time, as `parse_timestamp` reads it."""
    try:
        parse_timestamp(value, form)
    except (ValueError, OverflowError):
        return False
    return True


def to_datetime(value: str, form: str | None = None) -> datetime:
    """A time in UTC, as `parse_timestamp` reads it."""
    return UNIX_EPOCH + timedelta(seconds=parse_timestamp(value, form))
