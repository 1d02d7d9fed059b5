"""Commands: `noria approve`, `reject`, `releases`, `rollback`, `watch`, `guard simulate`."""

from typing import Annotated

import typer

from cli.base import console
from cli.base.options import AsJson, Model, session_of
from cli.release import approval, live, simulate, view
from cli.release import releases as history
from cli.release.state import release_state
from noria.release.simulation import TrafficScenario

commands = typer.Typer()
guard = typer.Typer(no_args_is_help=True, help="The guard of progressive releases.")
commands.add_typer(guard, name="guard")

Version = Annotated[str, typer.Argument(help="A version's ARN, or model and number: churn/3.")]
Comment = Annotated[str, typer.Option(help="Reason of the decision; the registry records it with the version.")]


@commands.command()
def approve(
    context: typer.Context,
    version: Version,
    comment: Comment,
    again: Annotated[bool, typer.Option("--again", help="Approve it though a newer version serves.")] = False,
    json: AsJson = False,
) -> None:
    """Approve a version in the model registry; its model's strategy releases it."""
    result = approval.decide(session_of(context), version, approval.APPROVED, comment, again)
    console.print_json(result) if json else view.decision(result)


@commands.command()
def reject(context: typer.Context, version: Version, comment: Comment, json: AsJson = False) -> None:
    """Reject a version in the model registry; Noria does not release it."""
    result = approval.decide(session_of(context), version, approval.REJECTED, comment)
    console.print_json(result) if json else view.decision(result)


@commands.command()
def releases(context: typer.Context, model: Model, json: AsJson = False) -> None:
    """List every release and rollback of a model, newest first."""
    result = history.history(session_of(context), model)
    console.print_json(result) if json else view.releases(result)


@commands.command()
def rollback(
    context: typer.Context,
    model: Model,
    to: Annotated[str | None, typer.Option(help="Number or ARN of a version that was released before; by default the one before.")] = None,
    reason: Annotated[str, typer.Option(help="Reason of the rollback; the registry records it with the version.")] = "asked for by hand",
    timeout: Annotated[float, typer.Option(help="Seconds to wait at most.")] = 1800.0,
    json: AsJson = False,
) -> None:
    """Restore an earlier release, in one call; a release under way undoes itself."""
    result = history.rollback(session_of(context), model, to, reason, timeout)
    console.print_json(result) if json else view.rollback(result)
    if not result.succeeded:
        raise typer.Exit(1)


@commands.command()
def watch(
    context: typer.Context, model: Model, seconds: Annotated[float, typer.Option(help="Seconds to watch at most.")] = 3600.0, json: AsJson = False
) -> None:
    """Watch a release: weights, requests, errors, latency, and the guard's interval closing in."""
    session = session_of(context)
    console.print_json(release_state(session, model)) if json else live.watch(session, model, seconds)


@guard.command(name="simulate")
def simulate_guard(
    champion_errors: Annotated[float, typer.Option(help="The champion's share of bad predictions.")] = 0.02,
    challenger_errors: Annotated[float, typer.Option(help="The challenger's share of bad predictions.")] = 0.03,
    rps: Annotated[float, typer.Option(min=0.01, help="Requests per second to both variants together.")] = 50.0,
    share: Annotated[float, typer.Option(help="The challenger's share of the traffic.")] = 0.1,
    minutes: Annotated[float, typer.Option(min=0.1, help="Minutes of a release at most.")] = 60.0,
    runs: Annotated[int, typer.Option(min=1, max=100_000, help="Releases to simulate.")] = 2000,
    look_seconds: Annotated[float, typer.Option(min=1, help="Seconds between two interim looks of the guard.")] = 60.0,
    confidence: Annotated[float, typer.Option(help="Probability that the guard does not undo an equal challenger.")] = 0.98,
    margin: Annotated[float, typer.Option(min=1.0001, help="A rate of at most this many times the champion's is no worse.")] = 1.25,
    burst: Annotated[float, typer.Option(min=0, max=1, help="Bad predictions that both have on top, in bursts of half a minute every ten minutes.")] = 0.0,
    learnt: Annotated[bool, typer.Option("--learnt", help="Draw the champion's rate anew for each release.")] = False,
    json: AsJson = False,
) -> None:
    """Simulate releases against the guard: how many it undoes, promotes and leaves undecided, and how many requests were exposed. Needs no stack."""
    world = TrafficScenario(champion_errors, challenger_errors, rps, burst=burst, learnt=learnt)
    result = simulate.run(world, share, minutes, runs, look_seconds, confidence, margin)
    console.print_json(result.report) if json else view.simulation(result, minutes)
