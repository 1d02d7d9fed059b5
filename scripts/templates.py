"""The application's templates read as one: the root, the stacks that it nests, and every resource with the stack that it is in.

usage: python -m scripts.templates             the path of every template
       python -m scripts.templates FUNCTION    what sam calls a function: PlanRolloutFunction → Release/PlanRolloutFunction
"""

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from noria.kernel.json import Json

ROOT = Path(__file__).resolve().parents[1]
APPLICATION = "AWS::Serverless::Application"
FUNCTION = "AWS::Serverless::Function"
LAYER = "AWS::Serverless::LayerVersion"
MACHINE = "AWS::Serverless::StateMachine"


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's tags in their long form."""


Loader.add_multi_constructor("!", lambda loader, suffix, node: _tagged(loader, suffix, node))


def _tagged(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        return {name: str(value).split(".", 1) if suffix == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


@dataclass(frozen=True)
class Template:
    """One template file, in the place where it is nested.

    Attributes:
        path: its file.
        stack: the applications that lead to it, as `sam` writes them before a resource: `Release/`; empty for the root.
        body: what the file says, its tags in their long form.
        parent: the template that nests it.
        arguments: the values that the parent hands to its parameters.
    """

    path: Path
    stack: str
    body: Json = field(repr=False)
    parent: "Template | None" = field(default=None, repr=False)
    arguments: Json = field(default_factory=dict, repr=False)

    def resources(self, *types: str) -> "Iterator[Resource]":
        """Its resources, of some types or of all."""
        for name, body in self.body["Resources"].items():
            if not types or body["Type"] in types:
                yield Resource(self, name, body)

    def resolve(self, value: Any) -> "tuple[Template, Any]":
        """A reference to a parameter as the value that was handed over, with the template that the value comes from; anything else as it is."""
        name = value.get("Ref") if isinstance(value, dict) else None
        if self.parent is None or name not in self.arguments:
            return self, value
        return self.parent.resolve(self.arguments[name])


@dataclass(frozen=True)
class Resource:
    """One resource of a template."""

    template: Template
    name: str
    body: Json = field(repr=False)

    @property
    def type(self) -> str:
        return str(self.body["Type"])

    @property
    def properties(self) -> Json:
        properties: Json = self.body.get("Properties", {})
        return properties

    @property
    def address(self) -> str:
        """What `sam` calls it: `Release/PlanRolloutFunction`."""
        return f"{self.template.stack}{self.name}"

    def path(self, name: str) -> Path:
        """The file or folder that a property names, which it does relative to its template."""
        return (self.template.path.parent / str(self.properties[name])).resolve()


class Machine(NamedTuple):
    """A state machine: the name of its file, its definition, and its resource."""

    name: str
    definition: Json
    resource: Resource


def read(path: Path) -> Json:
    """A template with its tags in their long form."""
    body: Json = yaml.load(path.read_text(), Loader=Loader)  # noqa: S506  # a SafeLoader with tags
    return body


@cache
def templates(root: Path = ROOT / "template.yaml") -> tuple[Template, ...]:
    """The root and every template that it nests, however deep, each after its parent."""
    return tuple(_nested(Template(root, "", read(root))))


def _nested(template: Template) -> Iterator[Template]:
    yield template
    for child in template.resources(APPLICATION):
        path = child.path("Location")
        yield from _nested(Template(path, f"{child.address}/", read(path), template, child.properties.get("Parameters", {})))


def resources(*types: str) -> Iterator[Resource]:
    """The resources of all templates, of some types or of all."""
    for template in templates():
        yield from template.resources(*types)


def functions() -> dict[str, Resource]:
    """Every function by its folder: `release/plan_rollout`."""
    return {str(function.path("CodeUri").relative_to(ROOT / "functions")): function for function in resources(FUNCTION)}


def machines() -> Iterator[Machine]:
    """Every state machine."""
    for resource in resources(MACHINE):
        path = resource.path("DefinitionUri")
        yield Machine(path.name, yaml.safe_load(path.read_text()), resource)


def address(name: str) -> str:
    """What `sam` calls a function that is named by its logical id, with or without its stack.

    Raises:
        LookupError: no function has that name, or several have.
    """
    addresses = [function.address for function in functions().values()]
    matching = [address for address in addresses if name in (address, address.rsplit("/", 1)[-1])]
    if len(matching) != 1:
        raise LookupError(f"{name or 'FN'} names {len(matching)} functions: name one of {', '.join(sorted(matching or addresses))}")
    return matching[0]


def mappings(node: Any) -> Iterator[Json]:
    """Every mapping under a node of a definition, the node itself included."""
    if isinstance(node, dict):
        yield node
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from mappings(value)


def literal_entries(definition: Json) -> Iterator[Json]:
    """The entries of `PutEvents` that a state machine spells out itself."""
    return (node for node in mappings(definition) if "DetailType" in node)


def snake_case(name: str) -> str:
    """A logical id as the names of files have it: `SmokeTest` as `smoke_test`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def main(arguments: Sequence[str]) -> None:
    """Print the path of every template, for checks that see one file at a time; or what `sam` calls the function that is named."""
    try:
        print("\n".join(map(address, arguments) if arguments else (str(template.path.relative_to(ROOT)) for template in templates())))
    except LookupError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
