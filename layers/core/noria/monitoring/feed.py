"""Incidents of a feed: columns that are missing, empty, constant or of another type, which is no drift."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.kernel.values import is_time
from noria.kernel.verdict import Reason
from noria.monitoring import two_sample_tests
from noria.monitoring.differences import ALPHA, FLOORS, LEAST_ROWS
from noria.profile.column import INTEGER, MOST_KEPT, NUMBER, TEXT, TIME

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from noria.profile.column import ColumnProfile
    from noria.profile.dataset import Profile

CONSTANT = "ColumnConstant"
#: The p-value below which there are too many words among numbers.
CERTAIN = 0.001


def find_incidents(
    reference: Profile, current: Profile, blocks: Sequence[Profile] | None, names: Collection[str], times: Collection[str], tolerated: float
) -> list[Reason]:
    """The incidents of a window; one that a block of the reference shows as well is none.

    Args:
        names: columns that are checked for all incidents; `times`: columns that may be constant.
        tolerated: the share of bad rows that the contract allows: so many words among numbers are no incident.
    """
    suspected = [reason for name in (*names, *times) if (reason := _incident(name, reference.columns[name], current.columns.get(name), tolerated))]
    return [
        reason for reason in suspected if not _is_usual(reason, reference, blocks, tolerated) and not (reason.code == CONSTANT and reason.observed in times)
    ]


def _incident(name: str, reference: ColumnProfile, current: ColumnProfile | None, tolerated: float) -> Reason | None:
    if current is None:
        return Reason("ColumnMissing", f"{name} is not there at all", name)
    filled, before = _filled(current), _filled(reference)
    if current.rows >= LEAST_ROWS and not filled and before > reference.rows / 2:
        return Reason("ColumnEmpty", f"{name} is empty in all of {current.rows:,} rows; in the reference {before / reference.rows:.0%} are filled", name)
    return _changed_type(name, reference, current, tolerated) or _constant(name, reference, current)


def _filled(column: ColumnProfile) -> int:
    return column.rows - column.nulls - column.nans


def _changed_type(name: str, reference: ColumnProfile, current: ColumnProfile, tolerated: float) -> Reason | None:
    """Words in a column of numbers or times."""
    words, filled, before = current.kinds.get(TEXT, 0), _filled(current), _filled(reference)
    if reference.kind not in {INTEGER, NUMBER, TIME} or words <= max(FLOORS["empty"], tolerated) * filled:
        return None
    if two_sample_tests.of_share(words, filled, tolerated * before, before) >= CERTAIN:
        return None
    example = "".join(f", {word!r} for one" for word in _words(current)[:1])
    return Reason("TypeChanged", f"{name} was {reference.kind} and holds words in {words / filled:.0%} of its values now{example}", name)


def _constant(name: str, reference: ColumnProfile, current: ColumnProfile) -> Reason | None:
    """One value in all rows, where the reference's most frequent value makes that improbable."""
    filled, before = _filled(current), _filled(reference)
    share = max((count for _, _, count in reference.values.top(1)), default=0) / before if before else 1.0
    if current.values.number()[0] == 1 and filled >= LEAST_ROWS and share**filled < ALPHA:
        return Reason(CONSTANT, f"{name} is {current.values.top(1)[0][0]} in all of {filled:,} rows", name)
    return None


def _words(column: ColumnProfile) -> list[str]:
    """The most frequent values that are neither numbers nor times."""
    return [value for value, _, _ in column.values.top(MOST_KEPT) if not is_time(value)]


def _is_usual(reason: Reason, reference: Profile, blocks: Sequence[Profile] | None, tolerated: float) -> bool:
    """Whether a block of the reference shows the same: no snow in summer is no broken feed."""
    name = str(reason.observed)
    earlier = (_incident(name, reference.columns[name], block.columns.get(name), tolerated) for block in blocks or ())
    return any(incident is not None and incident.code == reason.code for incident in earlier)
