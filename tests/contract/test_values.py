"""Values of the product do not change once they are there: what a decision was given, it still is when it is explained."""

import ast
import dataclasses
import importlib
import inspect

import pytest
from pydantic import BaseModel

from tests.contract.test_imports import CORE, MODULES

CLASSES = sorted(
    {one for name in MODULES for one in vars(importlib.import_module(name)).values() if inspect.isclass(one) and one.__module__ == name},
    key=lambda one: f"{one.__module__}.{one.__name__}",
)
#: Methods by which what a field holds is changed.
CHANGING = {"append", "extend", "update", "add", "setdefault", "pop"}


def changed(node: ast.AST) -> str | None:
    """The field that a statement or call changes."""
    if isinstance(node, ast.Subscript):
        node = node.value if isinstance(node.ctx, ast.Store) else node
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGING:
        return node.func.value.attr if isinstance(node.func.value, ast.Attribute) else None
    elif not (isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)):
        return None
    return node.attr if isinstance(node, ast.Attribute) else None


CHANGED = {name for path in CORE.rglob("*.py") for node in ast.walk(ast.parse(path.read_text())) if (name := changed(node))}


@pytest.mark.parametrize("record", [one for one in CLASSES if dataclasses.is_dataclass(one)], ids=lambda one: f"{one.__module__}.{one.__name__}")
def test_a_record_is_frozen_unless_something_is_gathered_in_it(record):
    assert record.__dataclass_params__.frozen or {field.name for field in dataclasses.fields(record)} & CHANGED


@pytest.mark.parametrize("block", [one for one in CLASSES if issubclass(one, BaseModel)], ids=lambda one: one.__name__)
def test_a_block_of_the_spec_is_frozen_and_knows_every_field_that_is_written(block):
    assert (block.model_config["frozen"], block.model_config["extra"], block.model_config["allow_inf_nan"]) == (True, "forbid", False)
