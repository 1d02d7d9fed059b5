"""The container in front of a model: takes raw rows as CSV or JSON, returns rows as the model was trained on them.

It is the `inference.py` of a framework container of AWS, which calls these functions by their names.
"""

from __future__ import annotations

import csv
import importlib
import io
import json
from pathlib import Path
from typing import Any

from noria.kernel.request_rows import CSV, RefusedRequestError, parse
from noria.preprocessing.transform import Transform

DOCUMENT = "preprocess.json"


def model_fn(model_dir: str) -> Transform:
    """Load the fitted preprocessing."""
    return Transform(json.loads((Path(model_dir) / DOCUMENT).read_text()))


def transform_fn(transform: Transform, body: str | bytes, content_type: str, accept: str) -> Any:
    """The rows of a request as CSV for the model; a response with status 400 where they are not the spec's columns."""
    try:
        return transformed(transform, body, content_type), CSV
    except RefusedRequestError as error:
        # The framework containers of AWS pass on such a response; an exception would be a status of 500 without its message.
        return importlib.import_module("flask").Response(json.dumps({"error": str(error)}), status=400, mimetype="application/json")


def transformed(transform: Transform, body: str | bytes, content_type: str) -> str:
    """The rows of a request, transformed, as CSV.

    Raises:
        RefusedRequestError: they are not the columns that the preprocessing reads, or a value is of another type.
    """
    rows = parse(body, content_type, transform.reads)
    try:
        transformed_rows = transform.rows(rows)
    except ValueError as error:
        raise RefusedRequestError(str(error)) from error
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(transformed_rows)
    return written.getvalue()
