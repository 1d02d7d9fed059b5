"""Writes the training and serving scripts of a project, and recognises them where they no longer fit its spec."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.base.errors import CliError
from cli.data.columns import Column
from noria.data.contract import NUMERIC_TYPES, TEXT_TYPES
from noria.spec import ModelSpec

TEMPLATES = Path(__file__).with_name("templates")
NAMES = ("train.py", "inference.py")
#: Columns that a script reads off the training set, where preprocessing makes them.
FROM_TRAINING_SET = "[name for name in rows.columns if name != TARGET]"
NUMBERS_FROM_TRAINING_SET = '[name for name in rows.select_dtypes("number").columns if name in features]'


@dataclass(frozen=True)
class Task:
    """The task of a script.

    Attributes:
        prepared: whether the spec's preprocessing makes the columns that the script reads.
    """

    model: str
    kind: str
    target: str
    columns: Mapping[str, Column]
    prepared: bool = False


def write_scripts(task: Task) -> dict[str, str]:
    """The text of each script by its name."""
    return {name: _filled((TEMPLATES / f"{name}.txt").read_text(), task) for name in NAMES}


def scripts_for(spec: ModelSpec) -> dict[str, str]:
    """The text of each script for a spec."""
    columns, steps = {name: Column(column.type) for name, column in spec.data.columns.items()}, spec.preprocess.columns
    if spec.preprocess.declared:
        # A column that becomes numbers, or none, is no word for the script.
        columns = {name: column for name, column in columns.items() if name not in steps or not (steps[name].one_hot or steps[name].parts or steps[name].drop)}
    return write_scripts(Task(spec.name, spec.task, spec.target, columns, spec.preprocess.declared))


def check_columns(folder: Path, spec: ModelSpec) -> None:
    """Refuse an unchanged script of `noria init` that names columns which the spec's `preprocess` block replaces.

    Raises:
        CliError: the training script is such a one.
    """
    steps, path = spec.preprocess.columns, folder / spec.train.entry
    replaces = spec.preprocess.lags or any(step.one_hot or step.parts or step.drop for step in steps.values())
    if not replaces or not path.is_file():
        return
    template = re.split(r"@[A-Z]+@", (TEMPLATES / "train.py.txt").read_text())
    written = re.fullmatch("(.*)".join(map(re.escape, template)), path.read_text(errors="replace"))
    if written and FROM_TRAINING_SET not in written.groups():
        raise CliError(
            f"{path} names the columns of data.columns, and the preprocess block makes others of them: name those; or take away {path.name} and "
            f"inference.py of a project under models/, and noria init {spec.name} writes them anew"
        )


def _filled(template: str, task: Task) -> str:
    features = [column for column in task.columns if column != task.target]
    words = [column for column in features if task.columns[column].type in (*TEXT_TYPES, "boolean")]
    numbers = [column for column in features if task.columns[column].type in NUMERIC_TYPES]
    besides = [column for column in features if column not in words and column not in numbers]
    is_word = task.target in task.columns and task.columns[task.target].is_words
    binary = task.kind == "binary"
    values = {
        "NAME": task.model,
        "TARGET": repr(task.target),
        "FEATURES": FROM_TRAINING_SET if task.prepared else repr(features),
        "WORDS": repr(words),
        "NUMBERS": NUMBERS_FROM_TRAINING_SET if task.prepared else repr(numbers),
        "TEXTS": "[*WORDS, TARGET]" if is_word else "WORDS",
        "BESIDES": f"  # Left out, as neither words nor numbers: {besides}" if besides and not task.prepared else "",
        "SURENESS": "the probability of label 1" if binary else "the probability of the prediction",
        "SURE": f"pipeline.predict_proba(rows){'[:, -1]' if binary else '.max(axis=1)'}",
        "ESTIMATOR": "HistGradientBoostingRegressor" if task.kind == "regression" else "HistGradientBoostingClassifier",
    }
    for name, value in values.items():
        template = template.replace(f"@{name}@", value)
    return template
