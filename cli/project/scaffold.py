"""Starts a model project: for the columns of a data file, or an example to edit."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.base.errors import CliError
from cli.data import contract
from cli.data.columns import Column, Description, as_target, describe, time_of
from cli.data.yaml_text import quoted
from cli.project.scripts import Task, scripts_for, write_scripts
from cli.project.spec import of_project
from noria.data.contract import is_model_name

#: Metric and limit of a new project's gate, by task.
GATES = {"binary": ("accuracy", "at_least: 0.6"), "multiclass": ("accuracy", "at_least: 0.6"), "regression": ("r2", "at_least: 0.2")}
REQUIREMENTS = "# What the image does not bring. scikit-learn, pandas and numpy are in it.\n"
EXAMPLE = Description(
    {
        "age": Column("integer"),
        "income": Column("number", nullable=True),
        "city": Column("category"),
        "target": Column("integer", values=("0", "1"), different=2),
    },
    rows=0,
)


@dataclass(frozen=True)
class Scaffold:
    """A new project, or the scripts that an existing one lacked.

    Attributes:
        files: the names of the files that were written.
    """

    model: str
    folder: str
    files: list[str]
    target: str
    task: str


def scaffold(name: str, folder: Path, data: Path | None, target: str | None) -> Scaffold:
    """Write a project; of a project that has a model.yaml, write the scripts that it lacks.

    Args:
        data: a file whose columns the project takes over.
        target: the column that the model predicts; by default the last one.

    Raises:
        CliError: the name is none, the folder exists, or the file has no such column or nothing to learn.
        UnreadableDatasetError: the file has no format that Noria reads.
    """
    if not is_model_name(name):
        raise CliError(f"found {name!r}, expected a name of lower-case letters, digits and dashes, a letter first, at most 24")
    if (folder / "model.yaml").is_file() and data is None and target is None:
        return _missing_scripts(folder)
    if folder.exists():
        raise CliError(f"{folder} is there already; nothing was changed")
    description = describe(data) if data else EXAMPLE
    columns = {column: as_target(facts) if column == target else facts for column, facts in description.columns.items()}
    target = target or list(columns)[-1]
    if target not in columns:
        raise CliError(f"{data} has no column {target!r}; it has: {', '.join(columns)}")
    kind, time = _task(target, as_target(columns[target]), description.rows), time_of(columns)
    # A new spec has the time of a row beside the columns, not among them.
    features = {column: facts for column, facts in columns.items() if column != time}
    if set(features) <= {target}:
        raise CliError(f"{data} has no column to predict {target} from; it has: {', '.join(columns)}")
    texts = {"model.yaml": _spec(name, kind, target, description, data), "requirements.txt": REQUIREMENTS}
    texts |= write_scripts(Task(name, kind, target, features))
    folder.mkdir(parents=True)
    _write(folder, texts)
    return Scaffold(name, str(folder), sorted(texts), target, kind)


def _missing_scripts(folder: Path) -> Scaffold:
    """Write the scripts that a project lacks, for its present spec."""
    spec = of_project(folder)
    texts = {spec.train.entry if name == "train.py" else name: text for name, text in scripts_for(spec).items()}
    missing = {name: text for name, text in texts.items() if not (folder / name).exists()}
    if not missing:
        raise CliError(f"{folder} has its scripts; nothing was changed. Take away one that shall be written anew for its model.yaml")
    _write(folder, missing)
    return Scaffold(spec.name, str(folder), sorted(missing), spec.target, spec.task)


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        (folder / name).write_text(text)


def _task(name: str, target: Column, rows: int) -> str:
    if target.type in ("timestamp", "list"):
        raise CliError(f"{name} holds {'times' if target.type == 'timestamp' else 'lists'}; a target is a number or a class: name one with --target")
    if rows and target.different <= 1:
        raise CliError(f"{name} is {target.values[0] if target.values else 'empty'} in every row, so there is nothing to predict; name another --target")
    if target.binary:
        return "binary"
    if target.is_words and rows and target.different > (rows - 1 if target.values else rows / 2):
        raise CliError(f"{name} has {target.different:,.0f} different words in {rows:,} rows, so it names rows and no classes; name another --target")
    return "multiclass" if target.is_words or (target.type == "integer" and target.values) else "regression"


def _spec(name: str, task: str, target: str, description: Description, data: Path | None) -> str:
    metric, limit = GATES[task]
    by = "time" if time_of(description.columns) else "random"
    lines = list(contract.block(description, target=target))
    limits, _ = contract.limits(data, lines, target)
    spec = [
        f"name: {name}",
        f"task: {task}                 # binary | multiclass | regression",
        f"target: {quoted(target)}",
        *lines,
        *([] if any("bad_rows" in line for line in limits) else ["  bad_rows: {at_most: 0.01}  # more, and the whole file is quarantined"]),
        *limits,
        *([] if any("min_rows" in line for line in limits) else ["  min_rows: 50"]),
        "train: {image: sklearn, entry: train.py, max_minutes: 30}",
        f"evaluate:\n  split: {{by: {by}, test: 0.2}}\n  gates:\n    - {{metric: {metric}, {limit}}}",
        "approve: {mode: automatic}   # or manual",
        "serve: {instance: ml.m5.large}",
    ]
    return "\n".join([*spec, ""])
