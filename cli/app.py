"""The command `noria`."""

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError

from cli import demo, files, monitoring, offline, predicting, publishing, releasing, render, reporting, requesting, telling, uploading, watching
from cli.errors import CliError
from cli.offline import AsJson
from cli.session import Session, explained
from noria.kernel.errors import NoriaError

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="From an upload to a served model, on AWS or on this machine."
)

Stack = Annotated[str, typer.Option(envvar="NORIA_STACK", help="Name of the stack.")]
Profile = Annotated[str | None, typer.Option(help="A profile of your AWS configuration.")]
Region = Annotated[str | None, typer.Option(help="An AWS region.")]
Endpoint = Annotated[str | None, typer.Option("--endpoint-url", help="Where AWS's services answer, if not at AWS.")]
Model = Annotated[str, typer.Argument(help="Name of a model.")]

_session = Session()


@app.callback()
def common(stack: Stack = "noria", profile: Profile = None, region: Region = None, endpoint_url: Endpoint = None) -> None:
    """Where to work: a running local AWS, unless a profile or credentials are given."""
    global _session
    _session = Session(stack, profile, region, endpoint_url)


@app.command()
def up(
    speed: Annotated[float | None, typer.Option(min=1, max=600, help="Divide bake times, metric periods and waits of machines by this.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Take one that runs already, whatever its speed.")] = False,
    without: Annotated[list[str] | None, typer.Option(help="An instance type that endpoints cannot have, to see what a release does then.")] = None,
    json: AsJson = False,
) -> None:
    """Start the local AWS."""
    from local import lifecycle

    try:
        aws = (lifecycle.running() if keep else None) or lifecycle.up(speed, tuple(without or ()))
    except lifecycle.LocalAwsError as error:
        raise CliError(str(error)) from error
    usage = lifecycle.measure_usage(aws)
    if json:
        fields = {key: value for key, value in asdict(aws).items() if key != "pid"}
        render.as_json({**fields, "environment": aws.environment(), "usage": usage})
    else:
        render.console.print(f"AWS answers at {aws.endpoint_url} ({aws.region}), started in {aws.started_s} s; logs in {lifecycle.home() / 'logs'}")
        servers = usage["model_servers"]
        render.console.print(
            f"memory: {usage['memory_mb']:,.0f} MB; processes: {usage['processes']}; model servers: {servers['running']} running, {servers['idle']} idle"
        )


@app.command()
def down(json: AsJson = False) -> None:
    """End the local AWS and every process of it."""
    from local import lifecycle

    ended = lifecycle.down()
    if json:
        render.as_json({"processes_ended": ended})
    else:
        render.console.print(f"ended {ended} processes" if ended else "nothing was running")


@app.command()
def publish(project: Annotated[Path, typer.Argument(help="Folder of a model project.")], json: AsJson = False) -> None:
    """Publish a model project; uploads are judged and trained by it from then on."""
    told = publishing.publish(_session, project)
    if json:
        render.as_json(told)
    else:
        what = "published" if told["changed"] else "is published already, unchanged:"
        render.console.print(f"{told['model']} {what} spec {told['spec']}; image {told['images']['training']}")
        for warning in told["warnings"]:
            render.console.print(f"  look again: {warning}", style="yellow", markup=False)


@app.command()
def upload(
    model: Model,
    file: Annotated[Path, typer.Argument(help="A CSV file.")],
    wait: Annotated[bool, typer.Option("--wait", help="Follow it until it serves or is turned down.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Send it again though its content is known.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait at most.")] = 3600.0,
    json: AsJson = False,
) -> None:
    """Upload data; all else follows from it."""
    sent = uploading.upload(_session, model, file, force)
    if not json:
        render.console.print(
            f"uploaded s3://{sent['bucket']}/{sent['key']}"
            if sent["sent"]
            else "this content is known for the published spec and is not sent again (--force sends it); "
            + ("what came of it:" if wait else f"what came of it: noria status {model}")
        )
    stages = render.followed(uploading.follow(_session, sent, timeout), quiet=json) if wait else []
    if json:
        render.as_json({**sent, "stages": [stage.to_json() for stage in stages]})
    if stages and stages[-1].verdict not in render.GOOD | {"pending"}:
        raise typer.Exit(1)


@app.command()
def retrain(model: Model, json: AsJson = False) -> None:
    """Train again on the newest accepted dataset."""
    told = requesting.retrain(_session, model)
    if json:
        render.as_json(told)
    else:
        render.console.print(f"asked for a run of {model} on dataset {told['dataset']}; see: noria status {model}")


@app.command()
def approve(
    version: Annotated[str, typer.Argument(help="A version's ARN, or model and number: churn/3.")],
    comment: Annotated[str, typer.Option(help="Why; it stays with the version.")],
    again: Annotated[bool, typer.Option("--again", help="Though a newer version serves.")] = False,
    json: AsJson = False,
) -> None:
    """Approve a version in the model registry; it is released by its model's strategy."""
    _decided(releasing.decide(_session, version, releasing.APPROVED, comment, again), json)


@app.command()
def reject(
    version: Annotated[str, typer.Argument(help="A version's ARN, or model and number: churn/3.")],
    comment: Annotated[str, typer.Option(help="Why; it stays with the version.")],
    json: AsJson = False,
) -> None:
    """Reject a version in the model registry; it is not released."""
    _decided(releasing.decide(_session, version, releasing.REJECTED, comment), json)


