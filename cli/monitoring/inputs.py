"""The inputs of a model on a page: what moved, by how much, against which limit; the columns that moved most come first."""

from collections.abc import Iterable, Mapping, Sequence

from cli.base import distributions, wording
from cli.base.records import ColumnDrift, Drift
from cli.base.records import Reason as ReasonRecord
from cli.base.report import BAD, GOOD, UNSURE, Cell, Figure, Reason, Table, words
from noria.monitoring.causes import DRIFT, INCIDENT, OK, UNDECIDED

Columns = Sequence[tuple[str, ColumnDrift]]
#: Rows of the table, bars of the overview, reasons, and characters of a reason, at most.
MOST_ROWS, MOST_BARS, MOST_REASONS, LONGEST_REASON = 1_000, 20, 20, 300
#: What a measure says of a column, and whether its effect is a share of the rows.
MEASURES = {
    "distance": ("distance of the distributions", False),
    "categories": ("values in other categories", True),
    "outside": ("values outside of the range", True),
    "unseen": ("values never seen before", True),
    "empty": ("change of empty values", True),
}
STANDARD = {"ks": "KS", "psi": "PSI", "js": "JS", "wasserstein": "Wasserstein", "chi2": "χ²/df"}
TONES = {OK: GOOD, DRIFT: BAD, INCIDENT: BAD, UNDECIDED: UNSURE}
OUTCOMES = {OK: "no drift", DRIFT: "drift", INCIDENT: "broken feed", UNDECIDED: "no verdict"}
NOTE = (
    "A column has moved where its effect reaches the limit and chance does not explain it (p-value). × limit is the effect over the limit. "
    "The distance of the distributions is Kolmogorov and Smirnov's, from 0 to 1. KS, PSI, JS (Jensen-Shannon), Wasserstein "
    "(in standard deviations of the reference) and χ² per degree of freedom decide nothing."
)


def by_effect(columns: Mapping[str, ColumnDrift]) -> Columns:
    """Columns with the furthest moved one first: those beyond their limit for certain, then the others."""
    return sorted(columns.items(), key=lambda item: (not item[1]["drifted"], -times_limit(item[1])))


def times_limit(column: ColumnDrift) -> float:
    return column["effect"] / column["limit"]


def amount(column: ColumnDrift, value: float) -> str:
    """An effect, or a limit of one, in the unit of its measure."""
    return wording.share(value) if MEASURES.get(column["measure"], ("", False))[1] else f"{value:.3f}"


def measure(column: ColumnDrift) -> str:
    return MEASURES.get(column["measure"], (column["measure"], False))[0]


def sentence(drift: Drift, watched: int | None = None) -> str:
    """The verdict on the inputs with the two numbers that it rests on.

    Args:
        watched: how many columns were checked; by default those of the verdict.
    """
    columns, reasons = by_effect(drift["columns"]), drift["reasons"]
    if drift["verdict"] in (INCIDENT, UNDECIDED) and reasons:
        return f"{'The feed is broken' if drift['verdict'] == INCIDENT else 'No verdict'}: {wording.name(reasons[0]['text'], LONGEST_REASON)}."
    if not columns:
        return "No column was checked."
    name, worst = columns[0]
    checked = len(columns) if watched is None else watched
    effect = f"{measure(worst)} {amount(worst, worst['effect'])}"
    if drift["verdict"] == OK:
        of = "The one column that was checked has not moved" if checked == 1 else f"None of {checked:,} columns has moved"
        limit = amount(worst, worst["limit"])
        return f"{of}. Nearest to its limit is {wording.name(name)}: {effect}; a difference counts from {limit} on."
    moved, limit = sum(column["drifted"] for _, column in columns), amount(worst, worst["limit"])
    verb = "has" if moved == 1 else "have"
    return f"{moved:,} of {wording.count(checked, 'column')} {verb} moved, {wording.name(name)} most: {effect}; a difference counts from {limit} on."


def reasons(records: Iterable[ReasonRecord], names: Iterable[str]) -> list[Reason]:
    """Reasons with the column that each is about."""
    records, known = list(records), set(names)
    results = [_reason(record["text"], known) for record in records[:MOST_REASONS]]
    more = len(records) - MOST_REASONS
    return [*results, *([Reason(f"and {wording.count(more, 'more reason')}")] if more > 0 else [])]


def _reason(text: str, names: set[str]) -> Reason:
    name = next((name for name in names if text.startswith(f"{name}: ")), "")
    return Reason(wording.name(text[len(name) + 2 :] if name else text, LONGEST_REASON), wording.name(name))


def overview(columns: Columns) -> Figure:
    """How far each column has moved, as a multiple of its limit."""
    bars = [(name, times_limit(column)) for name, column in columns[:MOST_BARS]]
    note = f"The {MOST_BARS} columns that moved most, of {len(columns):,}." if len(columns) > MOST_BARS else ""
    return Figure(distributions.bars("moved", "How far each column moved", bars, "effect, as a multiple of the limit", 1.0), note=note)


def table(columns: Columns, places: Mapping[str, str], target: str = "") -> Table:
    """A row a column.

    Args:
        places: cards of the page by column.
    """
    present = [key for key in STANDARD if any(key in column["measures"] for _, column in columns)]
    heads = ("column", "verdict", "effect", "limit", "× limit", "p-value", "of what", *(STANDARD[key] for key in present))
    rows = [_row(name, column, present, places.get(name, ""), target) for name, column in columns[:MOST_ROWS]]
    return Table(heads, rows, frozenset({"column", "verdict", "of what"}), NOTE)


def _row(name: str, column: ColumnDrift, present: list[str], place: str, target: str) -> list[Cell]:
    title = Cell(f"{wording.name(name)}{' (target)' if name == target else ''}", card=place)
    verdict = Cell("moved", BAD) if column["drifted"] else Cell("not moved")
    effects = (amount(column, column["effect"]), amount(column, column["limit"]), f"{times_limit(column):.2f}", wording.probability(column["evidence"]))
    standard = (f"{column['measures'][key]:.3f}" if key in column["measures"] else "" for key in present)
    return [title, verdict, *words(*effects, measure(column), *standard)]
