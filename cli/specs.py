"""Reads `model.yaml` and says of each error its line, field, what was found, what was expected, and the nearest right word."""

import difflib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cli.errors import CliError
from noria.kernel.errors import SpecError
from noria.spec import ModelSpec
from noria.spec.approve import FreezeSpec
from noria.spec.fields import CROSS_FIELD, ENTRY, INSTANCE
from noria.spec.monitoring import HealSpec
from noria.spec.preprocess import DURATION

Json = dict[str, Any]
Where = tuple[int | str, ...]
#: What a value should have been, by pydantic's name of the error.
TYPES = {
    "string": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "tuple": "a list",
    "list": "a list",
    "dict": "a block of fields",
    "model": "a block of fields",
    "model_attributes": "a block of fields",
}
#: What the schema's patterns mean.
PATTERNS = {
    ModelSpec.model_json_schema()["properties"]["name"]["pattern"]: "lower-case letters, digits and dashes inside, a letter first, at most 24",
    INSTANCE: "an instance type such as ml.m5.large",
    FreezeSpec.model_json_schema()["properties"]["hours"]["anyOf"][0]["pattern"]: "hours and minutes of one day, such as 16:00-24:00",
    HealSpec.model_json_schema()["properties"]["off_peak"]["anyOf"][0]["pattern"]: "two times of day, such as 22:00-06:00",
    DURATION: "a duration such as 30m, 24h or 7d",
    ENTRY: "the path of a Python file in the project, such as train.py",
}


class Loader(yaml.SafeLoader):
    """Words of YAML 1.2: `on`, `off`, `yes` and `no` are words, and `heal: {on: …}` is a field."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, words) for tag, words in resolvers if tag != "tag:yaml.org,2002:bool"] for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


def load(path: Path) -> ModelSpec:
    """The spec in a file.

    Raises:
        SpecError: it is not there, is no YAML, or breaks the schema; one line an error.
    """
    try:
        text = path.read_text()
    except OSError as error:
        raise SpecError(f"cannot read {path}: {error.strerror}; a model project has a model.yaml, noria init NAME writes one") from error
    return parse(text, str(path))


def of_project(folder: Path) -> ModelSpec:
    """The spec of a project, whose scripts need not be there.

    Raises:
        CliError: there is no such folder.
        SpecError: as `load`.
    """
    if not folder.is_dir():
        raise CliError(f"there is no folder {folder}; noria init NAME makes models/NAME")
    return load(folder / "model.yaml")


def parse(text: str, name: str) -> ModelSpec:
    """The spec in a text; `name` is what its errors call it."""
    try:
        tree = yaml.compose(text, Loader=Loader)
        document = yaml.load(text, Loader=Loader)  # noqa: S506 - a SafeLoader with fewer booleans
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise SpecError(f"{name}{line}: is no YAML: {getattr(error, 'problem', None) or error}") from error
    if twice := next(_twice(tree), None):
        raise SpecError(f"{name}:{twice.start_mark.line + 1}: {twice.value} is written twice in one block; keep one of them")
    if not isinstance(document, dict):
        raise SpecError(f"{name}:1: a spec is a mapping with name, task, target, data and evaluate; found {type(document).__name__}")
    try:
        return ModelSpec.model_validate(document)
    except ValidationError as error:
        entries = error.errors()
        # A list whose items are wrong is not too short besides.
        within = {entry["loc"][: len(other["loc"])] for entry in entries for other in entries if len(entry["loc"]) > len(other["loc"])}
        told = [f"{name}:{line_of(tree, _where(entry))}: {sentence(entry)}" for entry in entries if entry["loc"] not in within]
        raise SpecError("\n".join(dict.fromkeys(told))) from error


def line_in(path: Path, where: Where) -> int:
    """The line of a field in a file."""
    return line_of(yaml.compose(path.read_text(), Loader=Loader), where)


def _where(entry: ErrorDetails) -> Where:
    """Where an error is; one that spans blocks names its field itself."""
    return tuple(str(entry.get("ctx", {}).get("field", "")).split(".")) if entry["type"] == CROSS_FIELD else entry["loc"]


def _twice(node: yaml.Node | None, above: tuple[yaml.Node, ...] = ()) -> Iterator[yaml.Node]:
    """Keys that their block has already: YAML's loader would silently take the last."""
    if node in above:
        return
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key
            seen.add(key.value)
            yield from _twice(value, (*above, node))
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _twice(value, (*above, node))


