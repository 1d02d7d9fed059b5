"""The commands that need no stack: a new project, what is in a file, what a contract would be, whether data has drifted, what a guard would do."""

from pathlib import Path
from typing import Annotated

import typer

from cli import render, replaying
from cli.base import files
from cli.base.options import AsJson


def join(app: typer.Typer) -> None:
    """Make them commands of `noria`."""
    app.command()(replay)


def replay(
    folder: Annotated[Path, typer.Argument(help="The model project, or a folder with a model.yaml alone.")],
    history: Annotated[Path, typer.Argument(help="Labelled rows with their times: CSV, Parquet or JSON Lines, also compressed.")],
    policy: Annotated[
        list[str] | None, typer.Option(help="name=value,… over the spec's heal block, on=quality+drift for one; may be given several times.")
    ] = None,
    first: Annotated[str | None, typer.Option(help="Until when the first version's rows reach; a fifth of the time when it is left out.")] = None,
    window: Annotated[
        float | None,
        typer.Option(min=0.01, help="Days between two looks; a 48th of the time after the first version's rows when it is left out, at least one."),
    ] = None,
    drift: Annotated[bool, typer.Option(help="Also check every window for drift and broken feeds.")] = True,
    plot: Annotated[Path | None, typer.Option(help="Where to write a picture (PNG).")] = None,
    json: AsJson = False,
) -> None:
    """What Noria would have done on a history, beside a frozen model and one that is trained anew all the time. Needs no stack."""
    files.check_writable(plot, "--plot", ".png")
    told = replaying.replay(folder, history, tuple(policy or ()), first, window, drift)
    if plot:
        replaying.draw(told, plot)
    render.as_json(told) if json else replaying.show(told, plot)
