"""The command `noria`: assembles the rooms, opens the session, and ends with one sentence where the user can mend an error."""

import os
import sys
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from typer.core import TyperGroup

from cli.base import console
from cli.base.aws_errors import explain
from cli.base.errors import CliError
from cli.base.session import Session
from cli.data import commands as data
from cli.demo import commands as demo
from cli.fleet import commands as fleet
from cli.healing import commands as healing
from cli.history import commands as history
from cli.local import commands as local
from cli.monitoring import commands as monitoring
from cli.project import commands as project
from cli.release import commands as release
from cli.runs import commands as runs
from cli.serving import commands as serving
from cli.training import commands as training
from noria.kernel.errors import NoriaError

ROOMS = (local, project, data, training, runs, release, serving, monitoring, healing, history, fleet, demo)

Stack = Annotated[str, typer.Option(envvar="NORIA_STACK", help="Name of the CloudFormation stack.")]
Profile = Annotated[str | None, typer.Option(help="A profile of your AWS configuration.")]
Region = Annotated[str | None, typer.Option(help="An AWS region.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show the stack trace of an error.")]
Endpoint = Annotated[str | None, typer.Option("--endpoint-url", help="Endpoint URL of the AWS services, if not AWS's own.")]


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
for room in ROOMS:
    app.add_typer(room.commands)


@app.callback()
def open_session(
    context: typer.Context, stack: Stack = "noria", profile: Profile = None, region: Region = None, endpoint_url: Endpoint = None, verbose: Verbose = False
) -> None:
    """Open the session: on a running local AWS, unless a profile or credentials are given. A caller may bring its own."""
    if verbose:
        os.environ["NORIA_DEBUG"] = "1"
    context.obj = context.obj or Session(stack, profile, region, endpoint_url)


def main() -> None:
    """Run the command; an error that the user can mend is one sentence, with --json a document, and the exit code is 1."""
    try:
        app()
    except (CliError, NoriaError) as error:
        _end(error)


def _end(error: Exception) -> None:
    if os.environ.get("NORIA_DEBUG"):
        raise error
    if "--json" in sys.argv:
        console.print_json({"error": {"type": type(error).__name__, "message": str(error)}})
    else:
        console.err.print(f"noria: {error}", style="red", markup=False)
    sys.exit(1)


if __name__ == "__main__":
    main()
