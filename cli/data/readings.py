"""Decides by which of the contract's types a column is read, of all that its values allow."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import MAXYEAR, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa

from cli.data.columns import LEAST_NUMBERS, Column, Limit, may_list, range_of
from cli.data.survey import ALL_TIMES, FEW_VALUES, INTEGER, LIST, MOST_SLIPS, NUMBER, SENTINELS, TIME, WIDER, ColumnSurvey, Survey, looks_like_time
from cli.data.time_formats import epoch_of
from cli.data.yaml_text import quoted
from noria.kernel.values import EARLIEST, ISO, LATEST, TRUTHS, UNIX_EPOCH
from noria.profile.values import LONGEST_VALUE
from noria.tables import parse

if TYPE_CHECKING:
    from noria.profile.column import ColumnProfile

#: Pairs of words of a truth value that Noria does not know of itself: true, then false.
PAIRS = (("yes", "no"), ("y", "n"), ("t", "f"), ("on", "off"))
#: Texts are for people where most hold a blank, and so many characters on average.
LEAST_BLANKS, LEAST_CHARACTERS = 0.5, 20
#: Words that occur so often on average stand for classes.
LEAST_REPEATED = 10
#: So many different words among numbers are codes, and no slips.
MOST_SLIP_WORDS = 20
#: Sentinels are seen twice or more, and all other numbers are so much greater.
LEAST_SENTINELS, FAR = 2, 5
#: The first power of ten beyond 64 bits: a column with such a limit holds whole numbers of 38 digits.
LEAST_WIDE = 1e19
#: A placeholder among words is one where it is nearly all that looks like one.
MOST_SUSPICIOUS = 0.9


def column_of(name: str, seen: ColumnSurvey, profile: "ColumnProfile", rows: int) -> Column:
    """The column that a contract describes."""
    least, _, most = profile.values.number()
    column = _read(name, seen, least)
    gaps = rows - seen.present - seen.placeholders.total() + sum(_empty_by_contract(seen, column).values())
    if column.is_words and not gaps and column.listed:
        least = len(column.values)
    values = column.values or (tuple(sorted(value for value, _, _ in profile.values.top(FEW_VALUES))) if _few(profile) and not column.is_words else ())
    return replace(
        column,
        nullable=gaps > 0,
        values=values,
        listed=column.listed and may_list(list(_counts(seen, column).values()), rows),
        different=least,
        unique=gaps == 0 and most >= rows > 1 and column.type not in ("number", "list"),
        gaps=gaps / rows,
        notes=(*column.notes, *_notes(seen, column, gaps, rows)),
    )


def _empty_by_contract(seen: ColumnSurvey, column: Column) -> dict[str, int]:
    """The words that the contract takes for an empty value, beside the usual ones, with their rows."""
    return {word: count for word, count in (seen.marks + seen.sentinels).items() if word in column.missing}


def _notes(seen: ColumnSurvey, column: Column, gaps: int, rows: int) -> Iterator[str]:
    """What is worth a look whatever the type."""
    if gaps == rows:
        yield "empty in every row"
    elif rows > 1 and not gaps and seen.words is not None and len(words := {*seen.words, *seen.placeholders}) == 1:
        yield f"the same in every row: {quoted(shortened(next(iter(words))))}"
    for word, count in _empty_by_contract(seen, column).items():
        yield f"{quoted(word)} in {rows_of(count)}: read as an empty value; where it is a value, take it out of missing"
    if column.is_words and (empty := {word: count for word, count in seen.empty.items() if word}):
        shown = ", ".join(f"{quoted(word)} in {rows_of(count)}" for word, count in empty.items())
        yield f"{shown}: read as an empty value; where it is a value, list it under values, or write missing: ['']"
    if column.is_words and column.type != "text" and (marks := {word: count for word, count in seen.marks.items() if word not in column.missing}):
        shown = ", ".join(f"{quoted(word)} in {rows_of(count)}" for word, count in marks.items())
        yield f"{shown}: read as a value; where it means an empty one, write missing: ['', {', '.join(map(quoted, marks))}]"


def written(seen: Survey) -> str:
    """How a file is written, where that is not the plainest way: a CSV in UTF-8 with commas and points."""
    dialect = seen.dialect
    if seen.format != "csv" or dialect.is_plain:
        return ""
    parts = [f"delimiter {quoted(dialect.delimiter)}", f"encoding {dialect.encoding}", f"decimal mark {quoted(dialect.decimal)}"]
    parts += [f"thousands separator {quoted(dialect.thousands)}"] if dialect.thousands else []
    return f"Read as CSV with {', '.join(parts)}: that is read off each file, unless data.csv names it."


def rows_of(count: int) -> str:
    """A number of rows in words."""
    return f"{count:,} row{'' if count == 1 else 's'}"


def shortened(text: str) -> str:
    """A text as a comment quotes it."""
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def _few(profile: "ColumnProfile") -> bool:
    return profile.values.exact and profile.values.number()[0] <= FEW_VALUES


def _read(name: str, seen: ColumnSurvey, different: float) -> Column:
    if not seen.present:
        return Column("category" if seen.placeholders else "string")
    if seen.fits(LIST):
        return Column("list", missing=_missing(seen, (*seen.marks,)), notes=("lists of numbers: the scripts of noria init leave them out",))
    if seen.kind is not None and pa.types.is_boolean(seen.kind):
        return Column("boolean")
    column = _numbers(name, seen) or _truths(seen) or _times(seen) or _words(seen)
    is_class = column == Column("string", missing=column.missing) and pa.types.is_string(seen.kind) and different * LEAST_REPEATED <= seen.present
    return replace(column, type="category") if is_class else column


def _numbers(name: str, seen: ColumnSurvey) -> Column | None:
    """A column of numbers; a few words among them are slips."""
    least = min((seen.faults[kind] for kind in (NUMBER, WIDER) if kind in (seen.readings or {})), default=seen.present)
    if least > (1 - LEAST_NUMBERS) * seen.present:
        return None
    if len(seen.slips) > MOST_SLIP_WORDS:
        return Column("string", missing=_missing(seen, (*seen.marks,)), notes=(f"{_values(least)} no numbers{_shown(seen)}: so all stay words",))
    if seen.codes or seen.long:
        return _codes(seen)
    kind = next(kind for kind in (INTEGER, WIDER, NUMBER) if kind in (seen.readings or {}) and seen.faults[kind] <= least)
    missing = _missing(seen, (*seen.marks, *_sentinels(seen)))
    slips = (f"{_values(least)} no number{'s' if least > 1 else ''}{_shown(seen)}",) if least else ()
    low, high = _bounds(seen, kind)
    if kind == INTEGER and not least and (times := _epochs(name, seen, float(low), float(high))):
        return replace(times, missing=missing) if times.type == "timestamp" else replace(times, missing=missing, between=range_of(kind, low, high, 0))
    steps = len(seen.whole or ()) if kind == INTEGER and not seen.sentinels else 0
    admits = _wide_limits(int(low), int(high)) if kind == WIDER else None
    return Column("integer" if kind == WIDER else kind, between=range_of(kind, low, high, steps), admits=admits, missing=missing, notes=slips)


def _shown(seen: ColumnSurvey) -> str:
    """Some of the words among numbers."""
    words = list(seen.slips)[:MOST_SLIPS]
    return f", like {', '.join(quoted(shortened(word)) for word in words)}" if words else ""


def _values(count: int) -> str:
    return f"{count:,} value{' is' if count == 1 else 's are'}"


def _bounds(seen: ColumnSurvey, kind: str) -> tuple[float, float]:
    """The least and the largest number; sentinels are none."""
    parts = [seen.bounds[name] for name in ((INTEGER, WIDER) if kind == WIDER else (NUMBER,)) if name in seen.bounds]
    parts = parts or [seen.bounds.get(kind, (0, 0))]
    exact = seen.bounds.get(INTEGER) if kind == INTEGER and not seen.sentinels else None
    return exact or (min(low for low, _ in parts), max(high for _, high in parts))


def _wide_limits(low: int, high: int) -> tuple[Limit, Limit]:
    """Powers of ten that admit whole numbers beyond 64 bits."""

    def beyond(number: int) -> float:
        limit = 10.0 ** len(str(abs(number)))
        return limit if limit >= abs(number) else 10 * limit

    return (0 if low >= 0 else -max(beyond(low), LEAST_WIDE)), max(beyond(high), LEAST_WIDE)


def _codes(seen: ColumnSurvey) -> Column:
    if seen.long:
        return Column("string", notes=(f"whole numbers of more than {parse.MOST_DIGITS} digits are no numbers to a column: as words they stay as they are",))
    note = "codes with leading zeros stay words, so that none is lost; type: integer reads them as numbers"
    return replace(_words(seen), type="string", listed=False, missing=_missing(seen, (*seen.marks,)), notes=(note,))


def _epochs(name: str, seen: ColumnSurvey, low: float, high: float) -> Column | None:
    """Numbers since the epoch are times where the name says so; else they are numbers, with a note."""
    says = looks_like_time(name)
    unit = epoch_of(low, high)
    if not unit:
        days = [form for form in seen.readings or {} if form == "%Y%m%d" and seen.fits(form)]
        return Column("timestamp", format=days[0]) if days and says else None
    if says:
        return Column("timestamp", format=unit)
    return Column("integer", notes=(f"numbers, or times? type: timestamp with format: {unit} reads them as times",))


def _sentinels(seen: ColumnSurvey) -> list[str]:
    """Numbers that stand for an empty value: far below all others, and more than one."""
    if NUMBER not in seen.bounds:
        return []
    low = float(seen.bounds[NUMBER][0])
    return [word for word, count in seen.sentinels.items() if count >= LEAST_SENTINELS and low > max(SENTINELS) / FAR]


def _missing(seen: ColumnSurvey, words: tuple[str, ...]) -> tuple[str, ...]:
    """The words that mean an empty value, where some are others than usual."""
    return tuple(dict.fromkeys(["", *seen.empty, *words])) if words else ()


def _truths(seen: ColumnSurvey) -> Column | None:
    words = {word.strip() for word in seen.words or ()}
    missing = _missing(seen, (*seen.marks,))
    if words and words <= TRUTHS:
        return Column("boolean", missing=missing)
    for pair in PAIRS:
        true, false = (tuple(sorted(word for word in words if word.lower() == side)) for side in pair)
        if true and false and set(true) | set(false) == words:
            return Column("boolean", values=tuple(sorted(words)), words=(true, false), missing=missing)
    return None


def _times(seen: ColumnSurvey) -> Column | None:
    missing = _missing(seen, (*seen.marks,))
    if seen.fits(TIME):
        return Column("timestamp", admits=_years(seen.bounds[TIME]), missing=missing)
    forms = [form for form in seen.readings or {} if form.startswith("%") and seen.fits(form)]
    if len(forms) == 1:
        return Column("timestamp", format=forms[0], admits=_years(seen.bounds[forms[0]]), missing=missing)
    if forms:
        note = f"times? No day beyond 12 tells their order: name type: timestamp and format: {' or '.join(map(repr, forms))}"
    elif seen.dated == seen.present:
        kinds = [form for form in seen.readings or {} if form.startswith("%") or form == TIME]
        note = f"times in several formats ({', '.join(ISO if form == TIME else form for form in kinds) or 'mixed'}) stay words: write them in one"
    else:
        return None
    return replace(_words(seen), type="string", listed=False, notes=(note,))


def _years(bounds: tuple[int, int]) -> tuple[Limit, Limit] | None:
    """The limits that times before 1900 or after 2200 need; the bounds are in microseconds."""
    low, high = (bound / 1e6 for bound in bounds)
    if low >= EARLIEST and high <= LATEST:
        return None
    first, last = (UNIX_EPOCH + timedelta(seconds=seconds) for seconds in (low, high))
    later = ALL_TIMES[1] if last.year == MAXYEAR else f"{last.year + 1:04}-01-01"
    return (f"{first.year:04}-01-01" if low < EARLIEST else None), (later if high > LATEST else None)


def _words(seen: ColumnSurvey) -> Column:
    """Words: of people, of classes, or names."""
    is_text = seen.kind is not None and pa.types.is_string(seen.kind)
    if not is_text:
        return Column("string")
    many = seen.words is None
    is_prose = many and seen.blanks > LEAST_BLANKS * seen.present and seen.characters > LEAST_CHARACTERS * seen.present
    if seen.longest >= LONGEST_VALUE or is_prose:
        return Column("text")
    missing = _missing(seen, _suspicious(seen))
    if many:
        return Column("string", missing=missing)
    return Column("category", values=tuple(sorted(_counts(seen, Column("category", missing=missing)))), listed=True, missing=missing)


def _suspicious(seen: ColumnSurvey) -> tuple[str, ...]:
    """The placeholder among words, where one is nearly all that looks like one."""
    most = seen.marks.most_common(1)
    return (most[0][0],) if most and most[0][1] >= MOST_SUSPICIOUS * seen.marks.total() else ()


def _counts(seen: ColumnSurvey, column: Column) -> dict[str, int]:
    """The words of a column with their rows, without the blanks around them: placeholders too, where they do not mean an empty value."""
    counts: Counter[str] = Counter()
    for word, count in ((seen.words or Counter()) + seen.placeholders).items():
        counts[word.strip()] += count if word.strip() not in column.missing else 0
    return +counts
