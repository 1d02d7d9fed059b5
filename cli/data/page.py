"""The page of a profile: what stands out, a table of all columns, and a card a column."""

from typing import TYPE_CHECKING

from cli.base import distributions, wording
from cli.base.report import GOOD, UNSURE, Card, Cell, Figure, Reason, Report, Section, Table, words
from cli.data import bins, cells, findings
from cli.data.profile import SHARES, different

if TYPE_CHECKING:
    from noria.profile.column import ColumnProfile
    from noria.profile.dataset import Profile

#: Columns of the table, cards with a plot, and columns with gaps that are drawn, at most: the page stays below some 2 MB.
MOST_ROWS, MOST_CARDS, MOST_GAPS = 1_000, 40, 20
#: Frequent values of a row of the table, of a card's list, and of a card's plot.
FEW, FREQUENT, BARS = 2, 10, 8
#: Characters of a column's name on its card.
LONG_NAME = 120
HEADS = ("#", "column", "type", "empty", "different", "least", "median", "mean", "most", "most frequent")
Notes = dict[str, list[Cell]]


def page(profile: "Profile", title: str, time: str | None = None) -> Report:
    """The page.

    Args:
        title: the name of the file.
        time: the column that orders the rows.
    """
    notes = {name: findings.of_column(column) for name, column in profile.columns.items()}
    flagged = [name for name, cells_ in notes.items() if any(note.tone for note in cells_)]
    whole = findings.of_dataset(profile)
    stands_out = bool(flagged or whole)
    # Where not all columns have a card, those that stand out do.
    chosen = sorted(profile.columns, key=lambda name: name not in flagged)[:MOST_CARDS]
    places = {name: f"c{number}" for number, name in enumerate(profile.columns, start=1) if name in chosen}
    return Report(
        title=wording.name(title, LONG_NAME),
        compared=_compared(profile, time),
        outcome="worth a look" if stands_out else "nothing stands out",
        tone=UNSURE if stands_out else GOOD,
        verdict=_verdict(profile, flagged, whole),
        reasons=[Reason("; ".join(note.text for note in notes[name] if note.tone), wording.name(name)) for name in flagged[:MOST_GAPS]]
        + ([Reason(f"and {wording.count(len(flagged) - MOST_GAPS, 'more column')}")] if len(flagged) > MOST_GAPS else []),
        sections=[*_gaps(profile), _table(profile, places), _cards(profile, places, notes)] if profile.columns else [],
    )


def _compared(profile: "Profile", time: str | None) -> list[tuple[str, str]]:
    rows = [("rows", f"{profile.rows:,}"), ("columns", f"{len(profile.columns):,}")]
    first, last = profile.order.first, profile.order.last
    if time and first is not None and last is not None:
        rows.append(("time", f"{wording.moment(first)} to {wording.moment(last)} ({wording.name(time)})"))
    if (repeated := profile.repeated()) is not None:
        rows.append(("key", cells.repeats(*repeated)))
    return rows


def _verdict(profile: "Profile", flagged: list[str], whole: list[str]) -> str:
    size = f"{wording.count(profile.rows, 'row')} in {wording.count(len(profile.columns), 'column')}"
    if not flagged:
        return f"{size}; {'; '.join(whole) or 'no column is empty, constant or mixed'}."
    verb = "column has" if len(flagged) == 1 else "columns have"
    return f"{size}; {'; '.join([*whole, f'{len(flagged):,} {verb} gaps, one value, or mixed values'])}."


def _gaps(profile: "Profile") -> list[Section]:
    """Empty values by column."""
    gaps = {name: (column.nulls + column.nans) / column.rows for name, column in profile.columns.items() if column.rows and column.nulls + column.nans}
    if not gaps:
        return []
    most = dict(sorted(gaps.items(), key=lambda item: -item[1])[:MOST_GAPS])
    text = f"{wording.count(len(gaps), 'column')} of {len(profile.columns):,} {'has' if len(gaps) == 1 else 'have'} empty values"
    text += f"; these {MOST_GAPS} have most of them." if len(gaps) > MOST_GAPS else "."
    figure = Figure(distributions.bars("gaps", "Empty values by column", list(most.items()), "share"))
    return [Section("Empty values", [text], [figure])]


def _table(profile: "Profile", places: dict[str, str]) -> Section:
    rows = [_row(number, name, column, places) for number, (name, column) in enumerate(list(profile.columns.items())[:MOST_ROWS], start=1)]
    more = len(profile.columns) - len(rows)
    texts = [f"The first {MOST_ROWS:,} of {len(profile.columns):,} columns; noria profile --json has all."] if more > 0 else []
    note = "~ is an estimate; medians of columns with more than 256 different values are estimates too. Times are in UTC."
    return Section("Columns", texts, tables=[Table(HEADS, rows, frozenset({"column", "type", "most frequent"}), note)])


