"""Reads the rows to predict: CSV with a header, JSON Lines, or a JSON list, from a file, a pipe or standard input."""

import csv
import io
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.base.errors import CliError

Value = str | int | float | bool | None
#: One row: a value for each column of the contract but the target.
Row = Mapping[str, Value]
#: The path that stands for standard input.
STANDARD_INPUT = Path("-")
FORMATS = "CSV with a header, JSON Lines, or a JSON list of objects"


def read(path: Path) -> list[Row]:
    """The rows of a file, a pipe or, for `-`, standard input.

    Raises:
        CliError: it cannot be read, or has another format; the message names the line.
    """
    name, text = ("standard input" if path == STANDARD_INPUT else str(path)), _text(path).strip("\ufeff\r\n \t")
    if not text:
        raise CliError(f"{name} is empty, expected rows to predict: {FORMATS}")
    if text[0] == "[":
        return [_object(row, f"{name}: row {number}") for number, row in enumerate(_document(text, name), 1)]
    if text[0] == "{":
        return _objects(text, name)
    return _of_csv(text, name)


def _text(path: Path) -> str:
    if path.is_dir():
        raise CliError(f"{path} is a folder, expected a file")
    if path != STANDARD_INPUT and not path.exists():
        raise CliError(f"there is no file {path}")
    try:
        return sys.stdin.read() if path == STANDARD_INPUT else path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise CliError(f"cannot read {path}: {error}") from error


def _document(text: str, name: str) -> list[Any]:
    try:
        rows: list[Any] = json.loads(text)
    except ValueError as error:
        raise CliError(f"{name} begins as a JSON list and is none: {error}; expected {FORMATS}") from error
    return rows


def _objects(text: str, name: str) -> list[Row]:
    """One object over several lines, or an object a line."""
    try:
        return [_object(json.loads(text), name)]
    except ValueError:
        pass
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                rows.append(_object(json.loads(line), f"{name}:{number}"))
            except ValueError as error:
                raise CliError(f"{name}:{number}: is no JSON object: {error}; expected {FORMATS}") from error
    return rows


def _object(row: Any, where: str) -> Row:
    if not isinstance(row, dict):
        raise CliError(f"{where}: found {type(row).__name__}, expected an object with a value for each column")
    return row


def _of_csv(text: str, name: str) -> list[Row]:
    try:
        header, *lines = [line for line in csv.reader(io.StringIO(text, newline=""), strict=True) if line]
    except csv.Error as error:
        raise CliError(f"{name} is neither JSON nor CSV: {error}; expected {FORMATS}") from error
    if repeated := sorted({column for column in header if header.count(column) > 1}):
        raise CliError(f"{name} names {', '.join(repeated)} more than once in its first line, expected a header")
    if not lines:
        raise CliError(f"{name} has one line, {text[:80]!r}: CSV needs a header with the names of the columns and a line a row")
    for number, line in enumerate(lines, 1):
        if len(line) != len(header):
            raise CliError(f"{name}: row {number} has {len(line)} values, the header names {len(header)}: {', '.join(header)}")
    return [{column: value or None for column, value in zip(header, line, strict=True)} for line in lines]
