"""Serves big: rows in, an answer for each out: the prediction, and of a classifier the probability of label 1.

Takes text/csv (the columns of model.yaml in order, without a header), application/json (a row, or a list of them: objects by
column, or lists in order) and application/jsonlines (a row a line); answers as `Accept` asks, in CSV where it does not say.
What is not the model's columns is refused with status 400 and a sentence.
"""

import csv
import io
import json
from pathlib import Path

import joblib
import pandas as pd
from flask import Response

LINES = ("application/jsonlines", "application/x-jsonlines", "application/jsonl")


def model_fn(model_dir):
    columns = json.loads((Path(model_dir) / "columns.json").read_text())
    return joblib.load(Path(model_dir) / "model.joblib"), columns


def transform_fn(model, body, content_type, accept):
    pipeline, columns = model
    try:
        rows = read_rows(body, content_type, columns)
    except (ValueError, csv.Error) as error:
        return Response(json.dumps({"error": str(error)}), status=400, mimetype="application/json")
    return answer(predict(pipeline, rows), accept)


def predict(pipeline, rows):
    predictions = pipeline.predict(rows).tolist()
    if not hasattr(pipeline, "predict_proba"):
        return [{"prediction": value} for value in predictions]
    return [{"prediction": value, "probability": round(sure, 6)} for value, sure in zip(predictions, pipeline.predict_proba(rows)[:, -1].tolist())]


def answer(predictions, accept):
    kind = (accept or "").split(";")[0].strip().lower()
    if kind == "application/json":
        return json.dumps({"predictions": predictions}), kind
    if kind in LINES:
        return "".join(json.dumps(each) + "\n" for each in predictions), kind
    return "".join(",".join(f"{value}" for value in each.values()) + "\n" for each in predictions), "text/csv"


def read_rows(body, content_type, columns):
    """The rows of a request as the model was trained on them; a ValueError says what was found and what was expected."""
    kind, text = content_type.split(";")[0].strip().lower(), body if isinstance(body, str) else body.decode("utf-8-sig")
    if kind == "text/csv":
        rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    elif kind == "application/json":
        rows = json.loads(text)
        rows = rows["instances"] if isinstance(rows, dict) and list(rows) == ["instances"] else rows
        rows = rows if isinstance(rows, list) and rows and isinstance(rows[0], (list, dict)) else [rows]
    elif kind in LINES:
        rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    else:
        raise ValueError(f"found {content_type}, expected text/csv, application/json or application/jsonlines")
    names = columns["all"]
    if not rows:
        raise ValueError(f"found no row, expected the columns {', '.join(names)}")
    written = io.StringIO()
    csv.writer(written).writerows(values(row, number, names) for number, row in enumerate(rows, 1))
    frame = pd.read_csv(io.StringIO(written.getvalue()), header=None, names=names, dtype={name: str for name in columns["words"]})
    for name in columns["numbers"]:
        wrong = frame[name][pd.to_numeric(frame[name], errors="coerce").isna() & frame[name].notna()]
        if len(wrong):
            raise ValueError(f"row {wrong.index[0] + 1}: {name} is {wrong.iloc[0]!r}, expected a number")
    return frame


def values(row, number, names):
    if isinstance(row, dict):
        if set(row) != set(names):
            lacks, besides = [name for name in names if name not in row], [name for name in row if name not in names]
            raise ValueError(f"row {number} lacks {lacks} and has {besides} besides, expected {len(names)}: {', '.join(names)}")
        row = [row[name] for name in names]
    if not isinstance(row, list) or len(row) != len(names):
        found = f"{len(row)} values" if isinstance(row, list) else json.dumps(row)
        raise ValueError(f"row {number} has {found}, expected {len(names)}: {', '.join(names)}")
    return [str(value).lower() if isinstance(value, bool) else value for value in row]
