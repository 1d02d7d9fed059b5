"""Serves the classifier: rows of CSV in, for each the label and its probability."""

import io
from pathlib import Path

import joblib
import pandas as pd


def model_fn(model_dir):
    return joblib.load(Path(model_dir) / "model.joblib")


def input_fn(body, content_type):
    if content_type != "text/csv":
        raise ValueError(f"found {content_type}, expected text/csv: the columns of model.yaml in order, without a header")
    return pd.read_csv(io.StringIO(body), header=None).to_numpy()


def predict_fn(rows, model):
    return model.predict_proba(rows)[:, 1]


def output_fn(probabilities, accept):
    return "".join(f"{int(p >= 0.5)},{p:.6f}\n" for p in probabilities), "text/csv"
