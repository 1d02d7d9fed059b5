"""Trains a gradient-boosted classifier of busy hours."""

import argparse
import os
from pathlib import Path

import joblib
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

FEATURES = ["hour", "dow", "month", "tmin", "tmax", "pn", "lag_week"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--max-iter", type=int, default=100)
    parser.add_argument("--learning-rate", type=float, default=0.05)
    given = parser.parse_args()
    rows = pd.concat(pd.read_csv(path) for path in sorted(Path(os.environ["SM_CHANNEL_TRAIN"]).glob("*.csv")))
    # Small trees and balanced classes carry over to a season that the training data do not hold.
    model = HistGradientBoostingClassifier(
        max_iter=given.max_iter, learning_rate=given.learning_rate, max_leaf_nodes=8, class_weight="balanced", random_state=0
    )
    model.fit(rows[FEATURES].to_numpy(), rows["busy"].to_numpy())
    joblib.dump(model, Path(os.environ["SM_MODEL_DIR"]) / "model.joblib")
    print(f"trained on {len(rows)} hours, {rows['busy'].mean():.1%} of them busy")


if __name__ == "__main__":
    main()
