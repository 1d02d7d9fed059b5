"""The commands that need no stack: a new project, what is in a file, what a contract would be, whether data has drifted, what a guard would do."""

from pathlib import Path
from typing import Annotated

import typer
import yaml

from cli import checking, contracts, files, guarding, profiling, render, replaying, reporting, starting
from noria.release.simulation import TrafficScenario

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def join(app: typer.Typer) -> None:
    """Make them commands of `noria`."""
    app.command()(init)
    app.command(name="profile")(profile_file)
    app.command()(check)
    app.command()(replay)
    app.add_typer(contract, name="contract")
    app.add_typer(guard, name="guard")


def init(
    name: Annotated[str, typer.Argument(help="Name of the new model.")],
    data: Annotated[Path | None, typer.Option(help="A file whose columns are taken over: CSV, Parquet or JSON Lines, also compressed.")] = None,
    target: Annotated[str | None, typer.Option(help="The column that is predicted; the last one if not named.")] = None,
    json: AsJson = False,
) -> None:
    """Write a new model project under models/."""
    told = starting.start(name, Path("models") / name, data, target)
    if json:
        render.as_json(told)
    else:
        render.console.print(f"wrote {told['folder']}: {', '.join(told['files'])} (a {told['task']} task, target {told['target']})")
        render.console.print(f"edit them, then: noria publish {told['folder']}")
        if not told["upload"]:
            render.console.print(f"an upload is CSV in UTF-8 with commas, which {data} is not: write it so before: noria upload {name} FILE", style="yellow")


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
    world = TrafficScenario(champion_errors, challenger_errors, rps, burst=burst, learnt=learnt)
    told, played = guarding.run(world, share, minutes, runs, look_seconds, confidence, margin)
    render.as_json(told) if json else guarding.show(told, played, minutes)


def profile_file(
    file: Annotated[Path, typer.Argument(help="CSV, Parquet or JSON Lines, also compressed.")],
    time: Annotated[str | None, typer.Option(help="The column that orders the rows.")] = None,
    key: Annotated[list[str] | None, typer.Option(help="A column of what names a row.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where to keep the profile itself, NAME.profile; this command and noria check take it in place of the file.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Where to write a page of HTML.")] = None,
    json: AsJson = False,
) -> None:
    """What is in a file: types, gaps, ranges, distributions. Needs no stack."""
    files.writable(out, "--out", files.KEPT)
    made = files.profile(file, time, tuple(key or ()))
    for path, body in ((out, made.to_bytes), (html, lambda: profiling.page(made, file.name).encode())):
        if path:
            files.write(path, body())
            render.say(json, f"wrote {path}")
    render.as_json(profiling.told(made)) if json else profiling.show(made, file)


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
    files.writable(plot, "--plot", ".png")
    told = replaying.replay(folder, history, tuple(policy or ()), first, window, drift)
    if plot:
        replaying.draw(told, plot)
    render.as_json(told) if json else replaying.show(told, plot)


contract = typer.Typer(no_args_is_help=True, help="Data contracts.")


@contract.command()
def suggest(file: Annotated[Path, typer.Argument(help="CSV, Parquet or JSON Lines, also compressed.")], json: AsJson = False) -> None:
    """A contract that this file keeps: the data block of a model.yaml. Needs no stack."""
    told = contracts.suggest(file)
    render.as_json(yaml.safe_load(told)) if json else print(told, end="")
