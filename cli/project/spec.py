"""Reads `model.yaml`; each error names its line."""

from pathlib import Path

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from cli.base.errors import CliError
from cli.project import yaml_lines
from cli.project.spec_errors import sentence
from cli.project.yaml_lines import Loader, duplicate_keys, line_of
from noria.kernel.errors import SpecError
from noria.spec import ModelSpec
from noria.spec.fields import CROSS_FIELD


def load(path: Path) -> ModelSpec:
    """The spec in a file.

    Raises:
        SpecError: there is no such file, it is no YAML, or it breaks the schema; one line an error.
    """
    try:
        text = path.read_text()
    except OSError as error:
        raise SpecError(f"cannot read {path}: {error.strerror}; a model project has a model.yaml, noria init NAME writes one") from error
    return parse(text, str(path))


def of_project(folder: Path) -> ModelSpec:
    """The spec of a project; its scripts need not exist.

    Raises:
        CliError: there is no such folder.
        SpecError: as `load`.
    """
    if not folder.is_dir():
        raise CliError(f"there is no folder {folder}; noria init NAME makes models/NAME")
    return load(folder / "model.yaml")


def parse(text: str, name: str) -> ModelSpec:
    """The spec in a text; its errors call it `name`."""
    try:
        tree = yaml.compose(text, Loader=Loader)
        document = yaml.load(text, Loader=Loader)  # noqa: S506 - a SafeLoader with fewer booleans
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise SpecError(f"{name}{line}: is no YAML: {getattr(error, 'problem', None) or error}") from error
    if key := next(duplicate_keys(tree), None):
        raise SpecError(f"{name}:{key.start_mark.line + 1}: {key.value} is written twice in one block; keep one of them")
    if not isinstance(document, dict):
        raise SpecError(f"{name}:1: a spec is a mapping with name, task, target, data and evaluate; found {type(document).__name__}")
    try:
        return ModelSpec.model_validate(document)
    except ValidationError as error:
        lines = [f"{name}:{line_of(tree, _path(entry))}: {sentence(entry)}" for entry in _innermost(error.errors())]
        raise SpecError("\n".join(dict.fromkeys(lines))) from error


def line_in(path: Path, field: yaml_lines.Path) -> int:
    """The line of a field in a file."""
    return line_of(yaml.compose(path.read_text(), Loader=Loader), field)


def _innermost(entries: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without the errors of a list or block that has an error within: a list whose items are wrong is not too short as well."""
    within = {entry["loc"][: len(other["loc"])] for entry in entries for other in entries if len(entry["loc"]) > len(other["loc"])}
    return [entry for entry in entries if entry["loc"] not in within]


def _path(entry: ErrorDetails) -> yaml_lines.Path:
    """The field of an error; an error that spans blocks names its field itself."""
    return tuple(str(entry.get("ctx", {}).get("field", "")).split(".")) if entry["type"] == CROSS_FIELD else entry["loc"]
