"""The page of a check: one file against another, column by column, with both distributions over each other."""

from typing import TYPE_CHECKING

from cli.base import distributions, wording
from cli.base.distributions import Pair
from cli.base.records import ColumnDrift
from cli.base.report import Card, Cell, Figure, Report, Section, Table, words
from cli.data import bins, cells
from cli.data.findings import number_of
from cli.monitoring import inputs
from cli.monitoring.check import ComparedFile, Comparison
from noria.monitoring.causes import INCIDENT, UNDECIDED

if TYPE_CHECKING:
    from noria.profile.column import ColumnProfile

#: Cards with a plot, at most, names of ignored columns, and bars of a plot of categories.
MOST_CARDS, MOST_NAMES, BARS = 40, 12, 8
LONG_NAME = 120
#: What is compared of a column besides its distribution.
ROWS = ("filled", "empty", "different", "least", "median", "mean", "most")


def check_page(comparison: Comparison) -> Report:
    """The page of a check."""
    result = comparison.result
    columns = inputs.by_effect(result["columns"])
    broken = [name for name in comparison.before.columns if name not in result["columns"] and name not in result["ignored"] and name != comparison.time]
    names = [name for name in (*(broken if columns else ()), *(name for name, _ in columns)) if name in comparison.now.columns]
    places = {name: f"c{number}" for number, name in enumerate(names[:MOST_CARDS], start=1)}
    return Report(
        title=f"{result['current']['file']} against {result['reference']['file']}",
        compared=_compared(comparison),
        outcome=inputs.OUTCOMES[result["verdict"]],
        tone=inputs.TONES[result["verdict"]],
        verdict=inputs.sentence(result),
        reasons=inputs.reasons(result["reasons"][result["verdict"] in (INCIDENT, UNDECIDED) :], comparison.before.columns),
        sections=[*_table(comparison, columns, places), *_cards(comparison, places, len(names))],
    )


def _compared(comparison: Comparison) -> list[tuple[str, str]]:
    result, blocks = comparison.result, comparison.result["blocks"]
    usual = "unknown: the spec names no time (data.time)"
    if blocks is not None and not blocks["count"]:
        usual = "unknown: a kept profile does not tell one block of time from another"
    elif blocks is not None:
        usual = f"from {wording.count(blocks['count'], 'block')} of the reference, {wording.duration(blocks['seconds'])} each"
    ignored = [name for name in result["ignored"] if name != comparison.time]
    left = f", {wording.count(len(ignored), 'other')} not ({wording.listed(ignored, MOST_NAMES)})" if ignored else ""
    return [
        ("model", f"{result['model']}, which predicts {wording.name(result['target'])}"),
        ("reference", _file(result["reference"])),
        ("current", _file(result["current"])),
        ("columns", f"{len(result['columns']):,} compared{left}"),
        ("usual variation", usual),
    ]


def _file(side: ComparedFile) -> str:
    text = f"{side['file']}: {wording.count(side['rows'], 'row')}"
    return f"{text}, {wording.stamp(side['since'])} to {wording.stamp(side['until'])}" if side["since"] and side["until"] else text


def _table(comparison: Comparison, columns: inputs.Columns, places: dict[str, str]) -> list[Section]:
    from noria.monitoring.differences import ALPHA, differences

    if not columns:
        return []
    tests = sum(len(differences(comparison.before.columns[name], comparison.now.columns[name])) for name, _ in columns)
    texts = [f"A p-value counts below {ALPHA / tests:.2g}: {ALPHA:g} for the whole check, shared among {wording.count(tests, 'test')} (Bonferroni)."]
    more = len(columns) - inputs.MOST_ROWS
    if more > 0:
        texts.append(f"The table has the {inputs.MOST_ROWS:,} columns that moved most, of {len(columns):,}; noria check --json has all.")
    return [Section("What moved", texts, [inputs.overview(columns)], [inputs.table(columns, places, comparison.result["target"])])]


def _cards(comparison: Comparison, places: dict[str, str], number: int) -> list[Section]:
    if not places:
        return []
    left = number - len(places)
    texts = [f"The {len(places)} columns that moved most, of {number:,}; the table has the others."] if left > 0 else []
    return [Section("Column by column", texts, cards=[_card(comparison, name, place) for name, place in places.items()])]


def _card(comparison: Comparison, name: str, place: str) -> Card:
    before, now = comparison.before.columns[name], comparison.now.columns[name]
    verdict = comparison.result["columns"].get(name)
    facts = [] if verdict is None else _facts(verdict)
    notes = [] if verdict is None or not verdict["drifted"] else [Cell("moved", "bad")]
    kind = before.kind if before.kind == now.kind else f"{before.kind}, now {now.kind}"
    details = [("Before and now", Table(("", "reference", "current"), _sides(before, now), frozenset({""})))]
    return Card(place, wording.name(name, LONG_NAME), kind, notes, _figure(place, name, before, now), facts, details)


def _facts(column: ColumnDrift) -> list[tuple[str, str]]:
    return [
        (inputs.measure(column), inputs.amount(column, column["effect"])),
        ("limit", inputs.amount(column, column["limit"])),
        ("p-value", wording.probability(column["evidence"])),
    ]


def _sides(before: "ColumnProfile", now: "ColumnProfile") -> list[list[Cell]]:
    rows = [words(head, *(_side(head, column) for column in (before, now))) for head in ROWS]
    return [row for row in rows if row[1].text or row[2].text]


def _side(head: str, column: "ColumnProfile") -> str:
    if head in ("least", "median", "most"):
        return cells.quantile(column, {"least": 0.0, "median": 0.5, "most": 1.0}[head])
    if head == "mean":
        return wording.number(column.numbers.mean) if column.numbers.count and not cells.is_time(column) else ""
    filled = column.rows - column.nulls - column.nans
    return {"filled": wording.count(filled, "row"), "empty": cells.empty(column), "different": number_of(column)}[head]


def _figure(place: str, name: str, before: "ColumnProfile", now: "ColumnProfile") -> Figure | None:
    if bins.are_drawn(before, now):
        drawn = bins.bins(before, now)
        pair = Pair(bins.shares(before, drawn.edges), bins.shares(now, drawn.edges))
        return Figure(distributions.overlay(place, bins.axis(name, before, drawn.whole), drawn.edges, pair), note=bins.outside(before, drawn))
    tops = [{value: least / max(1, column.rows) for value, least, _ in column.values.top(BARS)} for column in (before, now)]
    values = sorted({**tops[0], **tops[1]}, key=lambda value: -max(top.get(value, 0.0) for top in tops))[:BARS]
    if not values:
        return None
    pair = Pair([_share(before, tops[0], value) for value in values], [_share(now, tops[1], value) for value in values])
    labels = [cells.value(before if value in tops[0] else now, value) for value in values]
    rest = len({value for column in (before, now) for value, _, _ in column.values.top(1_000)}) - len(values)
    note = f"The {len(values)} most frequent values; {wording.count(rest, 'other')} not drawn." if rest > 0 else ""
    return Figure(distributions.paired_bars(place, name, labels, pair), note=note)


def _share(column: "ColumnProfile", top: dict[str, float], value: str) -> float:
    """The share of a value, also where it is none of the most frequent ones."""
    if value in top or column.values.counts is None:
        return top.get(value, 0.0)
    return column.values.counts.get(value, 0) / max(1, column.rows)
