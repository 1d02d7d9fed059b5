"""Writes the generated files, or tells which are not what the code says.

usage: python -m scripts.generate [--check]
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from noria.kernel.envelope import Envelope
from noria.spec import ModelSpec
from scripts import retries

ROOT = Path(__file__).resolve().parents[1]


def generated() -> Iterator[tuple[Path, str]]:
    """Each generated file and its text."""
    yield ROOT / "docs" / "model.schema.json", _json(ModelSpec.model_json_schema())
    yield ROOT / "events" / "schemas" / "envelope.v1.json", _json(Envelope.model_json_schema())
    yield ROOT / "docs" / "model-spec.md", reference()
    yield ROOT / "layers" / "core" / "requirements.txt", requirements("layer")
    yield ROOT / "layers" / "data" / "requirements.txt", requirements("data")
    yield from retries.stamped()


def _json(schema: object) -> str:
    return json.dumps(schema, indent=2) + "\n"


def requirements(group: str) -> str:
    """A layer's pins, out of the lock."""
    command = [ROOT / ".noria" / "uv" / "bin" / "uv", "export", "--quiet", "--frozen", "--only-group", group]
    options = ["--no-hashes", "--no-annotate", "--no-header", "--no-emit-project"]
    return subprocess.run([*map(str, command), *options], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def reference() -> str:
    """Every field of a model spec, from its pydantic model."""
    schema = ModelSpec.model_json_schema()
    lines = ["# The model spec", "", "Generated from the code; `docs/model.schema.json` gives the same to editors.", ""]
    blocks: dict[str, Any] = {"model.yaml": schema, **schema["$defs"]}
    for name, block in blocks.items():
        lines += [f"## {name}", "", block.get("description", "").split("\n")[0], "", "| field | type | default | meaning |", "|---|---|---|---|"]
        required = block.get("required", [])
        for field, found in block.get("properties", {}).items():
            default = "**required**" if field in required else f"`{json.dumps(found.get('default'))}`"
            lines.append(f"| `{field}` | {_type(found)} | {default} | {found.get('description', '')} |")
        lines.append("")
    return "\n".join(lines)


def _type(found: dict[str, Any]) -> str:
    if "$ref" in found:
        name = str(found["$ref"]).rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "enum" in found or "const" in found:
        words = found.get("enum") or [found.get("const")]
        return " or ".join(f"`{word}`" for word in words)
    if isinstance(options := found.get("anyOf"), list):
        return " or ".join(_type(option) for option in options)
    if found.get("type") == "array" and isinstance(items := found.get("items"), dict):
        return f"list of {_type(items)}"
    return str(found.get("type", "any"))


def main() -> None:
    """Write, or with --check compare."""
    stale = [(path, text) for path, text in generated() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv and stale:
        sys.exit(f"not as the code says: {', '.join(str(path.relative_to(ROOT)) for path, _ in stale)}; run: make docs")
    for path, text in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()
