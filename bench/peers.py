"""The peers with their defaults, on the same rows in the same run; each in an environment of its own, with its imports."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from bench.results import FOLDER, ROOT

#: What is installed for each.
NEEDS = {
    "evidently": ("evidently==0.7.23", "pandas<3", "pyarrow"),
    "whylogs": ("whylogs[viz]==1.6.4", "ipython", "scipy", "pandas<3", "pyarrow"),
    "nannyml": ("nannyml==0.13.1", "pandas<3", "statsmodels", "setuptools<81", "pyarrow"),
}
#: Told by each: `compare(before, now)` is whether a data frame has drifted against another one, by the peer's defaults: any column
#: of it, and for evidently also the whole as its preset has it.
CODE = {
    "evidently": """
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset
def compare(before, now):
    told = Report([DataDriftPreset()]).run(Dataset.from_pandas(now), Dataset.from_pandas(before)).dict()
    count = next(metric["value"] for metric in told["metrics"] if "DriftedColumnsCount" in metric["metric_name"])
    return count["count"] > 0, count["share"] >= 0.5
""",
    "whylogs": """
import whylogs
from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores
def compare(before, now):
    views = [whylogs.log(frame).view() for frame in (now, before)]
    scores = calculate_drift_scores(target_view=views[0], reference_view=views[1], with_thresholds=True)
    drifted = any(score and score.get("drift_category") == "DRIFT" for score in scores.values())
    return drifted, drifted
""",
    "nannyml": """
import nannyml
def compare(before, now):
    made = nannyml.UnivariateDriftCalculator(column_names=list(before.columns), chunk_size=len(now))
    told = made.fit(before).calculate(now).filter(period="analysis").to_df()
    alerts = [column for column in told.columns if column[-1] == "alert"]
    drifted = bool(told[alerts].any().any())
    return drifted, drifted
""",
}
HEAD = """
import logging, os, re, sys, time, warnings
warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
import pandas
"""
#: Two files, once; CPU seconds and the process's own peak memory (MB).
ONCE = """
compare(*(pandas.read_parquet(file) for file in sys.argv[1:]))
print("told", time.process_time(), int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024)
"""
#: One file whose column `#part` says which comparison a row belongs to, and on which side: how many were called drifted.
MANY = """
rows = pandas.read_parquet(sys.argv[1])
found = [compare(part[part["#side"] == "before"].drop(columns=["#part", "#side"]), part[part["#side"] == "now"].drop(columns=["#part", "#side"]))
         for _, part in rows.groupby("#part")]
print("told", sum(one for one, _ in found), sum(other for _, other in found))
"""


#: One file of days and errors (1 is wrong), whose column `#side` parts what is known from what is watched: the first day alerted.
REALISED = """
rows = pandas.read_parquet(sys.argv[1])
rows["at"], rows["said"], rows["true"] = pandas.to_datetime(rows["day"]), 1, 1 - rows["wrong"]
made = nannyml.PerformanceCalculator(
    y_true="true", y_pred="said", y_pred_proba="said", timestamp_column_name="at", metrics=["accuracy"], problem_type="classification_binary", chunk_period="D"
)
told = made.fit(rows[rows["#side"] == "before"]).calculate(rows[rows["#side"] == "now"]).filter(period="analysis").to_df()
alerts = told[("accuracy", "alert")].tolist()
print("told", alerts.index(True) + 1 if True in alerts else -1)
"""


def _ran(peer: str, code: str, files: Sequence[Path]) -> list[float]:
    """The numbers of the line that tells them.

    Raises:
        RuntimeError: it failed; with the end of what it said.
    """
    uv = str(ROOT / ".noria" / "uv" / "bin" / "uv")
    packages = [part for need in NEEDS[peer] for part in ("--with", need)]
    command = [uv, "run", "--quiet", "--no-project", "--python", sys.executable, *packages, "python", "-c", HEAD + CODE[peer] + code, *map(str, files)]
    ended = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": ""})
    report = next((line for line in ended.stdout.splitlines() if line.startswith("told ")), None)
    if report is None:
        raise RuntimeError(f"{peer} failed: {ended.stderr[-600:]}")
    return [float(word) for word in report.split()[1:]]


def cost(peer: str, files: Sequence[Path]) -> tuple[float, float]:
    """CPU seconds and peak memory (MB) of reading two files and comparing them."""
    seconds, memory = _ran(peer, ONCE, files)
    return seconds, memory


def alarms(peer: str, pairs: Sequence[tuple[pa.Table, pa.Table]]) -> tuple[int, int]:
    """How many of the pairs were called drifted: any column, and the whole by the peer's own rule."""
    parts = []
    for number, (before, now) in enumerate(pairs):
        for side, rows in (("before", before), ("now", now)):
            parts.append(rows.append_column("#part", pa.array([number] * rows.num_rows)).append_column("#side", pa.array([side] * rows.num_rows)))
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / "pairs.parquet"
    pyarrow.parquet.write_table(pa.concat_tables(parts, promote_options="permissive"), file)
    any_column, whole = _ran(peer, MANY, [file])
    return int(any_column), int(whole)


def realised(before: Sequence[tuple[str, int]], now: Sequence[tuple[str, int]]) -> int | None:
    """How many days it takes nannyml's realised performance by day to alert, or nothing where it never does.

    Args:
        before, now: day and error (1 is wrong) of each answer.
    """
    rows = [(day, wrong, side) for side, part in (("before", before), ("now", now)) for day, wrong in part]
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / "errors.parquet"
    pyarrow.parquet.write_table(pa.table(dict(zip(("day", "wrong", "#side"), map(list, zip(*rows, strict=True)), strict=True))), file)
    (result,) = _ran("nannyml", REALISED, [file])
    return None if result < 0 else int(result)
