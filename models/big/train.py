"""Trains big. Change it freely: it gets rows in SM_CHANNEL_TRAIN and leaves its model in SM_MODEL_DIR."""

import argparse
import json
import os
from pathlib import Path

import joblib
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

WORDS = ['kind']
TARGET = 'y'


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--max-iter", type=int, default=100)
    given = parser.parse_args()
    rows = pd.concat(pd.read_csv(path, dtype={name: str for name in WORDS}) for path in sorted(Path(os.environ["SM_CHANNEL_TRAIN"]).glob("*.csv")))
    features = ['a', 'b', 'c', 'd', 'e', 'f', 'kind']
    numbers = ['a', 'b', 'c', 'd', 'e', 'f']
    encode = make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1), WORDS),
        ("passthrough", numbers),
    )
    model = make_pipeline(encode, HistGradientBoostingClassifier(max_iter=given.max_iter, random_state=0))
    model.fit(rows[WORDS + numbers], rows[TARGET])
    folder = Path(os.environ["SM_MODEL_DIR"])
    joblib.dump(model, folder / "model.joblib")
    (folder / "columns.json").write_text(json.dumps({"all": features, "words": WORDS, "numbers": numbers}))
    print(f"trained on {len(rows)} rows")


if __name__ == "__main__":
    main()
