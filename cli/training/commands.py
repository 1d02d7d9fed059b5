"""Command: `noria retrain`."""

import typer

from cli.base import console
from cli.base.options import AsJson, Model, session_of
from cli.training import requests

commands = typer.Typer()


@commands.command()
def retrain(context: typer.Context, model: Model, json: AsJson = False) -> None:
    """Train again on the newest accepted dataset."""
    result = requests.retrain(session_of(context), model)
    if json:
        console.print_json(result)
    else:
        console.out.print(f"asked for a run of {model} on dataset {result.dataset}; see: noria status {model}")
