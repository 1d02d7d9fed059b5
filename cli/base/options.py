"""Arguments and options that several commands have, and the session that their context carries."""

from pathlib import Path
from typing import Annotated

import typer

from cli.base.session import Session

Model = Annotated[str, typer.Argument(help="Name of a model.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
#: The page that `drift` and `check` write.
PlotPage = Annotated[Path | None, typer.Option(help="Path of an HTML page with plots.")]


def session_of(context: typer.Context) -> Session:
    """The session that `noria` has put into the context; a default one where a room runs by itself."""
    session: Session = context.ensure_object(Session)
    return session
