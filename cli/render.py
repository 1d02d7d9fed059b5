"""What the command prints: for a person by Rich, for a program as one JSON document."""

import json
import re
from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any

from rich.console import Console
from rich.text import Text

from cli.uploading import Stage

Json = dict[str, Any]
#: The stages of the loop.
ORDER = ("ingest", "train", "evaluate", "register", "approve", "rollout")
GOOD = {"undone", "restored", "accepted", "completed", "registered", "approved", "InService", "published", "serves", "ok"}
BAD = {"quarantined", "rejected", "failed", "by_hand", "rolled_back", "rollback_failed", "Failed", "Missing", "drift", "incident", "contract", "degraded"}

console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)
#: Bars of a small picture, from nothing to the whole.
BLOCKS = " ▁▂▃▄▅▆▇█"


def as_json(value: Any) -> None:
    print(json.dumps(value, indent=2, default=str))


def say(quiet: bool, text: str) -> None:
    """A line for a person, unless one JSON document is all that is wanted."""
    if not quiet:
        console.print(text)


def word(outcome: str) -> Text:
    """An outcome, coloured by whether it is good."""
    name = outcome.strip()
    return Text(outcome, style="green" if name in GOOD else "red" if name in BAD else "yellow")


def followed(stages: Iterable[Stage], quiet: bool = False) -> list[Stage]:
    """Shows each stage as it ends, on a terminal also the one that is under way; all of them, when the last one has ended."""
    told: list[Stage] = []
    if quiet:
        return list(stages)
    shown = console.status("ingest …") if console.is_terminal else None
    with shown or nullcontext():
        for found in stages:
            told.append(found)
            stage(found)
            if shown and found.name in ORDER[:-1]:
                shown.update(f"{ORDER[ORDER.index(found.name) + 1]} …")
    return told


def stage(found: Stage) -> None:
    """One stage of the loop, as it ends."""
    ids = Text("  ".join(f"{name} {value}" for name, value in found.ids.items()), style="dim")
    console.print(Text(f"{found.seconds:7.1f} s "), Text(f"{found.name:9}", style="bold"), word(f"{found.verdict:11}"), ids)
    for reason in found.reasons:
        console.print(Text(f"             {reason}"))


def status(told: Json) -> None:
    """A model at a glance."""
    champion = told["champion"]
    console.print(Text(told["model"], style="bold"), Text(f"spec {told['spec']}" if told["published"] else "not published", style="dim"))
    if champion:
        console.print("  serves   ", word(champion["endpoint_status"]), Text(f"{champion['endpoint']}  {champion['model_package_arn']}"))
        if champion["serves"] != champion["config"]:
            console.print(Text(f"           the endpoint serves {champion['serves']}, not {champion['config']} that was released", style="red"))
    else:
        console.print("  serves    nothing yet")
    _records("dataset", told["datasets"], lambda found: f"{found['dataset']}  {found['rows']} rows  {found['source'].get('key') or 'labelled traffic'}")
    _records("run", told["runs"], lambda found: f"{found['run']}  {_metrics(found)}")
    _records("release", told["releases"], lambda found: f"{found['release']}  {found['endpoint']}")
    _records("rollback", told["rollbacks"], lambda found: f"by {found['asked']['by']}")
    _records("healing", told["healings"], lambda found: f"run {found['run']} on dataset {found['dataset']}")
    for asked in told["asking"]:
        console.print(Text(f"  waits for a person since {asked['time'][:19]}: {asked['package']}", style="yellow"))
        console.print(Text(f"             noria approve {told['model']}/{asked['package'].rsplit('/', 1)[-1]} --comment why"))
    if told["under_way"]:
        console.print(Text(f"  under way: {told['under_way']}; see: noria watch {told['model']}", style="yellow"))


def _metrics(run: Json) -> str:
    told = "  ".join(f"{name} {value:.4f}" for name, value in (run["metrics"] or {}).items())
    told += f"at {run['failed_at']}" if run.get("failed_at") else ""
    return f"{told}  ({run['substitution']})" if "substitution" in run else told


def _records(kind: str, records: Iterable[Json], line: Any) -> None:
    for found in records:
        console.print(Text(f"  {kind:8} "), Text(found["time"][:19], style="dim"), word(found["status"]), Text(line(found)))
        for reason in found["reasons"]:
            console.print(Text(f"             {reason['text']}"))


def releases(told: Json) -> None:
    """Releases and rollbacks, newest first."""
    console.print(Text(told["model"], style="bold"), Text(f"serves {told['serves'] or 'nothing yet'}"))
    if told["under_way"]:
        console.print(Text(f"  under way: {told['under_way']}", style="yellow"))
    _records("release", told["releases"], lambda found: f"{found['model_package_arn']}  {found.get('strategy', '')}")
    _records("rollback", told["rollbacks"], lambda found: found["asked"]["by"])


#: What every look says again for as long as it holds, and what healing answers to it.
AGAIN = {"MonitoringCompleted", "QualityDegraded", "DriftDetected", "DataIncident", "MonitoringDataMissing", "RetrainingDeferred", "RetrainingEscalated"}


def events(told: Iterable[Json]) -> None:
    """The story, oldest first; what only says again what was said before is counted."""
    said: dict[tuple[str, str], tuple[Any, Json, int]] = {}
    for event in told:
        data = event["data"]
        name = (event["name"], str(data.get("cause")))
        # The same but for its numbers.
        what = (data.get("outcome"), data.get("release"), [re.sub(r"(?<![\w.])\d[\d.,:T+-]*", "", reason["text"]) for reason in data.get("reasons", [])])
        before = said.get(name)
        if event["name"] in AGAIN and before and before[0] == what and not data.get("page"):
            said[name] = (what, event, before[2] + 1)
            continue
        _again(before)
        said[name] = (what, event, 0)
        ids = "  ".join(f"{name} {data[name]}" for name in ("dataset", "run", "release", "failed_at", "machine", "error") if data.get(name))
        console.print(Text(event["time"][:19], style="dim"), Text(event["name"], style="bold"), Text(ids))
        for text in [reason["text"] for reason in data.get("reasons", [])] or [str(cause) for cause in [data.get("cause")] if cause]:
            console.print(Text(f"                    {text}"))
    for before in said.values():
        _again(before)


def _again(before: tuple[Any, Json, int] | None) -> None:
    if before and before[2]:
        _, event, times = before
        console.print(Text(f"{'':19} {event['name']} said the same {times:,} more times, the last one at {event['time'][:19]}", style="dim"))


def predictions(told: Json) -> None:
    """Each row's answer."""
    for answer in told["predictions"]:
        console.print(
            Text(answer["prediction"], style="bold"),
            Text(",".join(answer["values"][1:])),
            Text(json.dumps(answer["row"]), style="dim"),
            Text(f"id {answer['id']}", style="dim"),
        )


def picture(name: str, shown: Json) -> None:
    """Before and after of a column as two rows of blocks."""
    most = max([*shown["before"], *shown["now"]]) or 1.0
    bars = {side: "".join(BLOCKS[round(share / most * (len(BLOCKS) - 1))] for share in shown[side]) for side in ("before", "now")}
    scale = ", ".join(shown["values"]) if "values" in shown else f"{shown['from']:g} … {shown['to']:g}"
    console.print(Text(f"    {name}  before |{bars['before']}|  now |{bars['now']}|  {scale}"))
