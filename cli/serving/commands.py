"""Command: `noria predict`."""

from pathlib import Path
from typing import Annotated

import typer

from cli.base import console
from cli.base.errors import CliError
from cli.base.options import AsJson, Model, session_of
from cli.serving import snippet as snippets
from cli.serving import view
from cli.serving.predict import predict_file
from cli.serving.snippet import Language

commands = typer.Typer()


@commands.command()
def predict(
    context: typer.Context,
    model: Model,
    rows: Annotated[Path | None, typer.Argument(help="CSV with a header, JSON Lines or a JSON list of objects; - reads standard input.")] = None,
    key: Annotated[str | None, typer.Option(help="Key of a client: while two versions serve, it always reaches the same one.")] = None,
    name: Annotated[str | None, typer.Option("--id", help="Id of the request, by which ground truth is joined to its rows; by default a random one.")] = None,
    snippet: Annotated[Language | None, typer.Option(help="Print code of a client that asks the endpoint, instead of asking it.")] = None,
    json: AsJson = False,
) -> None:
    """Predict rows by the model's endpoint."""
    if snippet:
        print(snippets.snippet(session_of(context), model, snippet), end="")
        return
    if rows is None:
        raise CliError(f"found no rows, expected a file or - for standard input: noria predict {model} rows.csv; --snippet python shows a client's code")
    result = predict_file(session_of(context), model, rows, key, name)
    console.print_json(result) if json else view.predictions(result)
