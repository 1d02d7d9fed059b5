"""Prints the status of a model, and its events."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from cli.base import console, event_log
from cli.base.event_log import LoggedEvent
from cli.base.records import Dataset, PendingApproval, Run
from cli.history.status import ChampionStatus, ModelStatus
from cli.monitoring import view as monitoring
from cli.runs.activity import MOST_RUNS, Activity, spent

#: Events that repeat for as long as their cause holds: monitoring runs, and healing's answers to them.
REPEATING = {"MonitoringCompleted", "QualityDegraded", "DriftDetected", "DataIncident", "MonitoringDataMissing", "RetrainingDeferred", "RetrainingEscalated"}
#: Fields of an event that its line shows.
IDS = ("dataset", "run", "release", "failed_at", "machine", "error")
NUMBERS = re.compile(r"(?<![\w.])\d[\d.,:T+-]*")
#: Characters of a log line that a status shows.
MOST_LINE = 160
#: Columns before a reason.
INDENT = 20


def status(model: ModelStatus) -> None:
    """A model at a glance, with its last monitoring run."""
    console.out.print(Text(model.model, style="bold"), Text(f"spec {model.spec}" if model.published else "not published", style="dim"))
    _champion(model.champion)
    console.print_records("dataset", model.datasets, lambda entry: f"{entry['dataset']}  {entry['rows']:,} rows  {_file(entry['source'])}")
    console.print_records("run", model.runs, lambda entry: f"{entry['run']}  {_metrics(entry)}")
    console.print_records("release", model.releases, lambda entry: f"{entry['release']}  {entry['endpoint']}")
    console.print_records("rollback", model.rollbacks, lambda entry: f"by {entry['request']['by']}")
    console.print_records("healing", model.healings, lambda entry: f"run {entry['run']} on dataset {entry['dataset']}")
    for activity in model.running:
        running(activity)
    if sum(activity.kind == "run" for activity in model.running) >= MOST_RUNS:
        console.out.print(f"  these are the newest {MOST_RUNS} runs under way; what became of the others: noria events {model.model} --limit 100", style="dim")
    for approval in model.pending_approvals:
        _pending(model.model, approval)
    if model.under_way:
        console.out.print(Text(f"  under way: {model.under_way}; see: noria watch {model.model}", style="yellow"))
    if model.monitoring:
        if model.champion and model.monitoring["release"] != model.champion["release"]:
            console.out.print("the last look was at the version before:", style="dim")
        monitoring.monitoring_run(model.monitoring)


def running(activity: Activity) -> None:
    """What is under way: its stage, since when, and of a run its jobs with their last log line."""
    place = f"{activity.stage} ({activity.number} of {activity.of}) for {spent(activity.since)}"
    place += f", begun {spent(activity.began)} ago" if activity.number > 1 else ""
    name = f"run {activity.id}" if activity.kind == "run" else "upload"
    console.out.print(Text("  running  ", style="yellow"), Text(f"{name} on {_file({'key': activity.file})}: {place}"))
    if activity.jobs:
        way_on = f"its log: noria logs {activity.id} --follow; end it: noria stop {activity.id}"
        console.out.print(Text(f"             {', '.join(activity.jobs)}; {way_on}", style="dim"))
    if activity.last_line:
        console.out.print(Text(f"             {activity.last_line[:MOST_LINE]}", style="dim"))


def _champion(champion: ChampionStatus | None) -> None:
    if champion is None:
        console.out.print("  serves    nothing yet")
        return
    console.out.print("  serves   ", console.outcome(champion["endpoint_status"]), Text(f"{champion['endpoint']}  {champion['model_package_arn']}"))
    if not champion.get("expected"):
        console.out.print(Text(f"           the endpoint serves {champion['serves']}, not {champion['config']} that was released", style="red"))
    elif champion["serves"] != champion["config"]:
        console.out.print(Text(f"           the endpoint serves {champion['serves']}, of the release under way", style="yellow"))


def _metrics(run: Run) -> str:
    text = "  ".join(f"{name} {value:.4f}" for name, value in (run["metrics"] or {}).items())
    text += f"at {run['failed_at']}" if run.get("failed_at") else ""
    return f"{text}  ({run['substitution']})" if "substitution" in run else text


def _pending(model: str, approval: PendingApproval) -> None:
    console.out.print(Text(f"  waits for a person since {approval['time'][: console.SECONDS]}: {approval['package']}", style="yellow"))
    console.out.print(Text(f"             noria approve {model}/{approval['package'].rsplit('/', 1)[-1]} --comment why"))


def datasets(entries: list[Dataset], hidden: int) -> None:
    """A line a dataset with its file, and why it was set aside."""
    console.print_records("dataset", entries, lambda entry: f"{entry['dataset']}  {_file(entry['source'])}  {entry['rows']:,} rows  spec {entry['spec']}")
    if hidden > 0:
        console.out.print(Text(f"{hidden:,} older ones; --limit shows more", style="dim"))


def _file(source: Mapping[str, Any]) -> str:
    """The name of an upload; what a healing put together has none."""
    key = str(source.get("key") or "")
    return key.split("/", 2)[-1] or "labelled traffic"


@dataclass
class _Repeated:
    """An event, and how many events after it say the same but for their numbers."""

    content: tuple[str, ...]
    event: LoggedEvent
    times: int = 0


def events(entries: Iterable[LoggedEvent]) -> None:
    """The events, oldest first; of those that repeat, the first and how often."""
    last: dict[tuple[str, str], _Repeated] = {}
    for event in entries:
        kind, content = (event["name"], str(event["data"].get("cause"))), _content(event)
        before = last.get(kind)
        if before and before.content == content and event["name"] in REPEATING and not event["data"].get("page"):
            before.event, before.times = event, before.times + 1
            continue
        _repeated(before)
        last[kind] = _Repeated(content, event)
        _event(event)
    for before in last.values():
        _repeated(before)


def _content(event: LoggedEvent) -> tuple[str, ...]:
    """Outcome, release and reasons of an event, without numbers."""
    data = event["data"]
    return str(data.get("outcome")), str(data.get("release")), *(NUMBERS.sub("", reason["text"]) for reason in data.get("reasons", []))


def _event(event: LoggedEvent) -> None:
    data = event["data"]
    ids = "  ".join(f"{name} {data[name]}" for name in IDS if data.get(name))
    ids += f"  {_file(data['source'])}" if data.get("source") else ""
    console.out.print(Text(event["time"][: console.SECONDS], style="dim"), Text(event["name"], style="bold"), Text(ids))
    reasons, cause = [reason["text"] for reason in data.get("reasons", [])], data.get("cause")
    for text in reasons or ([event_log.sentence(cause)] if cause else []):
        console.out.print(Text(f"{'':{INDENT}}{text}"))


def _repeated(before: _Repeated | None) -> None:
    if before and before.times:
        name, last = before.event["name"], before.event["time"][: console.SECONDS]
        console.out.print(Text(f"{'':{console.SECONDS}} {name} said the same {before.times:,} more times, the last one at {last}", style="dim"))
