"""Trains @NAME@. Change it freely: it gets rows in SM_CHANNEL_TRAIN and leaves its model in SM_MODEL_DIR."""

import argparse
import json
import os
from pathlib import Path

import joblib
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import @ESTIMATOR@
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

NUMBERS = @NUMBERS@
WORDS = @WORDS@
TARGET = "@TARGET@"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--max-iter", type=int, default=100)
    given = parser.parse_args()
    rows = pd.concat(pd.read_csv(path, dtype={name: str for name in WORDS}) for path in sorted(Path(os.environ["SM_CHANNEL_TRAIN"]).glob("*.csv")))
    encode = make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1), WORDS),
        ("passthrough", NUMBERS),
    )
    model = make_pipeline(encode, @ESTIMATOR@(max_iter=given.max_iter, random_state=0))
    model.fit(rows[WORDS + NUMBERS], rows[TARGET])
    folder = Path(os.environ["SM_MODEL_DIR"])
    joblib.dump(model, folder / "model.joblib")
    (folder / "columns.json").write_text(json.dumps({"all": @FEATURES@, "words": WORDS}))
    print(f"trained on {len(rows)} rows")


if __name__ == "__main__":
    main()
