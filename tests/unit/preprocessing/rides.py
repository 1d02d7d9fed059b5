"""Rides of bicycles by the hour, their spec, and its fitted preprocessing."""

import json

from noria.data.contract import DataContract
from noria.preprocessing import fitting
from noria.preprocessing.transform import Transform
from noria.spec import ModelSpec

COLUMNS = {
    "ts": {"type": "timestamp"},
    "station": {"type": "string"},
    "heat": {"type": "number", "nullable": True},
    "sky, now": {"type": "string", "nullable": True},
    "open": {"type": "boolean", "nullable": True},
}
HEADER = ["ts", "station", "heat", "sky, now", "open", "rides"]
DAILY = {"of": "rides", "back": "24h", "per": ["station"], "name": "yesterday"}
WHOLE = {
    "ts": {"parts": ["hour", "weekday"]},
    "station": {"one_hot": True},
    "heat": {"impute": {"value": 1}, "clip": [-1e5, 1e5], "scale": "standard"},
    "sky, now": {"impute": {"value": "clear"}, "one_hot": {"at_most": 2}},
    "open": {"impute": {"value": "false"}},
    "yesterday": {"impute": {"value": 0}, "scale": "robust"},
}


def spec(columns: dict | None = None, lags: tuple = (), **changed) -> ModelSpec:
    document = {
        "name": "rides",
        "task": "regression",
        "target": "rides",
        "data": {"time": "ts", "columns": COLUMNS},
        "preprocess": {"columns": columns or {}, "lags": list(lags)},
        "evaluate": {"gates": [{"metric": "mae", "at_most": 1}]},
    }
    return ModelSpec.model_validate({**document, **changed})


def fit(rows: list[list[str]], columns: dict | None = None, lags: tuple = ()) -> tuple[Transform, dict, list[list[str]]]:
    """The transform as the endpoint reads it, its document, and the training set."""
    document = spec(columns, lags).model_dump(mode="json")
    fitted = fitting.fit(document["preprocess"], DataContract.of(document["data"]), "rides", lambda name: [row[HEADER.index(name)] for row in rows])
    train = [row[:-1] for row in fitting.training_rows(fitted, "rides", HEADER, rows)]
    return Transform(json.loads(json.dumps(fitted.artifact))), dict(fitted.artifact), train


def hours(heats: list[str], skies: list[str] | None = None) -> list[list[str]]:
    skies = skies or ["clear"] * len(heats)
    return [[f"2024-01-{1 + i // 24:02}T{i % 24:02}:00:00", "A", heat, sky, "true", str(i)] for i, (heat, sky) in enumerate(zip(heats, skies, strict=True))]


def column(results: list[list[str]], transform: Transform, name: str) -> list[str]:
    return [row[transform.writes.index(name)] for row in results]
