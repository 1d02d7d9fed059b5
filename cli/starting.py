"""Starts a model project: from a data file it reads the columns; without one it writes an example to edit."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli import specs
from cli.base import files
from cli.base.errors import CliError
from cli.data import contract
from cli.data.columns import Column, describe, time_of
from cli.data.contract import quoted
from noria.data.contract import is_model_name
from noria.spec import ModelSpec

Json = dict[str, Any]
TEMPLATES = Path(__file__).with_name("templates")
GATES = {"binary": ("accuracy", "at_least: 0.6"), "multiclass": ("accuracy", "at_least: 0.6"), "regression": ("r2", "at_least: 0.2")}
#: Of the rows, that may be bad where the file has no slips; where it has, twice as many as those, and never more than half.
BAD_ROWS, MOST_BAD_ROWS = 0.01, 0.5
#: The columns of a script that finds them in the training set.
FOUND = "[name for name in rows.columns if name != TARGET]"
EXAMPLE = {
    "age": Column("integer"),
    "income": Column("number", nullable=True),
    "city": Column("string"),
    "target": Column("integer", values=("0", "1"), different=2),
}


def start(name: str, folder: Path, data: Path | None, target: str | None) -> Json:
    """Write a project; of one that has a model.yaml, the scripts that are not there.

    Args:
        data: a file whose columns are taken over.
        target: the column that is predicted; the last one when it is not named.

    Returns:
        `{model, folder, files, target, task, upload}`; `upload` is whether the file can be uploaded as it is.

    Raises:
        CliError: the name is none, the folder is there already, or the file has no such column or nothing to learn in it.
        UnreadableDatasetError: the file cannot be read.
    """
    if not is_model_name(name):
        raise CliError(f"found {name!r}, expected a name of lower-case letters, digits and dashes, a letter first, at most 24")
    if (folder / "model.yaml").is_file() and data is None and target is None:
        return _again(folder)
    if folder.exists():
        raise CliError(f"{folder} is there already; nothing was changed")
    seen, rows = describe(data) if data else (EXAMPLE, 0)
    aim = target or list(seen)[-1]
    if aim not in seen:
        raise CliError(f"{data} has no column {aim!r}; it has: {', '.join(seen)}")
    task = _task(aim, seen[aim], rows)
    made = {
        "model.yaml": _spec(name, task, aim, seen, rows),
        "requirements.txt": "# What the image does not bring. scikit-learn, pandas and numpy are in it.\n",
    }
    # A new spec has the time of a row beside the columns, not among them.
    time = time_of(seen)
    sent = {column: found for column, found in seen.items() if column != time}
    if set(sent) <= {aim}:
        raise CliError(f"{data} has no column to predict {aim} from; it has: {', '.join(seen)}")
    made |= {script: _filled(script, name, task, aim, sent) for script in ("train.py", "inference.py")}
    folder.mkdir(parents=True)
    for path, text in made.items():
        (folder / path).write_text(text)
    return {"model": name, "folder": str(folder), "files": sorted(made), "target": aim, "task": task, "upload": data is None or files.is_plain(data)}


def _again(folder: Path) -> Json:
    """Write the scripts that a project lacks, for its spec as it is now."""
    spec = specs.of_project(folder)
    names = {"train.py": spec.train.entry}
    missing = {names.get(script, script): text for script, text in scripts(spec).items() if not (folder / names.get(script, script)).exists()}
    if not missing:
        raise CliError(f"{folder} has its scripts; nothing was changed. Take away one that shall be written anew for its model.yaml")
    for path, text in missing.items():
        (folder / path).write_text(text)
    return {"model": spec.name, "folder": str(folder), "files": sorted(missing), "target": spec.target, "task": spec.task, "upload": True}


def check_scripts(folder: Path, spec: ModelSpec) -> None:
    """Refuse scripts that were written before the spec had its `preprocess` block, and name columns that it replaces.

    Raises:
        CliError: the training script is one that `noria init` wrote, unchanged, for other columns.
    """
    steps, path = spec.preprocess.columns, folder / spec.train.entry
    replaces = spec.preprocess.lags or any(step.one_hot or step.parts or step.drop for step in steps.values())
    if not replaces or not path.is_file():
        return
    template = re.split(r"@[A-Z]+@", (TEMPLATES / "train.py.txt").read_text())
    written = re.fullmatch("(.*)".join(map(re.escape, template)), path.read_text(errors="replace"))
    if written and FOUND not in written.groups():
        raise CliError(
            f"{path} names the columns of data.columns, and the preprocess block makes others of them: name those; or take away {path.name} and "
            f"inference.py of a project under models/, and noria init {spec.name} writes them anew"
        )


def _task(name: str, aim: Column, rows: int) -> str:
    if aim.type == "timestamp":
        raise CliError(f"{name} holds times; a target is a number or a class: name one with --target")
    if rows and aim.different <= 1:
        raise CliError(f"{name} is {aim.values[0] if aim.values else 'empty'} in every row, so there is nothing to predict; name another --target")
    if aim.binary:
        return "binary"
    if aim.type == "string" and rows and aim.different > (rows - 1 if aim.values else rows / 2):
        raise CliError(f"{name} has {aim.different:,.0f} different words in {rows:,} rows, so it names rows and no classes; name another --target")
    return "multiclass" if aim.type == "string" or (aim.type == "integer" and aim.values) else "regression"


def _spec(name: str, task: str, target: str, seen: Mapping[str, Column], rows: int) -> str:
    metric, limit = GATES[task]
    slips = max(found.slips[0] for found in seen.values())
    bad = min(MOST_BAD_ROWS, max(BAD_ROWS, round(2 * slips / rows, 3))) if rows else BAD_ROWS
    by = "time" if time_of(seen) else "random"
    lines = [
        f"name: {name}",
        f"task: {task}                 # binary | multiclass | regression",
        f"target: {quoted(target)}",
        *contract.block(seen, rows, target),
        f"  bad_rows: {{at_most: {bad:g}}}  # more, and the whole file is quarantined",
        "  min_rows: 50",
        "train: {image: sklearn, entry: train.py, max_minutes: 30}",
        f"evaluate:\n  split: {{by: {by}, test: 0.2}}\n  gates:\n    - {{metric: {metric}, {limit}}}",
        "approve: {mode: automatic}   # or manual",
        "serve: {instance: ml.m5.large}",
    ]
    return "\n".join([*lines, ""])


def scripts(spec: ModelSpec) -> dict[str, str]:
    """The scripts that a new project gets, for a spec that has none."""
    seen = {name: Column(column.type) for name, column in spec.data.columns.items()}
    steps = spec.preprocess.columns
    prepared = spec.preprocess.declared
    if prepared:
        # What becomes columns of numbers, or of none, is no word for the script.
        seen = {name: found for name, found in seen.items() if name not in steps or not (steps[name].one_hot or steps[name].parts or steps[name].drop)}
    return {script: _filled(script, spec.name, spec.task, spec.target, seen, prepared) for script in ("train.py", "inference.py")}


def _filled(script: str, name: str, task: str, target: str, seen: dict[str, Column], prepared: bool = False) -> str:
    """A script; for rows that a spec's preprocessing has prepared, one that finds its columns in the training set."""
    features = [column for column in seen if column != target]
    words = [column for column in features if seen[column].type in ("string", "boolean")]
    numbers = [column for column in features if column not in words and seen[column].type != "timestamp"]
    filled = {
        "NAME": name,
        "TARGET": repr(target),
        "FEATURES": FOUND if prepared else repr(features),
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
