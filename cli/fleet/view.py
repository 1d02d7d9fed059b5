"""Prints the list of models, and what was ended or taken away."""

from rich.text import Text

from cli.base import console
from cli.fleet.leftovers import Leftover
from cli.fleet.models import ModelSummary
from cli.fleet.retire import Retirement
from cli.fleet.stop import Stopped

HEADS = ("model", "state", "version", "since", "last run", "quality", "hours: training", "serving")
#: Colours of the states that are not yellow.
STYLES = {"degraded": "red", "incident": "red", "failed": "red", "serves": "green"}


def models(summaries: list[ModelSummary], hidden: int) -> None:
    """A line a model, and how many more there are."""
    rows = []
    for entry in summaries:
        quality = "" if entry.quality is None else f"{entry.metric} {entry.quality:.4f}"
        run = f"{(entry.last_run_at or '')[: console.SECONDS]} {entry.last_run or ''}".strip()
        version = entry.champion.rsplit("/", 1)[-1] if entry.champion else ""
        since = (entry.since or "")[: console.SECONDS]
        rows.append((entry.model, entry.state, version, since, run, quality, f"{entry.training_hours:g}", f"{entry.serving_hours:g}"))
    widths = [max(len(row[i]) for row in (HEADS, *rows)) + 2 for i in range(len(HEADS))]
    for row in (HEADS, *rows):
        cells = [Text(f"{cell:{width}}", style="dim" if row is HEADS else "") for cell, width in zip(row, widths, strict=True)]
        cells[1].stylize(STYLES.get(row[1], "yellow" if row is not HEADS else ""))
        console.out.print(Text.assemble(*cells))
    if hidden:
        console.out.print(Text(f"{hidden:,} more; --all lists them, --state and --name choose", style="dim"))


def retirement(result: Retirement) -> None:
    """What went, and what stays."""
    for text in result.removed:
        console.out.print(Text("removed ", style="yellow"), Text(text))
    for text in result.stays:
        console.out.print(Text("stays   ", style="dim"), Text(text))


def leftovers(removed: list[Leftover], left: list[Leftover]) -> None:
    """What was deleted, and what is left of a stack."""
    for entry in removed:
        console.out.print(Text("removed ", style="yellow"), Text(f"{entry.kind} {entry.name}"))
    for entry in left:
        console.out.print(
            Text("left    ", style="dim"), Text(f"{entry.kind} {entry.name}" + (" (data: docs/deploying.md says how to delete it)" if entry.data else ""))
        )
    if not removed and not left:
        console.out.print("nothing is left")


def stopped(result: Stopped) -> None:
    """What was ended."""
    console.out.print(Text(f"stopped the {result.kind} {result.id}: {'; '.join(result.ended)}"))
