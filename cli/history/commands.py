"""Commands: `noria status`, `noria events`."""

import typer

from cli.base import console, event_log
from cli.base.options import AsJson, Model, session_of
from cli.history import status as model_status
from cli.history import view

commands = typer.Typer()


@commands.command()
def status(context: typer.Context, model: Model, json: AsJson = False) -> None:
    """Show a model: the champion, and the last datasets, runs, releases and monitoring run."""
    result = model_status.status(session_of(context), model)
    console.print_json(result) if json else view.status(result)


@commands.command()
def events(context: typer.Context, model: Model, json: AsJson = False) -> None:
    """List the events of a model, oldest first."""
    entries = event_log.events(session_of(context), model)
    console.print_json(entries) if json else view.events(entries)
