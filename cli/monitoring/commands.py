"""Commands: `noria truth`, `monitor`, `drift`, `dashboard`, `check`."""

from pathlib import Path
from typing import Annotated

import typer

from cli.base import console, files, ledger, report
from cli.base.options import AsJson, Model, PlotPage, session_of
from cli.monitoring import check as drift_check
from cli.monitoring import check_page, page, runs, view
from cli.monitoring.dashboard import put_dashboard
from cli.monitoring.truth import upload_truth

commands = typer.Typer()


@commands.command()
def truth(
    context: typer.Context,
    model: Model,
    file: Annotated[Path, typer.Argument(help="CSV with prediction_id (or the key columns) and the target; the time column as well, where the data has one.")],
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the monitoring run that has read the file.")] = False,
    json: AsJson = False,
) -> None:
    """Upload the ground truth of earlier predictions."""
    result = upload_truth(session_of(context), model, file, wait)
    console.print_json(result) if json else view.truth(result)


@commands.command()
def monitor(context: typer.Context, model: Model, json: AsJson = False) -> None:
    """Monitor a served model now: captured requests, ground truth, and the verdict on both."""
    run = runs.monitor(session_of(context), model)
    console.print_json(run) if json else view.monitoring_run(run)


@commands.command()
def drift(context: typer.Context, model: Model, html: PlotPage = None, json: AsJson = False) -> None:
    """Show the last monitoring run, with histograms of the columns that moved."""
    session = session_of(context)
    run = runs.last_run(session, model)
    if html:
        files.write(html, report.render(page.run_page(model, run, ledger.read(session, model).champion)))
        console.say(json, f"wrote {html}")
    console.print_json(run) if json else view.monitoring_run(run)


@commands.command()
def dashboard(
    context: typer.Context,
    model: Annotated[str | None, typer.Argument(help="Name of a model; without it, the dashboard shows all of them.")] = None,
    json: AsJson = False,
) -> None:
    """Put a CloudWatch dashboard of all models, or of one."""
    result = put_dashboard(session_of(context), model)
    console.print_json(result) if json else view.dashboard(result)


@commands.command()
def check(
    folder: Annotated[Path, typer.Argument(help="Folder of the model project.")],
    reference: Annotated[Path, typer.Option(help="The training data: CSV, Parquet or JSON Lines.")],
    current: Annotated[Path, typer.Option(help="The present data.")],
    html: PlotPage = None,
    json: AsJson = False,
) -> None:
    """Check data for drift, by the verdict that production would give. Needs no stack."""
    comparison = drift_check.compare(folder, reference, current)
    result = comparison.result
    if html:
        files.write(html, report.render(check_page.check_page(comparison)))
        console.say(json, f"wrote {html}")
    console.print_json(result) if json else view.check(result)
