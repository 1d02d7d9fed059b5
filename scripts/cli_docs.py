"""Writes `docs/cli.md`: every command with its arguments and options, from the command line's own declarations."""

from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperArgument, TyperGroup, TyperOption

from cli.app import app

HEADER = """# The command line

Generated from the code (`make docs`). `--json` prints a document, of an error too: `{"error": {"type", "message"}}`. A command that
fails exits with 1 and one sentence that says what to do.
"""


def text() -> str:
    """The page."""
    root: Any = typer.main.get_command(app)
    return "\n".join([HEADER, "## noria\n", _parameters(root), *(_command(name, command) for name, command in sorted(_commands(root, "noria")))])


def _commands(group: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from _commands(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}", command


def _command(name: str, command: Any) -> str:
    arguments = " ".join(str(parameter.name).upper() for parameter in command.params if isinstance(parameter, TyperArgument))
    return "\n".join([f"## {name} {arguments}".rstrip(), "", (command.help or "").strip(), "", _parameters(command)])


def _parameters(command: Any) -> str:
    rows = [_row(parameter) for parameter in command.params if parameter.name != "help"]
    return "\n".join(["| parameter | default | meaning |", "|---|---|---|", *rows, ""]) if rows else ""


def _row(parameter: Any) -> str:
    name = ", ".join(f"`{option}`" for option in parameter.opts) if isinstance(parameter, TyperOption) else f"`{str(parameter.name).upper()}`"
    default = "" if parameter.required or parameter.default in (None, False, ()) else f"`{parameter.default}`"
    return f"| {name} | {default} | {str(parameter.help or '').replace('|', chr(92) + '|')} |"