def line_of(node: yaml.Node | None, where: Where) -> int:
    """The line of a field, or of the nearest block around it."""
    line = 1 if node is None else node.start_mark.line + 1
    for part in where:
        if isinstance(node, yaml.SequenceNode) and str(part).isdigit():
            part = int(part)
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if found is None:
                return line
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            return line
    return line


def sentence(entry: ErrorDetails, block: type[BaseModel] = ModelSpec) -> str:
    """One error in words; `block` is what was validated."""
    field, kind = ".".join(str(part) for part in entry["loc"]) or "spec", entry["type"]
    context = entry.get("ctx", {})
    if kind == CROSS_FIELD:
        return f"{context['field']}: {entry['msg']}"
    if kind == "missing":
        return f"{field} is missing"
    schema = block.model_json_schema()
    if kind == "extra_forbidden":
        known = list(_resolved(_node(entry["loc"][:-1], schema), schema).get("properties", {}))
        return f"{field} is no field here; found {entry['loc'][-1]!r}, expected one of {', '.join(known)}{_nearest(str(entry['loc'][-1]), known)}"
    try:
        found = json.dumps(entry["input"], default=str)[:80]
    except ValueError:
        found = "a block that holds itself"
    if kind == "literal_error":
        words = [word.strip(" '") for word in context["expected"].replace(" or ", ",").split(",")]
        return f"{field}: found {found}, expected one of {', '.join(words)}{_nearest(str(entry['input']), words)}"
    if kind == "value_error":
        return f"{field}: {entry['msg'].removeprefix('Value error, ')}"
    if examples := _node(entry["loc"], schema).get("examples"):
        return f"{field}: found {found}, expected {' or '.join(examples)}"
    return f"{field}: found {found}, {_expected(kind, context, entry['msg'])}"


def _expected(kind: str, context: Json, message: str) -> str:
    """What would have been right, in words of the file rather than of a program."""
    if kind == "string_pattern_mismatch":
        return f"expected {PATTERNS.get(context['pattern'], 'a text that matches ' + context['pattern'])}"
    if kind in ("timezone_aware", "datetime_from_date_parsing", "datetime_parsing", "datetime_type"):
        return "expected a time with its zone, such as 2026-12-20T00:00:00Z"
    words = TYPES.get(kind.removesuffix("_type").removesuffix("_parsing"))
    if kind.endswith(("_type", "_parsing")) and words:
        return f"expected {words}"
    told = message.replace("Input should be", "expected", 1).replace("List should have", "expected").replace("Dictionary should have", "expected")
    return f"{told[0].lower()}{told[1:]}"


def _nearest(word: str, words: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else ""


def _node(where: Where, schema: Json) -> Json:
    """What the schema says of a field."""
    node = schema
    for part in where:
        node = _resolved(node, schema)
        if isinstance(part, int):
            node = node.get("items", {})
        else:
            node = node.get("properties", {}).get(part) or cast("Json", node.get("additionalProperties") or {})
    return node


def _resolved(node: Json, schema: Json) -> Json:
    """What a field may hold; of several forms, the one that has fields of its own."""
    forms = [schema["$defs"][form["$ref"].rsplit("/", 1)[1]] if "$ref" in form else form for form in node.get("anyOf", [node])]
    return next((form for form in forms if {"properties", "additionalProperties", "items"} & set(form)), forms[0])