def _decided(told: dict[str, object], json: bool) -> None:
    if json:
        render.as_json(told)
    else:
        render.console.print(f"{told['version']} is {told['status']} by {told['by']}; see: noria releases {told['model']}")
        if told["frozen_until"]:
            render.console.print(f"its release waits until {told['frozen_until']} (approve.freeze)")


@app.command()
def releases(model: Model, json: AsJson = False) -> None:
    """Every release and rollback of a model, newest first."""
    told = releasing.releases(_session, model)
    render.as_json(told) if json else render.releases(told)


@app.command()
def rollback(
    model: Model,
    to: Annotated[str | None, typer.Option(help="A version that was released before: its number or ARN; the one before if not given.")] = None,
    reason: Annotated[str, typer.Option(help="Why; it stays with the version that is taken back.")] = "asked for by hand",
    timeout: Annotated[float, typer.Option(help="Seconds to wait at most.")] = 1800.0,
    json: AsJson = False,
) -> None:
    """Back to an earlier release, in one call; one that is under way is asked to undo itself."""
    told = releasing.rollback(_session, model, to, reason, timeout)
    if json:
        render.as_json(told)
    else:
        render.console.print(render.word(told["status"]), f"after {told['seconds']:.1f} s: {'; '.join(entry['text'] for entry in told['reasons'])}")
    if told["status"] not in ("rolled_back", "undone"):
        raise typer.Exit(1)


@app.command()
def watch(model: Model, seconds: Annotated[float, typer.Option(help="For how long at most.")] = 3600.0, json: AsJson = False) -> None:
    """Watch a release: weights, requests, errors, latency, and the guard's interval closing in."""
    render.as_json(watching.look(_session, model)) if json else watching.watch(_session, model, seconds)


@app.command()
def status(model: Model, json: AsJson = False) -> None:
    """What a model is now: what serves, and what came of its last data, runs and releases."""
    told = telling.status(_session, model)
    if json:
        render.as_json(told)
        return
    render.status(told)
    if told["monitoring"]:
        if told["champion"] and told["monitoring"]["release"] != told["champion"]["release"]:
            render.console.print("the last look was at the version before:", style="dim")
        monitoring.show(told["monitoring"])


@app.command()
def events(model: Model, json: AsJson = False) -> None:
    """What has happened to a model, oldest first."""
    told = telling.events(_session, model)
    render.as_json(told) if json else render.events(told)


@app.command()
def predict(
    model: Model,
    rows: Annotated[Path, typer.Argument(help="JSON Lines: one object a row.")],
    key: Annotated[str | None, typer.Option(help="Who asks: while two versions serve, always answered by the same one.")] = None,
    name: Annotated[str | None, typer.Option("--id", help="Of the request: the truth of its rows is joined by it. Made up if not given.")] = None,
    json: AsJson = False,
) -> None:
    """Ask the endpoint about rows."""
    told = predicting.predict(_session, model, rows, key, name)
    render.as_json(told) if json else render.predictions(told)


@app.command()
def truth(
    model: Model,
    file: Annotated[Path, typer.Argument(help="CSV with prediction_id (or the key columns) and the target; the time column as well, where the data has one.")],
    wait: Annotated[bool, typer.Option("--wait", help="Until it has been looked at.")] = False,
    json: AsJson = False,
) -> None:
    """Tell what was true of earlier predictions."""
    told = monitoring.tell(_session, model, file, wait)
    render.as_json(told) if json else monitoring.show_told(told)


@app.command()
def monitor(model: Model, json: AsJson = False) -> None:
    """Look at a served model now: what was captured, what turned out to be true, what that means."""
    told = monitoring.look(_session, model)
    render.as_json(told) if json else monitoring.show(told)


@app.command()
def dashboard(json: AsJson = False) -> None:
    """Put a CloudWatch dashboard of every published model."""
    told = reporting.dashboard(_session)
    if json:
        render.as_json(told)
    else:
        render.console.print(f"the dashboard {told['name']} shows {', '.join(told['models']) or 'no model yet'}")


@app.command()
def drift(model: Model, html: Annotated[Path | None, typer.Option(help="Where to write a page of HTML with plots.")] = None, json: AsJson = False) -> None:
    """The last verdict in words, with pictures of the columns that moved."""
    told = monitoring.last(_session, model)
    if html:
        files.write(html, reporting.page(model, told).encode())
        render.say(json, f"wrote {html}")
    render.as_json(told) if json else monitoring.show(told)


@app.command(name="demo")
def show(json: AsJson = False) -> None:
    """The main job on real data: bikeshare 2011, from an upload to a prediction. `make demo` sets up and calls this."""
    told = demo.run(_session, quiet=json)
    if json:
        render.as_json(told)


offline.join(app)


def main() -> None:
    """Run the command; what the user can mend is told in one sentence, with --json as a document, and the command ends with 1."""
    try:
        app()
    except (BotoCoreError, ClientError) as error:
        _end(explained(error, _session))
    except (CliError, NoriaError) as error:
        _end(error)


def _end(error: Exception) -> None:
    if os.environ.get("NORIA_DEBUG"):
        raise error
    if "--json" in sys.argv:
        render.as_json({"error": {"type": type(error).__name__, "message": str(error)}})
    else:
        render.errors.print(f"noria: {error}", style="red", markup=False)
    sys.exit(1)


if __name__ == "__main__":
    main()
