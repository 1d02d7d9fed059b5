"""Commands apart from views: a module that computes a value prints nothing, so that a notebook can import it."""

import ast
from pathlib import Path

import pytest

from tests.samples import ROOT

PRINTING = {"cli.base.console", "rich", "typer"}
#: Modules that print: those of the command line in every room, also of a group of commands, and of the base the console, its charts and options.
VIEWS = ("commands.py", "view.py", "live.py")
BASE = {"console.py", "charts.py", "options.py"}
#: The demonstration is a show.
ROOMS = sorted(folder for folder in (ROOT / "cli").iterdir() if (folder / "__init__.py").exists() and folder.name != "demo")


def imports(path: Path) -> set[str]:
    """Modules that a file imports, and of `from cli.base import console` both parts."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module.split(".")[0], node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_module_that_computes_a_value_prints_nothing(room):
    silent = [path for path in room.glob("*.py") if not path.name.endswith(VIEWS) and not (room.name == "base" and path.name in BASE)]
    assert {path.name: printing for path in silent if (printing := imports(path) & PRINTING)} == {}
    assert {path.name for path in silent if "print(" in path.read_text() and path.name != "script_worker.py"} == set()
