"""The cells that both pictures of a profile share: its table on a terminal, and its page."""

from typing import TYPE_CHECKING

from cli.base import wording

if TYPE_CHECKING:
    from noria.profile.column import ColumnProfile
    from noria.profile.dataset import Profile

#: A sketch holds times in single precision: over more than so many days they are good for a day, else for a minute (seconds).
COARSE = 10 * wording.DAY


def empty(column: "ColumnProfile") -> str:
    """The share of empty values."""
    values = column.nulls + column.nans
    return wording.share(values / column.rows) if values and column.rows else ""


def is_time(column: "ColumnProfile") -> bool:
    """Whether the numbers of a column are times in seconds since the epoch, or since midnight: words may be among them."""
    return bool(column.kinds.get("time")) and not column.kinds.get("integer") and not column.kinds.get("number")


def is_time_of_day(column: "ColumnProfile") -> bool:
    """Whether its times are seconds since midnight."""
    return is_time(column) and column.numbers.least >= 0 and column.numbers.most < wording.DAY


def amount(column: "ColumnProfile", value: float, step: float = 1.0) -> str:
    """A number of a column as a person reads it: a number, a date, or a time of day."""
    if is_time_of_day(column):
        minutes, seconds = divmod(round(value), wording.MINUTE)
        return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    return wording.moment(value, step) if is_time(column) else wording.number(value)


def quantile(column: "ColumnProfile", share: float) -> str:
    """A quantile; both ends are exact."""
    value = column.quantile(share)
    if value is None:
        return ""
    span = column.numbers.most - column.numbers.least
    step = 1.0 if share in (0.0, 1.0) or column.values.exact else wording.DAY if span > COARSE else wording.MINUTE
    return amount(column, value, step)


def value(column: "ColumnProfile", text: str) -> str:
    """One of the values of a column, as the profile names it: a time is seconds there."""
    if is_time(column):
        try:
            return amount(column, float(text))
        except ValueError:
            pass
    return wording.name(text) or "(empty text)"


def facts(profile: "Profile") -> str:
    """The size of a dataset, its order and its repeated keys in one line."""
    text = f"{wording.count(profile.rows, 'row')}, {wording.count(len(profile.columns), 'column')}"
    if profile.order.first is not None:
        text += f", {'in' if profile.order.ordered else 'not in'} the order of time"
    if (repeated := profile.repeated()) is not None:
        text += f", {repeats(*repeated)}"
    return text


def repeats(least: int, most: int) -> str:
    """How many rows repeat a key."""
    if not most:
        return "no key repeated"
    between = f"{least:,}" if least == most else f"{least:,} to {most:,}" if least else f"at most {most:,}"
    return f"{between} {'row repeats' if most == 1 else 'rows repeat'} a key"
