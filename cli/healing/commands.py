"""Command: `noria replay`."""

from pathlib import Path
from typing import Annotated

import typer

from cli.base import console, files, report
from cli.base.options import AsJson
from cli.healing import page, view
from cli.healing import replay as replays
from cli.project.spec import of_project

commands = typer.Typer()


@commands.command()
def replay(
    folder: Annotated[Path, typer.Argument(help="Folder of the model project, or one with a model.yaml alone.")],
    history: Annotated[Path, typer.Argument(help="Labelled rows with their times: CSV, Parquet or JSON Lines, also compressed.")],
    policy: Annotated[
        list[str] | None, typer.Option(help="name=value,… over the spec's heal block, on=quality+drift for one; may be given several times.")
    ] = None,
    first: Annotated[str | None, typer.Option(help="End of the first version's rows; by default a fifth of the time.")] = None,
    window: Annotated[
        float | None, typer.Option(min=0.01, help="Days of a window; by default a 48th of the time after the first version's rows, at least one.")
    ] = None,
    drift: Annotated[bool, typer.Option(help="Also check every window for drift and broken feeds.")] = True,
    plot: Annotated[Path | None, typer.Option(help="Path of a plot to write (PNG).")] = None,
    html: Annotated[Path | None, typer.Option(help="Path of an HTML page to write, with the plot and what happened.")] = None,
    json: AsJson = False,
) -> None:
    """Replay a history: what Noria would have done, beside a frozen model and one that is trained anew all the time. Needs no stack."""
    files.check_writable(plot, "--plot", ".png")
    files.check_writable(html, "--html", ".html")
    result = replays.replay(folder, history, tuple(policy or ()), first, window, drift)
    model = of_project(folder).name
    if plot:
        view.draw(result, plot, f"{model}: replay of {history.name}")
    if html:
        files.write(html, report.render(page.page(result, model, history.name)))
    console.print_json(result) if json else view.replay(result, [path for path in (plot, html) if path])
