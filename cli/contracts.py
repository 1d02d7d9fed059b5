"""What a file's columns look like, and the contract that more of the same would keep: for `noria init` and `noria contract suggest`."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli import files
from cli.errors import CliError
from noria.kernel.values import TRUTHS

if TYPE_CHECKING:
    from noria.profile.column import ColumnProfile

#: Columns of words with at most this many different ones get their list of right values.
FEW_VALUES = 20
#: Of so many values at least, a few that are no numbers are slips, and the column is one of numbers.
MOST_NUMBERS = 0.9
#: Whole numbers without a gap are a range that is right while they are no more than the minutes of an hour.
MOST_STEPS = 60
GUESSED = "# What this file keeps: between and values are what was seen, and right only where nothing else may come."
#: A word that YAML takes for nothing else.
PLAIN = re.compile(r"[^\W\d]\w*")
#: Words that are numbers and times elsewhere, and how they would be read as such.
HINTS = {
    r"[+-]?[\d.]*,\d+": "numbers with a decimal comma? With a point, as 1234.5, they are read as numbers",
    r"\d{1,2}[./-]\d{1,2}[./-]\d{4}.*": "times? As ISO 8601, 2024-12-31T18:00:00, they are read as times",
}
#: What a contract calls a kind of values.
NAMES = {"time": "timestamp"}


@dataclass(frozen=True)
class Seen:
    """What a file's column looks like.

    Attributes:
        type: as a contract has it.
        values: all that there are, as texts, where these are few; nothing where they are many.
        different: how many there are, about.
        between: smallest and largest value that are right, where that is plain.
        slips: words among numbers: how many, and some of them.
        unique: whether every row has a value of its own.
        hint: what words may be that are written otherwise than they are read.
    """

    type: str
    nullable: bool = False
    values: tuple[str, ...] = ()
    different: float = 0
    between: tuple[float | None, float | None] | None = None
    slips: tuple[int, tuple[str, ...]] = (0, ())
    unique: bool = False
    hint: str = ""

    @property
    def binary(self) -> bool:
        return bool(self.values) and set(self.values) <= TRUTHS


def look(file: Path) -> tuple[dict[str, Seen], int]:
    """The columns of a file, and how many rows it has.

    Raises:
        CliError: there is no such file, or no row in it.
        UnreadableDatasetError: it cannot be read.
    """
    made = files.profile(file)
    if not made.rows:
        raise CliError(f"{file} has names and no rows: what a column holds is read from its rows")
    first = files.first(file)
    return {name: _seen(column, made.rows, first.get(name, [])) for name, column in made.columns.items()}, made.rows


def _seen(column: "ColumnProfile", rows: int, words: Sequence[str]) -> Seen:
    from noria.profile.column import INTEGER, NUMBER, TEXT

    kind = column.kind
    slips: tuple[int, tuple[str, ...]] = (0, ())
    numbers = column.kinds.get(INTEGER, 0) + column.kinds.get(NUMBER, 0)
    if kind == TEXT and numbers > MOST_NUMBERS * sum(column.kinds.values()):
        kind = NUMBER if column.kinds.get(NUMBER) else INTEGER
        odd = (value for value, _, _ in column.values.top(1000) if not _is_number(value))
        slips = (sum(column.kinds.values()) - numbers, tuple(odd)[:3])
    different = column.values.number()[0]
    few = different <= FEW_VALUES and column.values.exact
    return Seen(
        NAMES.get(kind, kind),
        bool(column.nulls + column.nans),
        tuple(sorted(value for value, _, _ in column.values.top(FEW_VALUES))) if few else (),
        different,
        _between(column, kind),
        slips,
        column.nulls == 0 and column.values.number()[2] >= rows > 1 and kind != NUMBER,
        _hint(words) if kind == TEXT else "",
    )


def _hint(words: Sequence[str]) -> str:
    """What a column of such words may be, if all of them are."""
    for pattern, hint in HINTS.items():
        if words and all(re.fullmatch(pattern, word.strip()) for word in words):
            return hint
    return ""


def _between(column: "ColumnProfile", kind: str) -> tuple[float | None, float | None] | None:
    if kind not in ("integer", "number") or not column.numbers.count:
        return None
    least, most, counts = column.numbers.least, column.numbers.most, column.values.counts
    if kind == "integer" and counts and 1 < len(counts) <= MOST_STEPS and len(counts) == most - least + 1:
        return least, most
    return (0, None) if least >= 0 else None


def time_of(columns: Mapping[str, Seen]) -> str | None:
    """The column that is the time of a row: the first one of times."""
    return next((name for name, found in columns.items() if found.type == "timestamp"), None)


def suggest(file: Path) -> str:
    """The `data` block of a spec that this file keeps, to be read by its owner and made narrower where they know better."""
    return "\n".join([GUESSED, *block(*look(file)), ""])


def block(columns: Mapping[str, Seen], rows: int, target: str = "") -> Iterator[str]:
    """The lines of a `data` block up to its columns.

    Args:
        target: what a new model predicts. Its contract asks for types and words alone: what else is plain in one file
            may be chance.
    """
    time = time_of(columns)
    keys = [name for name, found in columns.items() if found.unique and name != target]
    yield "data:"
    yield f"  time: {quoted(time)}" if time else "  # time: ts                 # event time, for evaluate.split by time"
    yield f"  key: [{quoted(keys[0])}]" if keys and not target else f"  # key: [{quoted((keys or ['id'])[0])}]                # columns that name a row"
    yield "  columns:                   # what the model is given, in this order; and what is right in it"
    for name, found in columns.items():
        if found.slips[0]:
            yield f"    # {found.slips[0]:,} values are no numbers: {', '.join(map(repr, found.slips[1]))}"
        if found.hint:
            yield f"    # {found.hint}"
        if found.unique and target and name not in (time, target):
            yield "    # every row has its own: where it only names the row, make it the key and take it out here"
        line = f"{quoted(name)}: {{{', '.join(_rules(found, rows, name == target, not target))}}}"
        # A model is seldom given the time itself; an upload has it in any case.
        yield f"    # {line}   # where it is a column, requests have it too: for parts of it, and for lags" if name == time else f"    {line}"


def _rules(found: Seen, rows: int, filled: bool, narrow: bool) -> Iterator[str]:
    yield f"type: {found.type}"
    if found.nullable and not filled:
        yield "nullable: true"
    if found.type == "string" and found.values and len(found.values) <= max(2, rows // 10):
        yield f"values: [{', '.join(map(quoted, found.values))}]"
    if found.between and narrow:
        yield f"between: [{', '.join('null' if limit is None else f'{limit:.0f}' for limit in found.between)}]"


def quoted(text: str) -> str:
    """A text as YAML takes it."""
    return (
        text
        if PLAIN.fullmatch(text) and text.lower() not in ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
        else json.dumps(text, ensure_ascii=False)
    )


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False
