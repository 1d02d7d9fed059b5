"""Commands: `noria up`, `noria down`. The one module that knows of the local AWS, and only how to start and end it."""

from dataclasses import asdict
from typing import Annotated

import typer

from cli.base import console
from cli.base.errors import CliError
from cli.base.options import AsJson

commands = typer.Typer()


@commands.command()
def up(
    speed: Annotated[float | None, typer.Option(min=1, max=600, help="Divide bake times, metric periods and waits of machines by this.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep a local AWS that runs already, whatever its speed.")] = False,
    without: Annotated[list[str] | None, typer.Option(help="An instance type that endpoints cannot have, to see what a release does then.")] = None,
    json: AsJson = False,
) -> None:
    """Start the local AWS."""
    from local import lifecycle

    try:
        result = (lifecycle.running() if keep else None) or lifecycle.up(speed, tuple(without or ()))
        usage = lifecycle.measure_usage(result)
    except lifecycle.LocalAwsError as error:
        raise CliError(str(error)) from error
    if json:
        facts = {name: value for name, value in asdict(result).items() if name != "pid"}
        console.print_json({**facts, "environment": result.environment(), "usage": usage})
    else:
        logs, functions, servers = lifecycle.home() / "logs", usage["functions"], usage["model_servers"]
        console.out.print(f"AWS answers at {result.endpoint_url} ({result.region}), started in {result.started_s} s; logs in {logs}")
        hint = "time passes as on AWS; noria down, then noria up --speed 60 makes a minute of bakes, metrics and waits a second"
        console.out.print(hint if result.speed == 1 else f"bakes, metrics and waits are {result.speed:g} times as fast as on AWS")
        console.out.print(
            f"memory: {usage['memory_mb']:,.0f} MB; processes: {usage['processes']}; model servers: {servers['running']} running, {servers['idle']} idle"
        )
        console.out.print(
            f"functions: {functions['running']} of at most {functions['limit']} running; "
            f"{functions['processes']} of at most {functions['most_processes']} processes"
        )


@commands.command()
def down(json: AsJson = False) -> None:
    """End the local AWS and every process of it."""
    from local import lifecycle

    ended = lifecycle.down()
    if json:
        console.print_json({"processes_ended": ended})
    else:
        console.out.print(f"ended {ended} processes" if ended else "nothing was running")
