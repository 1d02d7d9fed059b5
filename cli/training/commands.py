"""Command: `noria retrain`."""

import time
from dataclasses import asdict
from typing import Annotated

import typer

from cli.base import console
from cli.base.options import AsJson, Model, session_of
from cli.data import progress
from cli.data.view import SUCCESSES, track
from cli.runs import activity
from cli.training import requests

commands = typer.Typer()


@commands.command()
def retrain(
    context: typer.Context,
    model: Model,
    wait: Annotated[bool, typer.Option("--wait", help="Follow the run until a version serves or a stage rejects it.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait at most.")] = 3600.0,
    json: AsJson = False,
) -> None:
    """Train the published spec again on the newest accepted dataset."""
    session, since = session_of(context), time.time()
    result = requests.retrain(session, model, lambda text: console.say(json, text))
    console.say(json, f"asked for the run {result.run} of {model}, spec {result.spec}, on dataset {result.dataset}; see: noria status {model}")
    stages: list[progress.Stage] = []
    if wait:
        stages = track(lambda beat: progress.follow_run(session, model, result.run, since, timeout, beat), json, lambda: activity.line(session, model))
    if json:
        console.print_json({**asdict(result), "stages": stages})
    if stages and stages[-1].verdict not in SUCCESSES:
        raise typer.Exit(1)
