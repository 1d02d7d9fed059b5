"""Reads YAML with the lines of its fields: words of YAML 1.2, and keys that a block has twice."""

import re
from collections.abc import Iterator

import yaml

#: The path of a field: names of blocks, and numbers in lists.
Path = tuple[int | str, ...]


class Loader(yaml.SafeLoader):
    """Reads `on`, `off`, `yes` and `no` as words, as YAML 1.2 has it: `heal: {on: …}` is a field."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, words) for tag, words in resolvers if tag != "tag:yaml.org,2002:bool"] for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


def duplicate_keys(node: yaml.Node | None, above: tuple[yaml.Node, ...] = ()) -> Iterator[yaml.ScalarNode]:
    """Keys that their block has already: YAML's loader would silently take the last."""
    if node in above:
        return
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key
            seen.add(key.value)
            yield from duplicate_keys(value, (*above, node))
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from duplicate_keys(value, (*above, node))


def line_of(node: yaml.Node | None, path: Path) -> int:
    """The line of a field, or of the nearest block around it."""
    line = 1 if node is None else node.start_mark.line + 1
    for part in path:
        child = _child(node, part)
        if child is None:
            break
        line, node = child
    return line


def _child(node: yaml.Node | None, part: int | str) -> tuple[int, yaml.Node] | None:
    """A field of a block, or an item of a list, and the line that it begins on."""
    if isinstance(node, yaml.MappingNode):
        return next(((key.start_mark.line + 1, value) for key, value in node.value if key.value == str(part)), None)
    if isinstance(node, yaml.SequenceNode) and str(part).isdigit() and int(part) < len(node.value):
        item: yaml.Node = node.value[int(part)]
        return item.start_mark.line + 1, item
    return None
