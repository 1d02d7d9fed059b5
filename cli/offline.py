"""The commands that need no stack: a new project, what is in a file, what a contract would be, whether data has drifted, what a guard would do."""

from pathlib import Path
from typing import Annotated

import typer

from cli import checking, guarding, render, replaying, reporting
from cli.base import files
from cli.base.options import AsJson
from noria.release.simulation import World


def join(app: typer.Typer) -> None:
    """Make them commands of `noria`."""
    app.command()(check)
    app.command()(replay)
    app.add_typer(guard, name="guard")


guard = typer.Typer(no_args_is_help=True, help="The guard of progressive releases.")


@guard.command(name="simulate")
def simulate(
    champion_errors: Annotated[float, typer.Option(help="The champion's share of bad answers.")] = 0.02,
    challenger_errors: Annotated[float, typer.Option(help="The challenger's.")] = 0.03,
    rps: Annotated[float, typer.Option(min=0.01, help="Requests a second, of both together.")] = 50.0,
    share: Annotated[float, typer.Option(help="The challenger's share of the traffic.")] = 0.1,
    minutes: Annotated[float, typer.Option(min=0.1, help="How long a release lasts at most.")] = 60.0,
    runs: Annotated[int, typer.Option(min=1, max=100_000, help="Releases to play.")] = 2000,
    look_seconds: Annotated[float, typer.Option(min=1, help="Between two looks.")] = 60.0,
    confidence: Annotated[float, typer.Option(help="That no equal challenger is undone.")] = 0.98,
    margin: Annotated[float, typer.Option(min=1.0001, help="A rate of at most so many times the champion's is no worse.")] = 1.25,
    burst: Annotated[float, typer.Option(min=0, max=1, help="Bad answers on top for both, in bursts of half a minute every ten minutes.")] = 0.0,
    learnt: Annotated[bool, typer.Option("--learnt", help="The champion's rate differs from release to release.")] = False,
    json: AsJson = False,
) -> None:
    """Play releases against the guard: how many it undoes, promotes and leaves undecided, and who was exposed."""
    world = World(champion_errors, challenger_errors, rps, burst=burst, learnt=learnt)
    told, played = guarding.run(world, share, minutes, runs, look_seconds, confidence, margin)
    render.as_json(told) if json else guarding.show(told, played, minutes)


def check(
    folder: Annotated[Path, typer.Argument(help="The model project.")],
    reference: Annotated[Path, typer.Option(help="What the model was trained on: CSV, Parquet or JSON Lines.")],
    current: Annotated[Path, typer.Option(help="What comes in now.")],
    html: Annotated[Path | None, typer.Option(help="Where to write a page of HTML with plots.")] = None,
    json: AsJson = False,
) -> None:
    """Has the data drifted: the verdict that production would give. Needs no stack."""
    told = checking.check(folder, reference, current)
    if html:
        files.write(html, reporting.checked(f"{current.name} against {reference.name}", told).encode())
        render.say(json, f"wrote {html}")
    render.as_json(told) if json else checking.show(told)


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
