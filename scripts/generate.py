"""Writes the generated files, or tells which are not what the code says.

usage: python -m scripts.generate [--check]
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from noria.spec import ModelSpec
from scripts import architecture, cli_docs, event_docs, permission_docs, retries, shapes, spec_shape

ROOT = Path(__file__).resolve().parents[1]
#: The marks in README.md between which the loop is drawn.
LOOP_BEGINS, LOOP_ENDS = "<!-- loop: generated, make docs -->\n", "<!-- /loop -->"


def generated() -> Iterator[tuple[Path, str]]:
    """Each generated file and its text."""
    yield ROOT / "docs" / "model.schema.json", _json(ModelSpec.model_json_schema())
    yield ROOT / "layers" / "core" / "noria" / "kernel" / "published_spec.py", formatted(spec_shape.text())
    for path, schema in shapes.schemas():
        yield ROOT / "events" / "schemas" / path, _json(schema)
    yield ROOT / "docs" / "events.md", event_docs.text()
    yield ROOT / "docs" / "architecture.md", architecture.text()
    yield ROOT / "docs" / "machines.md", architecture.machines_text()
    yield ROOT / "docs" / "cli.md", cli_docs.text()
    yield ROOT / "docs" / "permissions.md", permission_docs.text()
    yield ROOT / "README.md", with_loop((ROOT / "README.md").read_text())
    yield ROOT / "docs" / "model-spec.md", reference()
    yield ROOT / "layers" / "core" / "requirements.txt", requirements("layer")
    yield ROOT / "layers" / "data" / "requirements.txt", requirements("data")
    yield from retries.stamped()


def formatted(code: str) -> str:
    """Python code as `ruff format` leaves it."""
    command = [str(Path(sys.executable).with_name("ruff")), "format", "--quiet", "-"]
    return subprocess.run(command, input=code, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def with_loop(page: str) -> str:
    """A page with the picture of the loop between its two marks."""
    before, begins, rest = page.partition(LOOP_BEGINS)
    _, ends, after = rest.partition(LOOP_ENDS)
    return before + begins + architecture.short_loop() + ends + after


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
        for field, item in block.get("properties", {}).items():
            default = "**required**" if field in required else f"`{json.dumps(item.get('default'))}`"
            lines.append(f"| `{field}` | {_type(item)} | {default} | {item.get('description', '')} |")
        lines.append("")
    return "\n".join(lines)


def _type(result: dict[str, Any]) -> str:
    if "$ref" in result:
        name = str(result["$ref"]).rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "enum" in result or "const" in result:
        words = result.get("enum") or [result.get("const")]
        return " or ".join(f"`{word}`" for word in words)
    if isinstance(options := result.get("anyOf"), list):
        return " or ".join(_type(option) for option in options)
    if result.get("type") == "array" and isinstance(items := result.get("items"), dict):
        return f"list of {_type(items)}"
    return str(result.get("type", "any"))


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
