"""The cells that both pictures of a profile share: its table on a terminal, and its page."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from noria.profile.column import ColumnProfile
    from noria.profile.dataset import Profile

#: Numbers of a time column above this are seconds since the epoch, not years.
FIRST_SECONDS = 1e6


def empty(column: "ColumnProfile") -> str:
    """The share of empty values."""
    values = column.nulls + column.nans
    return f"{values / column.rows:.1%}" if values and column.rows else ""


def quantile(column: "ColumnProfile", share: float) -> str:
    """A quantile as a number, or as a date."""
    value = column.quantile(share)
    if value is None:
        return ""
    if column.kind == "time" and column.numbers.most > FIRST_SECONDS:
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d")
    return f"{value:.6g}"


def facts(profile: "Profile") -> str:
    """The size of a dataset, its order and its repeated keys in one line."""
    text = f"{profile.rows:,} rows, {len(profile.columns)} columns"
    if profile.order.first is not None:
        text += f", {'in' if profile.order.ordered else 'not in'} the order of time"
    if (repeated := profile.repeated()) is not None:
        between = f"{repeated[0]:,} to" if repeated[0] else "at most"
        text += f", {between} {repeated[1]:,} rows repeat a key" if repeated[1] else ", no key repeated"
    return text
