"""Commands: `noria status`, `noria events`, `noria datasets`."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.base import console, event_log, ledger
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
def events(
    context: typer.Context,
    model: Model,
    limit: Annotated[int, typer.Option(min=1, help="Of the newest events, so many.")] = 100,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="All events from this time on (UTC).")] = None,
    json: AsJson = False,
) -> None:
    """List the newest events of a model, oldest first."""
    session = session_of(context)
    entries = event_log.events(session, model, since.replace(tzinfo=UTC).timestamp()) if since else event_log.newest(session, model, limit)
    console.print_json(entries) if json else view.events(entries)


@commands.command()
def datasets(
    context: typer.Context,
    model: Model,
    status: Annotated[str | None, typer.Option(help="Only datasets that are accepted, or quarantined.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="So many of them, the newest first.")] = 50,
    json: AsJson = False,
) -> None:
    """List the datasets of a model by file, newest first."""
    entries = [entry for entry in ledger.read(session_of(context), model).datasets if status in (None, entry["status"])]
    console.print_json(entries[:limit]) if json else view.datasets(entries[:limit], len(entries) - limit)
