"""Preprocessing on the deployed application: the project's script as a processing job, and declared steps in front of the model."""

import csv
import io
from pathlib import Path

import pytest

from cli.base import ledger
from cli.base.session import Session
from cli.data.progress import Stage, follow
from cli.data.upload import upload
from cli.history.status import status
from cli.project.publish import publish

LIMIT = 180
SPEC = """name: {name}
task: binary
target: y
data:
  time: ts
  columns:
    ts: {{type: timestamp}}
    station: {{type: string}}
    heat: {{type: number, nullable: true}}
    sky: {{type: string, nullable: true}}
  min_rows: 50
preprocess:
  script: {{entry: preprocess.py, arguments: {{least: "{least}"}}, max_minutes: 5}}
  columns:
    ts: {{parts: [hour, weekday]}}
    station: {{drop: true}}
    heat: {{impute: median, clip: {{quantiles: [0.01, 0.99]}}, scale: standard}}
    sky: {{one_hot: {{at_most: 2}}}}
    heat_1d_ago: {{impute: mean, scale: robust}}
  lags:
    - {{of: heat, back: 1d, per: [station]}}
train: {{max_minutes: 5}}
evaluate:
  split: {{by: time, test: 0.2}}
  gates:
    - {{metric: accuracy, at_least: 0.9}}
"""
#: Leaves the broken rows out, and writes what is left as two files.
SCRIPT = """
import argparse, pathlib
import pandas as pd
parser = argparse.ArgumentParser()
parser.add_argument("--least", type=float)
least = parser.parse_args().least
rows = pd.concat(pd.read_csv(path, dtype=str) for path in pathlib.Path("/opt/ml/processing/input/data").glob("*.csv"))
heat = rows["heat"].astype(float)
kept = rows[heat.isna() | (heat > least)]
if heat[kept.index].isna().all():
    raise SystemExit(f"no row is warmer than {least}")
out = pathlib.Path("/opt/ml/processing/output")
kept[:100].to_csv(out / "a.csv", index=False)
kept[100:].to_csv(out / "b.csv", index=False)
"""
TRAIN = """import os, joblib, pandas as pd
from sklearn.tree import DecisionTreeClassifier
rows = pd.read_csv(os.environ["SM_CHANNEL_TRAIN"] + "/train.csv")
model = DecisionTreeClassifier(max_depth=4).fit(rows.drop(columns=["y"]).to_numpy(), rows["y"])
joblib.dump(model, os.environ["SM_MODEL_DIR"] + "/model.joblib")
"""
#: Answers with the prediction, and with the very text that it was sent.
INFERENCE = """import io, joblib, pandas as pd
def model_fn(folder):
    return joblib.load(folder + "/model.joblib")
def input_fn(body, content_type):
    return body if isinstance(body, str) else body.decode()
def predict_fn(text, model):
    return list(zip(model.predict(pd.read_csv(io.StringIO(text), header=None).to_numpy()), text.splitlines()))
def output_fn(answers, accept):
    return "".join(f"{int(value)},{line.replace(',', ';')}\\n" for value, line in answers), "text/csv"
"""


def project(folder: Path, name: str, least: float) -> Path:
    folder.mkdir()
    files = {"model.yaml": SPEC.format(name=name, least=least), "preprocess.py": SCRIPT, "train.py": TRAIN, "inference.py": INFERENCE}
    for file, text in files.items():
        (folder / file).write_text(text)
    return folder


def rows() -> list[list[str]]:
    result = []
    for i in range(400):
        heat = "" if i % 29 == 3 else "-300" if i % 40 == 7 else f"{(i * 37 % 100) / 10 + i / 1000}"
        result.append([f"2024-01-{1 + i // 24:02}T{i % 24:02}:00:00", "AB"[i % 2], heat, ["clear", "rain", "fog", ""][i % 4], str(int(i * 37 % 100 > 45))])
    return result


def uploaded(stack: Session, name: str, folder: Path) -> list[Stage]:
    text = "\n".join(",".join(row) for row in [["ts", "station", "heat", "sky", "y"], *rows()]) + "\n"
    (folder / "rows.csv").write_text(text)
    return list(follow(stack, upload(stack, name, folder / "rows.csv"), LIMIT))


@pytest.fixture
def spec(name: str, tmp_path: Path) -> Path:
    return project(tmp_path / "p", name, -100)


def test_what_the_model_is_sent_is_to_the_last_bit_what_it_was_trained_on(stack, name, tmp_path, spec):
    publish(stack, spec)
    stages = uploaded(stack, name, tmp_path)
    assert (stages[-1].name, stages[-1].verdict) == ("rollout", "completed"), stages[-1].reasons
    run = status(stack, name).runs[0]["run"]
    bucket, folder = stack.outputs["ArtifactBucket"], f"runs/{name}/{run}"
    train = stack.s3.get_object(Bucket=bucket, Key=f"{folder}/train/train.csv")["Body"].read().decode()
    header, *trained = list(csv.reader(io.StringIO(train)))
    assert header == ["ts_hour", "ts_weekday", "heat", "sky=clear", "sky=fog", "sky=other", "heat_1d_ago", "y"]
    raw = [row for row in rows() if row[2] != "-300"][: len(trained)]
    assert [row[4] for row in raw] == [row[-1] for row in trained]
    body = "".join(",".join(row[:4]) + "\n" for row in raw[-20:])
    endpoint = ledger.read(stack, name).champion["endpoint"]
    answer = stack.runtime.invoke_endpoint(EndpointName=endpoint, Body=body, ContentType="text/csv")["Body"].read().decode()
    assert [line.split(",", 1)[1].split(";") for line in answer.splitlines()] == [row[:-1] for row in trained[-20:]]


def test_a_script_that_gives_up_ends_the_run_with_its_own_words(stack, name, tmp_path):
    publish(stack, project(tmp_path / "p", name, 1000))
    stages = uploaded(stack, name, tmp_path)
    assert (stages[-1].name, stages[-1].verdict) == ("preprocess", "failed")
    assert "no row is warmer than 1000" in stages[-1].reasons[0]
