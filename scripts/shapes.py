"""The shapes of what passes between state machines, functions and the bus, out of the code's own annotations."""

import ast
import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import Any, Literal, get_type_hints, is_typeddict

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, create_model

import noria
from noria.kernel.events import Event
from scripts import import_graph

#: Modules, or packages of modules, whose TypedDicts admit no key that they do not name.
CLOSED = {"shapes", "published_spec"}


class Metadata(BaseModel):
    """`metadata` of every event: who publishes what about which model, and why."""

    model_config = ConfigDict(protected_namespaces=())

    id: str = Field(description="deterministic: a repeated event is the same event")
    name: str
    version: int
    model: str
    stage: str = Field(description="prefix of the stack")
    time: str = Field(description="ISO 8601")
    correlation_id: str = Field(description="the upload or request that began it all")
    causation_id: str = Field(description="the event just before")


@cache
def modules() -> tuple[ModuleType, ...]:
    """Every module of `noria`, imported."""
    result = pkgutil.walk_packages(noria.__path__, "noria.")
    return tuple(importlib.import_module(module.name) for module in result if module.name != "noria.preprocessing.inference")


@cache
def close() -> None:
    """Have the validation of a shape refuse keys that it does not name; what AWS answers has more keys than are read here."""
    for module in modules():
        extra: Literal["forbid", "ignore"] = "forbid" if CLOSED & set(module.__name__.split(".")) else "ignore"
        for value in vars(module).values():
            if is_typeddict(value) and value.__module__ == module.__name__:
                value.__pydantic_config__ = ConfigDict(extra=extra)


def namespace(module: ModuleType) -> dict[str, Any]:
    """A module's names together with those that it imports for type checkers alone."""
    names = dict(vars(module))
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for statement in node.body:
                if isinstance(statement, ast.ImportFrom) and str(statement.module).startswith("noria"):
                    imported = importlib.import_module(str(statement.module))
                    names |= {alias.asname or alias.name: getattr(imported, alias.name) for alias in statement.names}
    return names


def hints(owner: Any) -> dict[str, Any]:
    """The annotations of a function or class, resolved."""
    return get_type_hints(owner, globalns=namespace(sys.modules[owner.__module__]))


def use_case(folder: str) -> Callable[[Any], Any]:
    """The use case of a function, by its folder: `data/judge_dataset`."""
    result: Callable[[Any], Any] = getattr(importlib.import_module(import_graph.use_cases()[folder]), folder.split("/")[1])
    return result


def adapter(shape: Any) -> TypeAdapter[Any]:
    """Validates JSON against a shape, keys that it does not name included."""
    close()
    return TypeAdapter(shape)


def keys(shape: Any) -> tuple[set[str], set[str]]:
    """The required keys of a shape, and all that it names."""
    return set(shape.__required_keys__), set(shape.__required_keys__ | shape.__optional_keys__)


@cache
def event_classes() -> tuple[type[Event], ...]:
    """Every event, by context and name."""
    results = [value for module in modules() for value in vars(module).values() if isinstance(value, type) and issubclass(value, Event)]
    public = {kind for kind in results if kind is not Event and not kind.__name__.startswith("_")}
    return tuple(sorted(public, key=lambda kind: (kind.event_context(), kind.__name__)))


def event_schema(kind: type[Event]) -> dict[str, Any]:
    """JSON Schema of `detail`; what consumers do not know they ignore, so other keys are allowed."""
    types = {name: hint for base in reversed(kind.__mro__[:-1]) for name, hint in hints(base).items()}
    fields: dict[str, Any] = {name: (types[name], kind._defaults.get(name, ...)) for name in kind._fields}
    data: type[BaseModel] = create_model(f"{kind.__name__}Data", __config__=ConfigDict(protected_namespaces=()), **fields)
    detail: type[BaseModel] = create_model(kind.__name__, __doc__=inspect.getdoc(kind), metadata=(Metadata, ...), data=(data, ...))
    return detail.model_json_schema()


def schemas() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each event's schema, by its path under `events/schemas/`."""
    for kind in event_classes():
        yield f"{kind.event_context()}/{kind.__name__}.v{kind.version}.json", event_schema(kind)
