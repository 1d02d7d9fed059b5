"""Command: `noria demo`."""

import typer

from cli.base import console
from cli.base.options import AsJson, session_of
from cli.demo import loop

commands = typer.Typer()


@commands.command()
def demo(context: typer.Context, json: AsJson = False) -> None:
    """Run the demonstration on real data: bikeshare 2011, from an upload to a prediction. `make demo` sets up and calls this."""
    report = loop.run(session_of(context), quiet=json)
    if json:
        console.print_json(report)
