"""The command `noria`."""

import os
import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from typer.core import TyperGroup

from cli import demo, render, telling
from cli.base import event_log
from cli.base.aws_errors import explain
from cli.base.errors import CliError
from cli.base.options import AsJson, Model, session_of
from cli.base.session import Session
from cli.data import commands as data
from cli.healing import commands as healing
from cli.monitoring import commands as monitoring
from cli.monitoring import view as monitoring_view
from cli.project import commands as project
from cli.release import commands as release
from cli.serving import commands as serving
from cli.training import commands as training
from noria.kernel.errors import NoriaError


class Noria(TyperGroup):
    """The root command: an AWS error of any command becomes one sentence that says what to do."""

    def invoke(self, context: Any) -> Any:
        try:
            return super().invoke(context)
        except (BotoCoreError, ClientError) as error:
            raise explain(error, context.find_object(Session) or Session()) from error


app = typer.Typer(
    cls=Noria, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="From an upload to a served model, on AWS or on this machine."
)

Stack = Annotated[str, typer.Option(envvar="NORIA_STACK", help="Name of the stack.")]
Profile = Annotated[str | None, typer.Option(help="A profile of your AWS configuration.")]
Region = Annotated[str | None, typer.Option(help="An AWS region.")]
Endpoint = Annotated[str | None, typer.Option("--endpoint-url", help="Where AWS's services answer, if not at AWS.")]


@app.callback()
def common(context: typer.Context, stack: Stack = "noria", profile: Profile = None, region: Region = None, endpoint_url: Endpoint = None) -> None:
    """Where to work: a running local AWS, unless a profile or credentials are given."""
    # A caller may bring a session of its own.
    context.obj = context.obj or Session(stack, profile, region, endpoint_url)


@app.command()
def up(
    speed: Annotated[float | None, typer.Option(min=1, max=600, help="Divide bake times, metric periods and waits of machines by this.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Take one that runs already, whatever its speed.")] = False,
    without: Annotated[list[str] | None, typer.Option(help="An instance type that endpoints cannot have, to see what a release does then.")] = None,
    json: AsJson = False,
) -> None:
    """Start the local AWS."""
    from local import machine

    try:
        found = (machine.running() if keep else None) or machine.up(speed, tuple(without or ()))
    except machine.MachineError as error:
        raise CliError(str(error)) from error
    told = {key: value for key, value in asdict(found).items() if key != "pid"}
    if json:
        render.as_json({**told, "environment": found.environment()})
    else:
        render.console.print(f"AWS answers at {found.endpoint_url} ({found.region}), started in {found.started_s} s; logs in {machine.home() / 'logs'}")


@app.command()
def down(json: AsJson = False) -> None:
    """End the local AWS and every process of it."""
    from local import machine

    ended = machine.down()
    if json:
        render.as_json({"processes_ended": ended})
    else:
        render.console.print(f"ended {ended} processes" if ended else "nothing was running")


@app.command()
def status(context: typer.Context, model: Model, json: AsJson = False) -> None:
    """What a model is now: what serves, and what came of its last data, runs and releases."""
    told = telling.status(session_of(context), model)
    if json:
        render.as_json(told)
        return
    render.status(told)
    if told["monitoring"]:
        if told["champion"] and told["monitoring"]["release"] != told["champion"]["release"]:
            render.console.print("the last look was at the version before:", style="dim")
        monitoring_view.monitoring_run(told["monitoring"])


@app.command()
def events(context: typer.Context, model: Model, json: AsJson = False) -> None:
    """What has happened to a model, oldest first."""
    told = event_log.events(session_of(context), model)
    render.as_json(told) if json else render.events(told)


@app.command(name="demo")
def show(context: typer.Context, json: AsJson = False) -> None:
    """The main job on real data: bikeshare 2011, from an upload to a prediction. `make demo` sets up and calls this."""
    told = demo.run(session_of(context), quiet=json)
    if json:
        render.as_json(told)


app.add_typer(project.commands)
app.add_typer(data.commands)
app.add_typer(training.commands)
app.add_typer(release.commands)
app.add_typer(serving.commands)
app.add_typer(monitoring.commands)
app.add_typer(healing.commands)


def main() -> None:
    """Run the command; what the user can mend is told in one sentence, with --json as a document, and the command ends with 1."""
    try:
        app()
    except (CliError, NoriaError) as error:
        _end(error)


def _end(error: Exception) -> None:
    if os.environ.get("NORIA_DEBUG"):
        raise error
    if "--json" in sys.argv:
        render.as_json({"error": {"type": type(error).__name__, "message": str(error)}})
    else:
        render.errors.print(f"noria: {error}", style="red", markup=False)
    sys.exit(1)


if __name__ == "__main__":
    main()
