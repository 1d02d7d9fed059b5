"""The rows of a request to an endpoint: CSV without a header, or JSON by the names of its columns.

It travels into the container in front of the model as well, so it needs nothing but Python 3.10.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

CSV, JSON, JSON_LINES = "text/csv", "application/json", ("application/jsonlines", "application/x-jsonlines", "application/jsonl")
#: The key of a JSON document that holds its rows.
INSTANCES = "instances"


class RefusedRequestError(ValueError):
    """A request that is not what the model was trained on; the message says what was found and what was expected."""


def media_type(content_type: str) -> str:
    """A content type without its parameters."""
    return content_type.split(";")[0].strip().lower()


def parse(body: str | bytes, content_type: str, names: Sequence[str]) -> list[list[str]]:
    """The rows of a request, as an upload would write them.

    Args:
        content_type: `text/csv`, `application/json` (a row, a list of rows, or these under `instances`) or `application/jsonlines` (a row a
            line), with or without parameters.
        names: the columns, in order. A row is a list of their values, or an object with a value for each.

    Raises:
        RefusedRequestError: the content type is another, the body is none of it, or a row has other columns.
    """
    kind, text = media_type(content_type), _text(body)
    if kind == CSV:
        rows: list[Any] = _csv(text)
    elif kind == JSON:
        rows = _listed(_json(text, "the body"))
    elif kind in JSON_LINES:
        rows = [_json(line, f"line {number}") for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    else:
        raise RefusedRequestError(f"found the content type {content_type}, expected {CSV}, {JSON} or {JSON_LINES[0]}")
    if not rows:
        raise RefusedRequestError(f"found no row, expected at least one of {_expected(names)}")
    return [_values(row, f"row {number}", names) for number, row in enumerate(rows, 1)]


def _text(body: str | bytes) -> str:
    try:
        return body if isinstance(body, str) else body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RefusedRequestError(f"the body is no UTF-8: {error}") from error


def _csv(text: str) -> list[Any]:
    try:
        return [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    except csv.Error as error:
        raise RefusedRequestError(f"the body is no CSV: {error}") from error


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise RefusedRequestError(f"{where} is no JSON: {error}") from error


def _listed(document: Any) -> list[Any]:
    """The rows of a JSON document."""
    if isinstance(document, dict) and set(document) == {INSTANCES}:
        document = document[INSTANCES]
    if isinstance(document, list) and (not document or isinstance(document[0], list | dict)):
        return document
    return [document]


def _values(row: Any, where: str, names: Sequence[str]) -> list[str]:
    if isinstance(row, dict):
        missing, unknown = [name for name in names if name not in row], sorted(set(row) - set(names))
        if missing or unknown:
            faults = [f"{word} {', '.join(columns)}" for word, columns in (("lacks", missing), ("has besides", unknown)) if columns]
            raise RefusedRequestError(f"{where} {' and '.join(faults)}; expected {_expected(names)}")
        row = [row[name] for name in names]
    if not isinstance(row, list):
        raise RefusedRequestError(f"{where} is {json.dumps(row)}, expected a list or an object of {_expected(names)}")
    if len(row) != len(names):
        raise RefusedRequestError(f"{where} has {len(row)} values, expected {_expected(names)}")
    return [cell(value, where) for value in row]


def cell(value: Any, where: str) -> str:
    """A JSON value as an upload has it.

    Raises:
        RefusedRequestError: it is a list or an object.
    """
    if isinstance(value, list | dict):
        raise RefusedRequestError(f"{where} holds {json.dumps(value)}, expected a text, a number, a boolean or null")
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _expected(names: Sequence[str]) -> str:
    return f"{len(names)}, in this order: {', '.join(names)}"
