"""Suggests the `data` block of a model.yaml: the contract that a file keeps, for its owner to narrow."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from cli.data.columns import Column, describe, time_of

GUESSED = "# What this file keeps: between and values are what was seen, and right only where nothing else may come."
#: A word that YAML reads as a text without quotes, unless it is one of these.
PLAIN = re.compile(r"[^\W\d]\w*")
RESERVED = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")


def suggest(file: Path) -> str:
    """The text of a `data` block that this file keeps.

    Raises:
        CliError: there is no such file, or it has no row.
        UnreadableDatasetError: the file has no format that Noria reads.
    """
    return "\n".join([GUESSED, *block(*describe(file)), ""])


def block(columns: Mapping[str, Column], rows: int, target: str = "") -> Iterator[str]:
    """The lines of a `data` block up to its columns.

    Args:
        target: what a new model predicts. Its contract has types and words alone: anything else that is plain in one file
            may be chance.
    """
    time = time_of(columns)
    keys = [name for name, column in columns.items() if column.unique and name != target]
    yield "data:"
    yield f"  time: {quoted(time)}" if time else "  # time: ts                 # event time, for evaluate.split by time"
    yield f"  key: [{quoted(keys[0])}]" if keys and not target else f"  # key: [{quoted((keys or ['id'])[0])}]                # columns that name a row"
    yield "  columns:                   # what the model is given, in this order; and what is right in it"
    for name, column in columns.items():
        if column.slips[0]:
            yield f"    # {column.slips[0]:,} values are no numbers: {', '.join(map(repr, column.slips[1]))}"
        if column.hint:
            yield f"    # {column.hint}"
        if column.unique and target and name not in (time, target):
            yield "    # every row has its own: where it only names the row, make it the key and take it out here"
        line = f"{quoted(name)}: {{{', '.join(_rules(column, rows, name == target, not target))}}}"
        # A model is seldom given the time itself; an upload has it in any case.
        yield f"    # {line}   # where it is a column, requests have it too: for parts of it, and for lags" if name == time else f"    {line}"


def _rules(column: Column, rows: int, filled: bool, narrow: bool) -> Iterator[str]:
    yield f"type: {column.type}"
    if column.nullable and not filled:
        yield "nullable: true"
    if column.type == "string" and column.values and len(column.values) <= max(2, rows // 10):
        yield f"values: [{', '.join(map(quoted, column.values))}]"
    if column.between and narrow:
        yield f"between: [{', '.join('null' if limit is None else f'{limit:.0f}' for limit in column.between)}]"


def quoted(text: str) -> str:
    """A text as YAML reads it back."""
    return text if PLAIN.fullmatch(text) and text.lower() not in RESERVED else json.dumps(text, ensure_ascii=False)
