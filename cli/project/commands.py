"""Commands: `noria init`, `noria publish`."""

from pathlib import Path
from typing import Annotated

import typer

from cli.base import console
from cli.base.options import AsJson, session_of
from cli.project import publish as publishing
from cli.project import scaffold, view

commands = typer.Typer()
#: The folder of model projects.
MODELS = Path("models")


@commands.command()
def init(
    name: Annotated[str, typer.Argument(help="Name of the new model.")],
    data: Annotated[Path | None, typer.Option(help="A file whose columns the project takes over: CSV, Parquet or JSON Lines, also compressed.")] = None,
    target: Annotated[str | None, typer.Option(help="The column that the model predicts; by default the last one.")] = None,
    json: AsJson = False,
) -> None:
    """Write a new model project under models/."""
    result = scaffold.scaffold(name, MODELS / name, data, target)
    console.print_json(result) if json else view.started(result)


@commands.command()
def publish(context: typer.Context, project: Annotated[Path, typer.Argument(help="Folder of a model project.")], json: AsJson = False) -> None:
    """Publish a model project; from then on its spec judges uploads and its code trains on them."""
    result = publishing.publish(session_of(context), project)
    console.print_json(result) if json else view.published(result)
