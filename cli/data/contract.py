"""Suggests the `data` block of a model.yaml: the contract that a file keeps, for its owner to narrow."""

import math
from collections.abc import Iterator
from pathlib import Path

from cli.base import files
from cli.data.columns import Column, Description, Limit, as_target, describe, time_of
from cli.data.yaml_text import quoted

GUESSED = "# What this file keeps: between and values are what was seen, and right only where nothing else may come."
#: The share of rows that may be bad, where a file has fewer; and a spec's own limits.
BAD_ROWS, MOST_BAD_ROWS = 0.01, 0.999_999
MIN_ROWS = 50
#: Columns that are tried as the key: every row has a value of its own, as far as an estimate tells.
MOST_KEYS = 3


def suggest(file: Path) -> str:
    """The text of a `data` block that this file keeps.

    Raises:
        CliError: there is no such file, or it has no row.
        UnreadableDatasetError: the file has no format that Noria reads.
    """
    description = describe(file)
    keys = [name for name, column in description.columns.items() if column.unique][:MOST_KEYS]
    for key in (*keys, ""):
        lines = list(block(description, key))
        tail, repeated = limits(file, lines, "")
        if not repeated:
            break
    return "\n".join([GUESSED, *lines, *tail, ""])


def limits(file: Path | None, lines: list[str], target: str) -> tuple[list[str], bool]:
    """The lines that admit what is bad in a file under the contract of a block, and whether a row repeats a key."""
    if file is None or file.suffix == files.PROFILE_SUFFIX:
        return [], False
    from cli.data.trial import trial

    rows, bad, named, repeated = trial(file, "\n".join(lines), target)
    result = []
    if bad > BAD_ROWS * rows:
        result.append(f"  bad_rows: {{at_most: {share_above(bad / rows):g}}}  # {bad:,} of {rows:,} rows of this file are bad: {named}")
    if rows - bad < MIN_ROWS:
        result.append(f"  min_rows: {max(1, rows - bad)}              # as many as this file has; the default is {MIN_ROWS}")
    return result, repeated


def share_above(share: float) -> float:
    """A share rounded up: to whole percents, or as near to all as a contract takes."""
    rounded = math.ceil(100 * share) / 100
    return rounded if rounded < 1 else MOST_BAD_ROWS


def block(description: Description, key: str = "", target: str = "") -> Iterator[str]:
    """The lines of a `data` block up to its columns.

    Args:
        key: the column that names a row.
        target: what a new model predicts. Its contract has types and words alone: anything else that is plain in one file
            may be chance.
    """
    columns = description.columns
    time = time_of(columns)
    keys = [name for name, column in columns.items() if column.unique and name != target]
    if description.written:
        yield f"# {description.written}"
    yield "data:"
    yield f"  time: {quoted(time)}" if time else "  # time: ts                 # event time, for evaluate.split by time"
    alone = time if len(columns) > 1 else None
    if alone and columns[alone].format:
        yield f"  time_format: {quoted(columns[alone].format)}"
    yield f"  key: [{quoted(key)}]" if key else f"  # key: [{quoted((keys or ['id'])[0])}]                # columns that name a row"
    yield "  columns:                   # what the model is given, in this order; and what is right in it"
    for name, column in columns.items():
        yield from (f"    # {note}" for note in column.notes)
        if column.unique and target and name not in (time, target):
            yield "    # every row has its own: where it only names the row, make it the key and take it out here"
        described = as_target(column) if name == target else column
        line = f"{quoted(name)}: {{{', '.join(_rules(described, name == target, not target))}}}"
        # A model is seldom given the time itself; an upload has it in any case.
        yield f"    # {line}   # where it is a column, requests have it too: for parts of it, and for lags" if name == alone else f"    {line}"


def _rules(column: Column, filled: bool, narrow: bool) -> Iterator[str]:
    yield f"type: {column.type}"
    if column.format:
        yield f"format: {quoted(column.format)}"
    if column.nullable and not filled:
        yield "nullable: true"
    if column.missing:
        yield f"missing: [{', '.join(map(quoted, column.missing))}]"
    if column.words:
        true, false = (", ".join(map(quoted, words)) for words in column.words)
        yield f"words: {{true: [{true}], false: [{false}]}}"
    if column.listed:
        yield f"values: [{', '.join(map(quoted, column.values))}]"
    between = column.admits or (column.between if narrow else None)
    if between:
        yield f"between: [{', '.join(map(_limit, between))}]"


def _limit(limit: Limit) -> str:
    if limit is None:
        return "null"
    if isinstance(limit, str):
        return f'"{limit}"'
    return f"{limit:.0f}" if abs(limit) < 1e15 else f"{limit:.1e}"
