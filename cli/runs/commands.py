"""Command: `noria logs`."""

from typing import Annotated

import typer
from rich.text import Text

from cli.base import console
from cli.base.options import session_of
from cli.runs import jobs

commands = typer.Typer()


@commands.command()
def logs(
    context: typer.Context,
    run: Annotated[str, typer.Argument(help="Id of a run, as noria status shows it.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on while a job of the run is under way.")] = False,
) -> None:
    """Show the log of a run's jobs: what your scripts print."""
    jobs.follow_logs(session_of(context), run, follow, lambda job, line: console.out.print(Text(job, style="dim"), Text(line)))
