"""Commands: `noria upload`, `noria profile`, `noria contract suggest`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
import yaml

from cli.base import console, files, report
from cli.base.options import AsJson, Model, session_of
from cli.data import contract, page, profile, progress, quarantine_commands, view
from cli.data import upload as uploads

commands = typer.Typer()
contracts = typer.Typer(no_args_is_help=True, help="Data contracts.")
commands.add_typer(contracts, name="contract")
commands.add_typer(quarantine_commands.commands, name="quarantine")


@commands.command()
def upload(
    context: typer.Context,
    model: Model,
    file: Annotated[Path, typer.Argument(help="A table: CSV, Parquet, JSON Lines, a workbook, also compressed.")],
    wait: Annotated[bool, typer.Option("--wait", help="Follow the upload until a version serves or a stage rejects it.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Send the file again though its content is known.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait at most.")] = 3600.0,
    json: AsJson = False,
) -> None:
    """Upload data; ingestion, training, evaluation and release follow."""
    session = session_of(context)
    if wait:
        progress.check_access(session, model)
    with view.sending(quiet=json) as watch:
        result = uploads.upload(session, model, file, force, watch)
    if not json:
        view.uploaded(result, wait)
    stages = view.follow(session, result, timeout, json) if wait else []
    if json:
        console.print_json({**asdict(result), "stages": stages})
    if not view.are_good(stages):
        raise typer.Exit(1)


@commands.command(name="profile")
def profile_file(
    file: Annotated[Path, typer.Argument(help="CSV, Parquet or JSON Lines, also compressed.")],
    time: Annotated[str | None, typer.Option(help="The column that orders the rows.")] = None,
    key: Annotated[list[str] | None, typer.Option(help="A column of the row's key; may be given several times.")] = None,
    out: Annotated[Path | None, typer.Option(help="Path of a profile to write, NAME.profile; this command and noria check read it like a file.")] = None,
    html: Annotated[Path | None, typer.Option(help="Path of an HTML page to write.")] = None,
    json: AsJson = False,
) -> None:
    """Profile a file: types, gaps, ranges, distributions. Needs no stack."""
    files.check_writable(out, "--out", files.PROFILE_SUFFIX)
    result = files.profile(file, time, tuple(key or ()))
    for path, body in ((out, result.to_bytes), (html, lambda: report.render(page.page(result, file.name, time)))):
        if path:
            files.write(path, body())
            console.say(json, f"wrote {path}")
    console.print_json(profile.report(result)) if json else view.table(result, file)


@contracts.command()
def suggest(file: Annotated[Path, typer.Argument(help="CSV, Parquet or JSON Lines, also compressed.")], json: AsJson = False) -> None:
    """Suggest the contract that a file keeps: the data block of a model.yaml. Needs no stack."""
    text = contract.suggest(file)
    console.print_json(yaml.safe_load(text)) if json else print(text, end="")
