"""Says of each error of a model spec its field, what was found, what was expected, and the nearest right word."""

import difflib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from noria.kernel.json import Json
from noria.spec import ModelSpec
from noria.spec.approve import FreezeSpec
from noria.spec.fields import CROSS_FIELD, ENTRY, INSTANCE
from noria.spec.monitoring import HealSpec
from noria.spec.preprocess import DURATION

#: The right type of a value, by pydantic's name of the error.
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
#: The schema's patterns in words.
PATTERNS = {
    ModelSpec.model_json_schema()["properties"]["name"]["pattern"]: "lower-case letters, digits and dashes inside, a letter first, at most 24",
    INSTANCE: "an instance type such as ml.m5.large",
    FreezeSpec.model_json_schema()["properties"]["hours"]["anyOf"][0]["pattern"]: "hours and minutes of one day, such as 16:00-24:00",
    HealSpec.model_json_schema()["properties"]["off_peak"]["anyOf"][0]["pattern"]: "two times of day, such as 22:00-06:00",
    DURATION: "a duration such as 30m, 24h or 7d",
    ENTRY: "the path of a Python file in the project, such as train.py",
}


#: Kinds of errors of a time.
TIMES = ("timezone_aware", "datetime_from_date_parsing", "datetime_parsing", "datetime_type")
#: Characters of a value that an error quotes.
MOST_CHARACTERS = 80


def sentence(entry: ErrorDetails, block: type[BaseModel] = ModelSpec) -> str:
    """One error of validation as a sentence; `block` is the model that validated."""
    field, kind, context = ".".join(str(part) for part in entry["loc"]) or "spec", entry["type"], entry.get("ctx", {})
    schema = Schema.of(block)
    if kind == CROSS_FIELD:
        return f"{context['field']}: {entry['msg']}"
    if kind == "missing":
        return f"{field} is missing"
    if kind == "extra_forbidden":
        names, name = schema.at(entry["loc"][:-1]).fields, entry["loc"][-1]
        return f"{field} is no field here; found {name!r}, expected one of {', '.join(names)}{_nearest(str(name), names)}"
    if kind == "value_error":
        return f"{field}: {entry['msg'].removeprefix('Value error, ')}"
    value = _quoted(entry["input"])
    if kind == "literal_error":
        words = [word.strip(" '") for word in context["expected"].replace(" or ", ",").split(",")]
        return f"{field}: found {value}, expected one of {', '.join(words)}{_nearest(str(entry['input']), words)}"
    if examples := schema.at(entry["loc"]).examples:
        return f"{field}: found {value}, expected {' or '.join(examples)}"
    return f"{field}: found {value}, {_expected(kind, context.get('pattern', ''), entry['msg'])}"


def _quoted(value: object) -> str:
    try:
        return json.dumps(value, default=str)[:MOST_CHARACTERS]
    except ValueError:
        return "a block that holds itself"


def _expected(kind: str, pattern: str, message: str) -> str:
    """The right value, in words of the file rather than of a program."""
    if kind == "string_pattern_mismatch":
        return f"expected {PATTERNS.get(pattern, 'a text that matches ' + pattern)}"
    if kind in TIMES:
        return "expected a time with its zone, such as 2026-12-20T00:00:00Z"
    words = TYPES.get(kind.removesuffix("_type").removesuffix("_parsing"))
    if kind.endswith(("_type", "_parsing")) and words:
        return f"expected {words}"
    text = message.replace("Input should be", "expected", 1).replace("List should have", "expected").replace("Dictionary should have", "expected")
    return f"{text[0].lower()}{text[1:]}"


def _nearest(word: str, words: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else ""


@dataclass(frozen=True)
class Schema:
    """The JSON schema of a field, with the definitions that it refers to."""

    node: Json
    definitions: Json

    @classmethod
    def of(cls, block: type[BaseModel]) -> Self:
        document = block.model_json_schema()
        return cls(document, document.get("$defs", {}))

    @property
    def fields(self) -> list[str]:
        return list(self._resolved().node.get("properties", {}))

    @property
    def examples(self) -> list[str]:
        return list(self.node.get("examples", []))

    def at(self, path: Sequence[int | str]) -> "Schema":
        """The schema of a field within."""
        schema = self
        for part in path:
            node = schema._resolved().node
            child = node.get("items", {}) if isinstance(part, int) else node.get("properties", {}).get(part) or node.get("additionalProperties") or {}
            schema = Schema(child, self.definitions)
        return schema

    def _resolved(self) -> "Schema":
        """The schema behind a reference; of several forms, the one that has fields of its own."""
        forms = [self.definitions[form["$ref"].rsplit("/", 1)[1]] if "$ref" in form else form for form in self.node.get("anyOf", [self.node])]
        chosen = next((form for form in forms if {"properties", "additionalProperties", "items"} & set(form)), forms[0])
        return Schema(chosen, self.definitions)
