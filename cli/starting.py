"""Starts a model project: from a data file it reads the columns; without one it writes an example to edit."""

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.errors import CliError
from noria.data.contract import is_model_name
from noria.data.rows import TRUTHS, is_time
from noria.data.values import EMPTY
from noria.spec import ModelSpec

Json = dict[str, Any]
TEMPLATES = Path(__file__).with_name("templates")
#: Columns of words with at most this many different ones get their list of right values.
FEW_VALUES = 20
#: Above this many different whole numbers, a target is something to measure, not to tell apart.
MOST_CLASSES = 20
GATES = {"binary": ("accuracy", "at_least: 0.6"), "multiclass": ("accuracy", "at_least: 0.6"), "regression": ("r2", "at_least: 0.2")}


@dataclass(frozen=True)
class Seen:
    """What a file's column looks like."""

    type: str
    nullable: bool
    values: tuple[str, ...]


EXAMPLE = {
    "age": Seen("integer", False, ()),
    "income": Seen("number", True, ()),
    "city": Seen("string", False, ()),
    "target": Seen("integer", False, ("0", "1")),
}


def start(name: str, folder: Path, data: Path | None, target: str | None) -> Json:
    """Write a project.

    Args:
        data: a CSV file whose columns are taken over.
        target: the column that is predicted; the last one when it is not named.

    Returns:
        `{model, folder, files, target, task}`

    Raises:
        CliError: the name is none, the folder is there already, or the file has no such column.
    """
    if not is_model_name(name):
        raise CliError(f"found {name!r}, expected a name of lower-case letters, digits and dashes, a letter first, at most 24")
    if folder.exists():
        raise CliError(f"{folder} is there already; nothing was changed")
    seen = look(data) if data else EXAMPLE
    aim = target or list(seen)[-1]
    if aim not in seen:
        raise CliError(f"{data} has no column {aim!r}; it has: {', '.join(seen)}")
    task = _task(seen[aim])
    files = {"model.yaml": _spec(name, task, aim, seen), "requirements.txt": "# What the image does not bring. scikit-learn, pandas and numpy are in it.\n"}
    # A new spec has no times among its columns.
    sent = {column: found for column, found in seen.items() if found.type != "timestamp"}
    files |= {script: _filled(script, name, task, aim, sent) for script in ("train.py", "inference.py")}
    folder.mkdir(parents=True)
    for path, text in files.items():
        (folder / path).write_text(text)
    return {"model": name, "folder": str(folder), "files": sorted(files), "target": aim, "task": task}


def look(file: Path) -> dict[str, Seen]:
    """The columns of a CSV file, by reading all of it."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as opened:
            reader = csv.DictReader(opened)
            values: dict[str, list[str]] = {name: [] for name in reader.fieldnames or []}
            for row in reader:
                for name in values:
                    values[name].append(row.get(name) or "")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CliError(f"cannot read {file} as CSV: {error}") from error
    if not values:
        raise CliError(f"{file} is empty: its first line must name the columns")
    return {name: _seen(found) for name, found in values.items()}


def _seen(values: list[str]) -> Seen:
    filled = [value for value in values if value not in EMPTY]
    different = sorted(set(filled))
    kind = "string"
    if filled and all(_is_whole(value) for value in filled):
        kind = "integer"
    elif filled and all(_is_number(value) for value in filled):
        kind = "number"
    elif filled and set(filled) <= TRUTHS:
        kind = "boolean"
    elif filled and all(is_time(value) for value in filled):
        kind = "timestamp"
    few = tuple(different) if len(different) <= MOST_CLASSES else ()
    return Seen(kind, len(filled) < len(values), few)


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False


def _is_whole(value: str) -> bool:
    return _is_number(value) and float(value).is_integer()


def _task(aim: Seen) -> str:
    if set(aim.values) <= TRUTHS and aim.values:
        return "binary"
    return "multiclass" if aim.type == "string" or (aim.type == "integer" and aim.values) else "regression"


def _spec(name: str, task: str, target: str, seen: dict[str, Seen]) -> str:
    time = next((column for column, found in seen.items() if found.type == "timestamp"), None)
    metric, limit = GATES[task]
    lines = [f"name: {name}", f"task: {task}                 # binary | multiclass | regression", f"target: {quoted(target)}", "data:"]
    lines += (
        [f"  time: {quoted(time)}", "  # key: [id]                # columns that name a row"]
        if time
        else ["  # time: ts                 # event time, for evaluate.split by time"]
    )
    lines += ["  columns:                   # what the model is given, in this order; and what is right in it"]
    for column, found in seen.items():
        if found.type != "timestamp":
            nullable = ", nullable: true" if found.nullable and column != target else ""
            listed = f", values: [{', '.join(quoted(value) for value in found.values)}]" if found.type == "string" and found.values else ""
            lines.append(f"    {quoted(column)}: {{type: {found.type}{nullable}{listed}}}")
    lines += [
        "  bad_rows: {at_most: 0.01}  # more, and the whole file is quarantined",
        "  min_rows: 50",
        "train: {image: sklearn, entry: train.py, max_minutes: 30}",
    ]
    lines += ["evaluate:", f"  split: {{by: {'time' if time else 'random'}, test: 0.2}}", "  gates:", f"    - {{metric: {metric}, {limit}}}"]
    return "\n".join([*lines, "approve: {mode: automatic}   # or manual", "serve: {instance: ml.m5.large}", ""])


def quoted(text: str) -> str:
    """A text as YAML takes it."""
    return (
        text
        if text.replace("_", "").isalnum() and not _is_number(text) and text.lower() not in ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
        else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    )


def scripts(spec: ModelSpec) -> dict[str, str]:
    """The scripts that a new project gets, for a spec that has none."""
    seen = {name: Seen(column.type, column.nullable, ()) for name, column in spec.data.columns.items()}
    steps = spec.preprocess.columns
    prepared = spec.preprocess.declared
    if prepared:
        # What becomes columns of numbers, or of none, is no word for the script.
        seen = {name: found for name, found in seen.items() if name not in steps or not (steps[name].one_hot or steps[name].parts or steps[name].drop)}
    return {script: _filled(script, spec.name, spec.task, spec.target, seen, prepared) for script in ("train.py", "inference.py")}


def _filled(script: str, name: str, task: str, target: str, seen: dict[str, Seen], prepared: bool = False) -> str:
    """A script; for rows that a spec's preprocessing has prepared, one that finds its columns in the training set."""
    features = [column for column in seen if column != target]
    words = [column for column in features if seen[column].type in ("string", "boolean")]
    numbers = [column for column in features if column not in words and seen[column].type != "timestamp"]
    filled = {
        "NAME": name,
        "TARGET": repr(target),
        "FEATURES": "[name for name in rows.columns if name != TARGET]" if prepared else repr(features),
        "WORDS": repr(words),
        "NUMBERS": '[name for name in rows.select_dtypes("number").columns if name in features]' if prepared else repr(numbers),
        "SURENESS": "the probability of label 1" if task == "binary" else "the probability of the prediction",
        "SURE": f"pipeline.predict_proba(rows){'[:, -1]' if task == 'binary' else '.max(axis=1)'}",
        "ESTIMATOR": "HistGradientBoostingRegressor" if task == "regression" else "HistGradientBoostingClassifier",
    }
    text = (TEMPLATES / f"{script}.txt").read_text()
    for key, value in filled.items():
        text = text.replace(f"@{key}@", value)
    return text
