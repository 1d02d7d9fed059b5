"""Commands: `noria models`, `noria retire`, `noria stop`, `noria leftovers`."""

from typing import Annotated

import typer

from cli.base import console
from cli.base.errors import CliError
from cli.base.options import AsJson, Model, session_of
from cli.fleet import leftovers as remains
from cli.fleet import models as fleet
from cli.fleet import retire as retirement
from cli.fleet import stop as stopping
from cli.fleet import view

commands = typer.Typer()
#: Models that the list shows without `--all`.
SHOWN = 50


@commands.command(name="models")
def list_models(
    context: typer.Context,
    state: Annotated[list[str] | None, typer.Option(help=f"Only models in this state; may be given several times: {', '.join(fleet.STATES)}.")] = None,
    name: Annotated[str, typer.Option(help="Only models whose name contains this.")] = "",
    every: Annotated[bool, typer.Option("--all", help=f"Show all of them, not the {SHOWN} in the most pressing states.")] = False,
    json: AsJson = False,
) -> None:
    """List all models: what needs attention first."""
    if unknown := sorted(set(state or ()) - set(fleet.STATES)):
        raise CliError(f"found the state {', '.join(unknown)}, expected one of {', '.join(fleet.STATES)}")
    summaries = fleet.models(session_of(context), state or (), name)
    shown = summaries if every else summaries[:SHOWN]
    console.print_json(summaries) if json else view.models(shown, len(summaries) - len(shown))


@commands.command()
def retire(
    context: typer.Context,
    model: Model,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: AsJson = False,
) -> None:
    """Take a model out of service: its endpoint and alarms go, its data and registered versions stay."""
    if not yes:
        typer.confirm(f"delete the endpoint and the alarms of {model}?", abort=True)
    result = retirement.retire(session_of(context), model)
    console.print_json(result) if json else view.retirement(result)


@commands.command()
def stop(
    context: typer.Context,
    id_: Annotated[str, typer.Argument(metavar="RUN|RELEASE", help="Id of a run or of a release, as noria status shows it.")],
    timeout: Annotated[float, typer.Option(help="Seconds to wait at most for the end of a release.")] = 600.0,
    json: AsJson = False,
) -> None:
    """End a run or a release that is under way; it ends on record."""
    result = stopping.stop(session_of(context), id_, timeout)
    console.print_json(result) if json else view.stopped(result)


@commands.command()
def leftovers(
    context: typer.Context,
    prefix: Annotated[str, typer.Argument(help="Prefix of a stack that was deleted.")] = "noria",
    remove: Annotated[bool, typer.Option("--remove", help="Delete what holds no data: endpoints, configurations, models, alarms, dashboards.")] = False,
    json: AsJson = False,
) -> None:
    """List what a deleted stack has left, or delete it."""
    session = session_of(context)
    removed = remains.remove(session, prefix) if remove else []
    left = remains.leftovers(session, prefix)
    console.print_json({"removed": removed, "left": left}) if json else view.leftovers(removed, left)
