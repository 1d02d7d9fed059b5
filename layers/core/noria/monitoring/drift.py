"""Drift of a window against a reference, from their profiles alone: evidence and size, and what is usual from block to block of time.

A column has drifted where a difference is beyond chance, corrected for all columns and measures of the check, and large: above
a floor, and above what the reference itself shows from one of its blocks of time to the others. Rows that follow each other
in time are not exchangeable, so without that last rule every month of a seasonal feed would be an alarm. What is missing,
empty or constant is an incident of the feed and no drift of the world.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from noria.kernel.json import Json
from noria.kernel.values import is_time
from noria.kernel.verdict import Reason, Verdict
from noria.monitoring import two_sample_tests
from noria.monitoring.measures import measures
from noria.profile.column import INTEGER, MOST_KEPT, NUMBER, TEXT, TIME, ColumnProfile
from noria.profile.dataset import Profile

CONSTANT = "ColumnConstant"
OK, DRIFT, INCIDENT, UNDECIDED = "ok", "drift", "incident", "undecided"
#: The share of whole checks that may alarm though nothing has changed.
ALPHA = 0.01
#: Differences below these are none, however certain: largest distance between distribution functions; half the sum of
#: differences of shares; share outside of everything seen before; share of values never seen before; share of empty ones.
FLOORS = {"distance": 0.07, "categories": 0.06, "outside": 0.02, "unseen": 0.02, "empty": 0.05}
#: How certain it must be that there are too many words among numbers.
CERTAIN = 0.001
#: A difference must be so many times what the reference's own blocks show at most.
USUAL = 1.25
#: Fewer blocks do not tell what is usual; fewer rows tell nothing.
LEAST_BLOCKS, LEAST_ROWS, LEAST_REFERENCE = 4, 20, 50
#: Points at which two distributions are compared.
POINTS = 128
SHARES = [i / POINTS for i in range(POINTS + 1)]


@dataclass(frozen=True)
class Difference:
    """One measure of one column.

    Attributes:
        effect: its size, between 0 and 1.
        evidence: how unlikely it is by chance.
    """

    measure: str
    effect: float
    evidence: float


def check(
    reference: Profile, current: Profile, blocks: Sequence[Profile] | None, ignored: Collection[str] = (), times: Collection[str] = (), tolerated: float = 0.0
) -> Json:
    """The verdict on a window.

    Args:
        blocks: of the reference, one after the other in time and about as long as the window; nothing where its rows have no time.
        ignored: columns that are not looked at.
        times: columns of which it is only looked at whether they are there and hold times.
        tolerated: the share of rows that the contract lets be bad: so many words among numbers are no broken feed.

    Returns:
        `{verdict: ok|drift|incident|undecided, columns: {name: {drifted, effect, measure, evidence, limit, measures}}, reasons}`;
        `measures` are the well-known ones (`noria.monitoring.measures`), of which no verdict is made.
    """
    names = [name for name in reference.columns if name not in ignored]
    suspected = [reason for name in (*names, *times) if (reason := _incident(name, reference.columns[name], current.columns.get(name), tolerated))]
    # Rows of one time are no broken feed.
    incidents = [
        reason for reason in suspected if not _known(reason, reference, blocks, tolerated) and not (reason.code == CONSTANT and reason.observed in times)
    ]
    broken = {reason.observed for reason in incidents}
    result = {name: differences(reference.columns[name], current.columns[name]) for name in names if name in current.columns and name not in broken}
    if current.rows < LEAST_ROWS or reference.rows < LEAST_REFERENCE:
        text = f"{current.rows:,} rows against {reference.rows:,} of the reference tell nothing; a verdict needs at least {LEAST_ROWS} and {LEAST_REFERENCE}"
        return _told(UNDECIDED, {}, [Reason("TooFewRows", text, current.rows, LEAST_ROWS), *incidents])
    tests = sum(map(len, result.values()))
    usual = _usual(blocks, result) if blocks and len(blocks) >= LEAST_BLOCKS else {}
    columns = {
        name: {**_column(name, parts, tests, usual), "measures": measures(reference.columns[name], current.columns[name])} for name, parts in result.items()
    }
    drifted = [name for name, column in columns.items() if column["drifted"]]
    reasons = [*incidents, *(_reason(name, columns[name], bool(usual)) for name in drifted)]
    if incidents:
        return _told(INCIDENT, columns, reasons)
    if drifted and blocks is not None and len(blocks) < LEAST_BLOCKS:
        text = f"the reference has {len(blocks)} blocks as long as this one: too few to know what is usual from one to the next ({LEAST_BLOCKS})"
        return _told(UNDECIDED, columns, [Reason("ReferenceTooShort", text, len(blocks), LEAST_BLOCKS), *reasons])
    return _told(DRIFT if drifted else OK, columns, reasons)


def differences(reference: ColumnProfile, current: ColumnProfile) -> list[Difference]:
    """Every measure of one column."""
    results = [_empty(reference, current)]
    if reference.kind in (INTEGER, NUMBER):
        results += [_distance(reference, current), _outside(reference, current)]
    elif reference.kind != TIME and reference.values.counts is not None and current.values.counts is not None:
        results += [_categories(reference, current), _unseen(reference, current)]
    return results


def _empty(reference: ColumnProfile, current: ColumnProfile) -> Difference:
    mine, theirs = (column.nulls + column.nans for column in (current, reference))
    effect = abs(mine / current.rows - theirs / reference.rows) if current.rows and reference.rows else 0.0
    both = (
        two_sample_tests.of_share(mine, current.rows, theirs, reference.rows),
        two_sample_tests.of_share(current.rows - mine, current.rows, reference.rows - theirs, reference.rows),
    )
    return Difference("empty", effect, min(1.0, 2 * min(both)))


def _distance(reference: ColumnProfile, current: ColumnProfile) -> Difference:
    points = sorted({value for column in (reference, current) for value in column.quantiles(SHARES)})
    distance = max((abs(a - b) for a, b in zip(reference.ranks(points), current.ranks(points), strict=False)), default=0.0)
    # Both sketches err independently.
    certain = distance - math.hypot(reference.rank_error, current.rank_error)
    return Difference("distance", distance, two_sample_tests.of_distance(certain, reference.numbers.count, current.numbers.count))


def _outside(reference: ColumnProfile, current: ColumnProfile) -> Difference:
    """Numbers below the least or above the most that was ever seen."""
    least, most = reference.numbers.least, reference.numbers.most
    ranks = current.ranks([least - abs(least) * 1e-6 - 1e-12, most + abs(most) * 1e-6 + 1e-12])
    share = max(0.0, ranks[0] + 1 - ranks[1] - current.rank_error) if ranks else 0.0
    if current.numbers.count and least <= current.numbers.least and current.numbers.most <= most:
        share = 0.0
    return Difference("outside", share, two_sample_tests.of_share(share * current.numbers.count, current.numbers.count, 1.0, reference.numbers.count))


def _counts(column: ColumnProfile) -> dict[str, float]:
    return {str(value): float(count) for value, count in (column.values.counts or {}).items()}


def _categories(reference: ColumnProfile, current: ColumnProfile) -> Difference:
    mine, theirs = _counts(current), _counts(reference)
    sizes = sum(mine.values()) or 1.0, sum(theirs.values()) or 1.0
    effect = sum(abs(mine.get(name, 0) / sizes[0] - theirs.get(name, 0) / sizes[1]) for name in {**mine, **theirs}) / 2
    return Difference("categories", effect, two_sample_tests.of_categories(mine, theirs))


def _unseen(reference: ColumnProfile, current: ColumnProfile) -> Difference:
    mine, theirs = _counts(current), _counts(reference)
    new = sum(count for name, count in mine.items() if name not in theirs)
    once = sum(count == 1 for count in theirs.values())
    # What was never seen has about the share of what was seen once (Good, 1953).
    size = sum(mine.values())
    return Difference("unseen", new / size if size else 0.0, two_sample_tests.of_share(new, size, once + 1, sum(theirs.values())))


def _usual(blocks: Sequence[Profile], result: dict[str, list[Difference]]) -> dict[tuple[str, str], float]:
    """The largest of each measure between one block of the reference and the others."""
    largest: dict[tuple[str, str], float] = {}
    for left in range(len(blocks)):
        rest = Profile()
        for number, block in enumerate(blocks):
            if number != left:
                rest.merge(block)
        for name in result:
            if name in rest.columns and name in blocks[left].columns:
                for difference in differences(rest.columns[name], blocks[left].columns[name]):
                    key = (name, difference.measure)
                    largest[key] = max(largest.get(key, 0.0), difference.effect)
    return largest


def _column(name: str, parts: list[Difference], tests: int, usual: dict[tuple[str, str], float]) -> Json:
    """The measure that speaks loudest: one that has drifted, else the one nearest to its limit."""
    limits = {item.measure: max(FLOORS[item.measure], USUAL * usual.get((name, item.measure), 0.0)) for item in parts}
    drifted = [item for item in parts if item.evidence <= ALPHA / tests and item.effect >= limits[item.measure]]
    worst = max(drifted or parts, key=lambda item: item.effect / limits[item.measure])
    return {
        "drifted": bool(drifted),
        "effect": round(worst.effect, 4),
        "measure": worst.measure,
        "evidence": worst.evidence,
        "limit": round(limits[worst.measure], 4),
    }


def _incident(name: str, reference: ColumnProfile, current: ColumnProfile | None, tolerated: float) -> Reason | None:
    """What a feed that broke looks like."""
    if current is None:
        return Reason("ColumnMissing", f"{name} is not there at all", name)
    filled, before = current.rows - current.nulls - current.nans, reference.rows - reference.nulls - reference.nans
    if current.rows >= LEAST_ROWS and not filled and before > reference.rows / 2:
        return Reason("ColumnEmpty", f"{name} is empty in all of {current.rows:,} rows; in the reference {before / reference.rows:.0%} are filled", name)
    typed = {INTEGER, NUMBER, TIME}
    words = current.kinds.get(TEXT, 0)
    if (
        reference.kind in typed
        and words > max(FLOORS["empty"], tolerated) * filled
        and two_sample_tests.of_share(words, filled, tolerated * before, before) < CERTAIN
    ):
        example = "".join(f", {word!r} for one" for word in _words(current)[:1])
        return Reason("TypeChanged", f"{name} was {reference.kind} and holds words in {words / filled:.0%} of its values now{example}", name)
    constant = current.values.number()[0] == 1 and filled >= LEAST_ROWS
    share = max((count for _, _, count in reference.values.top(1)), default=0) / before if before else 1.0
    if constant and share**filled < ALPHA:
        return Reason(CONSTANT, f"{name} is {current.values.top(1)[0][0]} in all of {filled:,} rows", name)
    return None


def _words(column: ColumnProfile) -> list[str]:
    """The most frequent values that are neither numbers nor times."""
    return [value for value, _, _ in column.values.top(MOST_KEPT) if not is_time(value)]


def _known(reason: Reason, reference: Profile, blocks: Sequence[Profile] | None, tolerated: float) -> bool:
    """Whether a block of the reference was like that too: no snow in summer is no broken feed."""
    name = str(reason.observed)
    result = (_incident(name, reference.columns[name], block.columns.get(name), tolerated) for block in blocks or ())
    return any(other is not None and other.code == reason.code for other in result)


WORDS = {
    "distance": "its distribution is {effect:.3f} away from the reference's (Kolmogorov-Smirnov)",
    "categories": "{effect:.0%} of its values have gone to other categories",
    "outside": "{effect:.1%} of its values are outside of all that was seen before",
    "unseen": "{effect:.1%} of its values were never seen before",
    "empty": "its share of empty values is another by {effect:.1%}",
}


def _reason(name: str, column: Json, usual: bool) -> Reason:
    limit = f"usual is up to {column['limit']:.3f}" if usual else f"a difference counts from {column['limit']:.3f} on"
    text = f"{name}: {WORDS[column['measure']].format(effect=column['effect'])}; {limit}"
    return Reason("ColumnDrifted", text, column["effect"], column["limit"])


def _told(outcome: str, columns: dict[str, Json], reasons: list[Reason]) -> Json:
    return {"verdict": outcome, "columns": columns, "reasons": Verdict(outcome, tuple(reasons)).to_json()["reasons"]}
