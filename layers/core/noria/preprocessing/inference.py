"""The container in front of a model: takes raw rows of CSV, returns rows as the model was trained on them.

It is the `inference.py` of a framework container of AWS, which calls these functions by their names.
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from noria.preprocessing.transform import Transform

DOCUMENT = "preprocess.json"


def model_fn(model_dir: str) -> Transform:
    """Load the fitted preprocessing."""
    return Transform(json.loads((Path(model_dir) / DOCUMENT).read_text()))


def input_fn(body: str | bytes, content_type: str) -> list[list[str]]:
    """Parse the rows of a request.

    Raises:
        ValueError: the content type is not CSV.
    """
    if content_type.split(";")[0].strip() != "text/csv":
        raise ValueError(f"found {content_type}, expected text/csv: the columns of model.yaml in order, without a header")
    text = body if isinstance(body, str) else body.decode()
    return [row for row in csv.reader(io.StringIO(text, newline="")) if row]


def predict_fn(rows: list[list[str]], transform: Transform) -> list[list[str]]:
    """Transform the rows."""
    return transform.rows(rows)


def output_fn(rows: list[list[str]], accept: str) -> tuple[str, str]:
    """Write the rows as CSV."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue(), "text/csv"
