"""Serves the classifier: rows of CSV in, for each the label and its probability; other columns are refused with status 400."""

import csv
import json
from pathlib import Path

import joblib
import numpy as np
from flask import Response


def model_fn(model_dir):
    return joblib.load(Path(model_dir) / "model.joblib")


def transform_fn(model, body, content_type, accept):
    try:
        rows = read_rows(body, content_type, model.n_features_in_)
    except (ValueError, csv.Error) as error:
        return Response(json.dumps({"error": str(error)}), status=400, mimetype="application/json")
    return "".join(f"{int(p >= 0.5)},{p:.6f}\n" for p in model.predict_proba(rows)[:, 1]), "text/csv"


def read_rows(body, content_type, columns):
    if content_type.split(";")[0].strip() != "text/csv":
        raise ValueError(f"found {content_type}, expected text/csv: the columns of model.yaml in order, without a header")
    text = body if isinstance(body, str) else body.decode()
    rows = [row for row in csv.reader(text.splitlines()) if row]
    for number, row in enumerate(rows, 1):
        if len(row) != columns:
            raise ValueError(f"row {number} has {len(row)} values, expected {columns}: the columns of model.yaml in order")
    return np.array([[float(value) if value else np.nan for value in row] for row in rows])
