"""What stands out in a profile: gaps, constants, mixed types, identifiers, as its counts tell them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cli.base import wording
from cli.base.report import UNSURE, Cell
from cli.data import cells
from cli.data.profile import different

if TYPE_CHECKING:
    from noria.profile.column import ColumnProfile
    from noria.profile.dataset import Profile

#: From this share of empty values on a column is named, and from this share of one value on.
MANY_EMPTY, ONE_VALUE = 0.05, 0.95
KINDS = {"integer": "whole number", "number": "decimal number", "boolean": "truth value", "time": "time", "string": "word"}


def of_dataset(profile: "Profile") -> list[str]:
    """What stands out in the dataset as a whole."""
    results = [] if profile.rows else ["it has no rows"]
    if profile.order.first is not None and not profile.order.ordered:
        results.append("the rows are not in the order of time")
    if (repeated := profile.repeated()) and repeated[0]:
        results.append(cells.repeats(*repeated))
    return results


def of_column(column: "ColumnProfile") -> list[Cell]:
    """What stands out in a column; a note without a tone is no reason to look."""
    if not column.rows:
        return []
    rows = wording.count(column.rows, "row")
    lacking = column.nulls + column.nans
    if lacking == column.rows:
        return [Cell(f"empty in all of {rows}", UNSURE)]
    return [*(Cell(text, UNSURE) for text in _faults(column, lacking, rows)), *_identifier(column)]


def _faults(column: "ColumnProfile", lacking: int, rows: str) -> Iterator[str]:
    filled = column.rows - lacking
    if lacking >= MANY_EMPTY * column.rows:
        yield f"{lacking:,} of {rows} {'is' if lacking == 1 else 'are'} empty ({wording.share(lacking / column.rows)})"
    if column.nans:
        yield f"{wording.count(column.nans, 'value')} {'is' if column.nans == 1 else 'are'} NaN"
    if column.infinities:
        yield f"{wording.count(column.infinities, 'value')} {'is' if column.infinities == 1 else 'are'} infinite"
    yield from _mixed(column)
    top = column.values.top(1)
    if top and column.values.exact and filled > 1:
        value, count, _ = top[0]
        if count == filled:
            yield f"{cells.value(column, value)} in every row that is filled"
        elif count >= ONE_VALUE * filled:
            yield f"{cells.value(column, value)} in {wording.share(count / filled)} of the rows that are filled"


def _mixed(column: "ColumnProfile") -> Iterator[str]:
    """Several kinds of values; whole numbers are numbers too."""
    kinds = {kind: count for kind, count in column.kinds.items() if count}
    if kinds.get("number"):
        kinds["number"] += kinds.pop("integer", 0)
    if len(kinds) > 1:
        yield f"mixed: {', '.join(wording.count(count, KINDS[kind]) for kind, count in sorted(kinds.items(), key=lambda item: -item[1]))}"


def _identifier(column: "ColumnProfile") -> list[Cell]:
    _, _, most = column.values.number()
    apart = column.rows > 1 and not column.nulls and most >= column.rows and column.kind in ("integer", "string")
    return [Cell("every row has a value of its own: it names the row" if column.values.exact else "about every row has a value of its own")] if apart else []


def number_of(column: "ColumnProfile") -> str:
    """The number of different values; of a sketched column with the bounds that hold in 997 of 1,000 cases."""
    estimate, least, most = different(column)
    return f"{estimate:,.0f}" if column.values.exact else f"about {estimate:,.0f} ({least:,.0f} to {most:,.0f})"