def _row(number: int, name: str, column: "ColumnProfile", places: dict[str, str]) -> list[Cell]:
    least, median, most = (cells.quantile(column, share) for share in (0.0, 0.5, 1.0))
    count = f"{'' if column.values.exact else '~'}{different(column)[0]:,.0f}"
    frequent = ", ".join(cells.value(column, value) for value, _, _ in column.values.top(FEW))
    row = words(f"{number}", wording.name(name), column.kind, cells.empty(column), count, least, median, _mean(column), most, frequent)
    row[1] = Cell(row[1].text, card=places.get(name, ""))
    return row


def _mean(column: "ColumnProfile") -> str:
    return wording.number(column.numbers.mean) if column.numbers.count and not cells.is_time(column) else ""


def _cards(profile: "Profile", places: dict[str, str], notes: Notes) -> Section:
    left = len(profile.columns) - len(places)
    texts = [f"{len(places)} of {len(profile.columns):,} columns, first those that stand out; the table has the others."] if left else []
    cards = [_card(place, name, profile.columns[name], notes[name]) for name, place in places.items()]
    return Section("Column by column", texts, cards=cards)


def _card(place: str, name: str, column: "ColumnProfile", notes: list[Cell]) -> Card:
    details = [(heading, table) for heading, table in (("Quantiles", _quantiles(column)), ("Most frequent values", _frequent(column))) if table]
    return Card(place, wording.name(name, LONG_NAME), column.kind, notes, _figure(place, name, column), _facts(column), details)


def _figure(place: str, name: str, column: "ColumnProfile") -> Figure | None:
    numbers, filled = column.numbers.count, column.rows - column.nulls - column.nans
    if bins.are_drawn(column) and 2 * numbers > filled:
        drawn = bins.bins(column)
        rows = [share * numbers for share in bins.shares(column, drawn.edges)]
        return Figure(distributions.histogram(place, bins.axis(name, column, drawn.whole), drawn.edges, rows), note=bins.outside(column, drawn))
    top = [(cells.value(column, value), float(least)) for value, least, _ in column.values.top(BARS)]
    if not top or (top[0][1] <= 1 < filled):
        # Values that are all different have no distribution.
        return None
    rest = round(different(column)[0]) - len(top)
    note = f"The {len(top)} most frequent values; {wording.count(rest, 'other')} not drawn." if rest > 0 else ""
    return Figure(distributions.bars(place, name, top), note=note)


def _facts(column: "ColumnProfile") -> list[tuple[str, str]]:
    lacking = column.nulls + column.nans
    rows = [("filled", wording.count(column.rows - lacking, "row"))]
    if lacking:
        rows.append(("empty", f"{wording.count(lacking, 'row')} ({cells.empty(column)})"))
    rows.append(("different", findings.number_of(column)))
    if column.numbers.count:
        rows.append(("range", f"{cells.quantile(column, 0.0)} to {cells.quantile(column, 1.0)}"))
        if not cells.is_time(column):
            rows += [("mean", _mean(column)), ("standard deviation", wording.number(column.numbers.variance**0.5))]
    if (lengths := column.lengths).count:
        between = f"{lengths.least:,.0f} to {wording.count(lengths.most, 'character')}, {wording.number(round(lengths.mean, 1))} on average"
        rows.append(("length", wording.count(lengths.most, "character") if lengths.least == lengths.most else between))
    return rows


def _quantiles(column: "ColumnProfile") -> Table | None:
    if not column.numbers.count:
        return None
    rows = [words({0.0: "least", 0.5: "median", 1.0: "most"}.get(share, f"{share:.0%}"), cells.quantile(column, share)) for share in SHARES]
    note = f"A quantile's share may be wrong by {column.rank_error:.1%}." if column.rank_error else ""
    return Table(("share", "value"), rows, frozenset({"share"}), note)


def _frequent(column: "ColumnProfile") -> Table | None:
    top = column.values.top(FREQUENT)
    if not top or (top[0][1] <= 1 and column.rows > FREQUENT):
        return None
    rows = [
        words(cells.value(column, value), f"{least:,}" if least == most else f"{least:,} to {most:,}", wording.share(least / column.rows))
        for value, least, most in top
    ]
    return Table(("value", "rows", "share"), rows, frozenset({"value"}))
