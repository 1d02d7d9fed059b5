"""Serves @NAME@: rows of CSV in, one line a row out, its first value the prediction."""

import io
import json
from pathlib import Path

import joblib
import pandas as pd


def model_fn(model_dir):
    columns = json.loads((Path(model_dir) / "columns.json").read_text())
    return joblib.load(Path(model_dir) / "model.joblib"), columns


def input_fn(body, content_type):
    if content_type != "text/csv":
        raise ValueError(f"found {content_type}, expected text/csv: the columns of model.yaml in order, without a header")
    return body


def predict_fn(body, model):
    pipeline, columns = model
    rows = pd.read_csv(io.StringIO(body), header=None, names=columns["all"], dtype={name: str for name in columns["words"]})
    return pipeline.predict(rows)


def output_fn(predictions, accept):
    return "".join(f"{value}\n" for value in predictions), "text/csv"
