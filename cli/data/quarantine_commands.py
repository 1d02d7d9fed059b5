"""Commands: `noria quarantine list`, `show`, `fix`, `release`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli.base import console
from cli.base.options import AsJson, session_of
from cli.data import progress, quarantine, quarantine_fix, quarantine_release, quarantine_view, view

commands = typer.Typer(no_args_is_help=True, help="Uploads that break their contract: see why, correct them, release them.")
DatasetId = Annotated[str, typer.Argument(metavar="DATASET", help="Id of a quarantined dataset, or a beginning that no other has.")]


@commands.command(name="list")
def list_quarantined(
    context: typer.Context,
    model: Annotated[str | None, typer.Argument(help="Name of a model; without it, of all models.")] = None,
    json: AsJson = False,
) -> None:
    """List what is in quarantine, newest first, with the corrected copies that were released."""
    entries = quarantine.quarantined(session_of(context), model)
    console.print_json(entries) if json else quarantine_view.listed(entries)


@commands.command()
def show(
    context: typer.Context,
    dataset: DatasetId,
    rows: Annotated[int, typer.Option(min=0, help="Bad rows to show.")] = quarantine.ROWS,
    json: AsJson = False,
) -> None:
    """Show why a dataset is in quarantine: every reason, its header, its faults by column, and bad rows."""
    result = quarantine.show(session_of(context), dataset, rows)
    console.print_json(result) if json else quarantine_view.details(result)


@commands.command()
def fix(
    context: typer.Context,
    dataset: DatasetId,
    out: Annotated[Path | None, typer.Option(help="Path of the copy to write; by default corrected-FILE.")] = None,
    drop_bad: Annotated[bool, typer.Option("--drop-bad", help="Write the rows alone that keep the contract.")] = False,
    rename: Annotated[list[str] | None, typer.Option(metavar="OLD=NEW", help="Rename a column; may be given several times.")] = None,
    json: AsJson = False,
) -> None:
    """Write a local copy of a quarantined file to correct; the file itself stays as it is."""
    result = quarantine_fix.fix(session_of(context), dataset, out, drop_bad, quarantine_fix.parsed(rename or ()))
    console.print_json(result) if json else quarantine_view.fixed(result)


@commands.command()
def release(
    context: typer.Context,
    dataset: DatasetId,
    file: Annotated[Path, typer.Argument(help="The corrected copy.")],
    wait: Annotated[bool, typer.Option("--wait", help="Follow the copy until a version serves or a stage rejects it.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait at most.")] = 3600.0,
    json: AsJson = False,
) -> None:
    """Upload a corrected copy; it is judged as any upload, and the quarantined dataset's record names it."""
    session = session_of(context)
    if wait:
        progress.check_access(session, quarantine.find(session, dataset)[0].model)
    with view.sending(quiet=json) as watch:
        result = quarantine_release.release(session, dataset, file, watch)
    if not json:
        view.uploaded(result.upload, wait)
        quarantine_view.released(result)
    stages = view.follow(session, result.upload, timeout, json) if wait else []
    if json:
        console.print_json({**asdict(result), "stages": stages})
    if not view.are_good(stages):
        raise typer.Exit(1)
