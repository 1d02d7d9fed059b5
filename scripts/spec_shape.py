"""Writes the shape of a published spec from the spec's own pydantic models: `noria.kernel.published_spec`."""

import json
from typing import Any

from noria.spec import ModelSpec

HEADER = '''"""The shape of a published spec, generated from `noria.spec` (`make docs`). Only type checkers and tests import it."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict


'''
#: What `noria publish` adds to the spec.
PUBLISHED = {
    "id": "str",
    "source": "str",
    "images": "dict[str, str]",
    "region": "str",
    "published_by": "str",
    "digests": "dict[str, str]",
}
SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


def text() -> str:
    """The module's text: one TypedDict a block, the whole document last."""
    schema = ModelSpec.model_json_schema(mode="serialization")
    # A block that leaves out its defaults says nothing of its fields where it is written; where it is read it does.
    read = ModelSpec.model_json_schema(mode="validation")["$defs"]
    schema["$defs"].update({name: {**read[name], "leaves_out": True} for name, block in schema["$defs"].items() if block.get("additionalProperties") is True})
    schema["$defs"].update({name: block for name, block in read.items() if name not in schema["$defs"]})
    blocks = [_block(_name(name), block, {}) for name, block in sorted(schema["$defs"].items()) if block.get("type") == "object"]
    enums = [f"{_name(name)} = {_type(block)}\n" for name, block in sorted(schema["$defs"].items()) if block.get("type") != "object"]
    return HEADER + "\n\n".join(["\n".join(enums)] * bool(enums) + blocks + [_block("PublishedSpec", schema, PUBLISHED)])


def _name(definition: str) -> str:
    return f"{definition.removesuffix('Spec')}Shape"


def _block(name: str, schema: dict[str, Any], more: dict[str, str]) -> str:
    first = str(schema.get("description", name)).split("\n")[0]
    fields = {field: _type(declared) for field, declared in schema.get("properties", {}).items()} | more
    if schema.get("leaves_out"):
        fields = {field: kind if field in schema["required"] else f"NotRequired[{kind}]" for field, kind in fields.items()}
    if not all(field.isidentifier() for field in fields):
        raise ValueError(f"{name}: {sorted(fields)} must all be identifiers, so that the block can be a TypedDict")
    lines = [f"class {name}(TypedDict):", f'    """{first}"""', "", *(f"    {field}: {kind}" for field, kind in fields.items())]
    return "\n".join(lines) + "\n"


def _type(declared: dict[str, Any]) -> str:
    if "$ref" in declared:
        return _name(str(declared["$ref"]).rsplit("/", 1)[1])
    if "const" in declared or "enum" in declared:
        words = declared.get("enum") or [declared["const"]]
        return f"Literal[{', '.join(json.dumps(word) if isinstance(word, str) else repr(word) for word in words)}]"
    if options := declared.get("anyOf") or declared.get("oneOf"):
        return " | ".join(dict.fromkeys(_type(option) for option in options))
    kind = declared.get("type")
    if kind == "array":
        inner = declared.get("items") if isinstance(declared.get("items"), dict) else None
        parts = [inner] if inner else declared.get("prefixItems", [])
        return f"list[{' | '.join(dict.fromkeys(_type(part) for part in parts)) or 'Any'}]"
    if kind == "object":
        values = declared.get("additionalProperties")
        return f"dict[str, {_type(values) if isinstance(values, dict) else 'Any'}]"
    return SCALARS.get(str(kind), "Any")
