"""Command: `noria predict`."""

from pathlib import Path
from typing import Annotated

import typer

from cli.base import console
from cli.base.options import AsJson, Model, session_of
from cli.serving import view
from cli.serving.predict import predict_file

commands = typer.Typer()


@commands.command()
def predict(
    context: typer.Context,
    model: Model,
    rows: Annotated[Path, typer.Argument(help="JSON Lines: one object a row.")],
    key: Annotated[str | None, typer.Option(help="Key of a client: while two versions serve, it always reaches the same one.")] = None,
    name: Annotated[str | None, typer.Option("--id", help="Id of the request, by which ground truth is joined to its rows; by default a random one.")] = None,
    json: AsJson = False,
) -> None:
    """Predict rows by the model's endpoint."""
    result = predict_file(session_of(context), model, rows, key, name)
    console.print_json(result) if json else view.predictions(result)
