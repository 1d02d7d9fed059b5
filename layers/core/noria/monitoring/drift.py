"""Drift of a window against a reference, from their profiles alone: statistical evidence, effect size, and usual variation over time.

A column has drifted where a difference is beyond chance, corrected for all columns and measures of the check, and large: above
a floor, and above the differences among the reference's own blocks of time. Consecutive rows are not exchangeable, so without that
last rule every month of a seasonal feed would raise an alarm. A missing, empty or constant column is an incident of the feed, not drift.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.kernel.verdict import Reason
from noria.kernel.wording import count
from noria.monitoring.causes import DRIFT, INCIDENT, OK, UNDECIDED
from noria.monitoring.differences import ALPHA, FLOORS, LEAST_ROWS, differences
from noria.monitoring.feed import find_incidents
from noria.monitoring.measures import measures
from noria.profile.dataset import Profile

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from typing import Literal

    from noria.monitoring.differences import Difference
    from noria.monitoring.shapes import ColumnDrift, DriftResult

#: A difference must be so many times the largest one among the reference's own blocks.
USUAL = 1.25
#: Fewer blocks do not show what is usual; fewer rows of the reference show nothing.
LEAST_BLOCKS, LEAST_REFERENCE = 4, 50
#: The largest effect of each column and measure among the reference's own blocks.
UsualEffects = dict[tuple[str, str], float]


def check(
    reference: Profile, current: Profile, blocks: Sequence[Profile] | None, ignored: Collection[str] = (), times: Collection[str] = (), tolerated: float = 0.0
) -> DriftResult:
    """The verdict on a window.

    Args:
        blocks: of the reference, one after the other in time and about as long as the window; nothing where its rows have no time.
        ignored: columns that are not checked.
        times: columns that are only checked for being there and holding times.
        tolerated: the share of bad rows that the contract allows: so many words among numbers are no incident.

    Returns:
        The columns' `measures` are the standard drift metrics (`noria.monitoring.measures`), which the verdict does not use.
    """
    names = [name for name in reference.columns if name not in ignored]
    incidents = find_incidents(reference, current, blocks, names, times, tolerated)
    if current.rows < LEAST_ROWS or reference.rows < LEAST_REFERENCE:
        sizes = f"{count(current.rows, 'row')} against {reference.rows:,} of the reference"
        text = f"{sizes} {'tells' if current.rows == 1 else 'tell'} nothing; a verdict needs at least {LEAST_ROWS} and {LEAST_REFERENCE}"
        return _result(UNDECIDED, {}, [Reason("TooFewRows", text, current.rows, LEAST_ROWS), *incidents])
    broken = {reason.observed for reason in incidents}
    compared = {name: differences(reference.columns[name], current.columns[name]) for name in names if name in current.columns and name not in broken}
    usual = _usual_effects(blocks, compared) if blocks and len(blocks) >= LEAST_BLOCKS else {}
    columns = _columns(reference, current, compared, usual)
    drifted = [name for name, column in columns.items() if column["drifted"]]
    reasons = [*incidents, *(_reason(name, columns[name], bool(usual)) for name in drifted)]
    if incidents:
        return _result(INCIDENT, columns, reasons)
    if drifted and blocks is not None and len(blocks) < LEAST_BLOCKS:
        known = f"the reference has {count(len(blocks), 'block')} of time as long as this one" if blocks else "of the reference no blocks of time are known"
        text = f"{known}; a verdict needs {LEAST_BLOCKS}, to know what is usual from one to the next"
        return _result(UNDECIDED, columns, [Reason("ReferenceTooShort", text, len(blocks), LEAST_BLOCKS), *reasons])
    return _result(DRIFT if drifted else OK, columns, reasons)


def _usual_effects(blocks: Sequence[Profile], compared: dict[str, list[Difference]]) -> UsualEffects:
    """The largest effect of each column and measure between one block of the reference and the others."""
    largest: UsualEffects = {}
    for left in range(len(blocks)):
        rest = Profile()
        for number, block in enumerate(blocks):
            if number != left:
                rest.merge(block)
        for name in compared:
            if name in rest.columns and name in blocks[left].columns:
                for difference in differences(rest.columns[name], blocks[left].columns[name]):
                    key = (name, difference.measure)
                    largest[key] = max(largest.get(key, 0.0), difference.effect)
    return largest


def _columns(reference: Profile, current: Profile, compared: dict[str, list[Difference]], usual: UsualEffects) -> dict[str, ColumnDrift]:
    tests = sum(map(len, compared.values()))
    return {name: _column(name, parts, tests, usual, measures(reference.columns[name], current.columns[name])) for name, parts in compared.items()}


def _column(name: str, parts: list[Difference], tests: int, usual: UsualEffects, metrics: dict[str, float]) -> ColumnDrift:
    """The most telling measure of a column: one that has drifted, else the one nearest to its limit.

    Args:
        tests: measures of all columns, for Bonferroni's correction.
        metrics: the standard drift metrics.
    """
    limits = {item.measure: max(FLOORS[item.measure], USUAL * usual.get((name, item.measure), 0.0)) for item in parts}
    drifted = [item for item in parts if item.evidence <= ALPHA / tests and item.effect >= limits[item.measure]]
    worst = max(drifted or parts, key=lambda item: item.effect / limits[item.measure])
    return {
        "drifted": bool(drifted),
        "effect": round(worst.effect, 4),
        "measure": worst.measure,
        "evidence": worst.evidence,
        "limit": round(limits[worst.measure], 4),
        "measures": metrics,
    }


WORDS = {
    "distance": "its distribution is {effect:.3f} away from the reference's (Kolmogorov-Smirnov)",
    "categories": "{effect:.0%} of its values have gone to other categories",
    "outside": "{effect:.1%} of its values are outside of all that was seen before",
    "unseen": "{effect:.1%} of its values were never seen before",
    "empty": "its share of empty values is another by {effect:.1%}",
}


def _reason(name: str, column: ColumnDrift, usual: bool) -> Reason:
    limit = f"usual is up to {column['limit']:.3f}" if usual else f"a difference counts from {column['limit']:.3f} on"
    text = f"{name}: {WORDS[column['measure']].format(effect=column['effect'])}; {limit}"
    return Reason("ColumnDrifted", text, column["effect"], column["limit"])


def _result(verdict: Literal["ok", "drift", "incident", "undecided"], columns: dict[str, ColumnDrift], reasons: list[Reason]) -> DriftResult:
    return {"verdict": verdict, "columns": columns, "reasons": [reason.to_json() for reason in reasons]}
