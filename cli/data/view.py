"""Prints uploads and their stages, and the table of a profile."""

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from cli.base import charts, console
from cli.data import cells
from cli.data.profile import different, histogram
from cli.data.progress import ORDER, Stage
from cli.data.upload import Upload

if TYPE_CHECKING:
    from noria.profile.column import ColumnProfile
    from noria.profile.dataset import Profile

HEADS = ("column", "type", "empty", "different", "least", "median", "most", "", "most frequent")
#: Columns of the table whose cells stand on the left.
LEFT = ("column", "type", "", "most frequent")
#: The most frequent values of a column, and characters of them.
FREQUENT, WIDTH = 3, 40


def uploaded(upload: Upload, wait: bool) -> None:
    """Where the content is, or that it was known."""
    if upload.sent:
        console.out.print(f"uploaded s3://{upload.bucket}/{upload.key}")
        return
    news = "what came of it:" if wait else f"what came of it: noria status {upload.model}"
    console.out.print(f"this content is known for the published spec and is not sent again (--force sends it); {news}")


def track(stages: Iterable[Stage], quiet: bool = False, outlook: Callable[[], str] | None = None) -> list[Stage]:
    """Print each stage as it ends, and on a terminal the one under way; all of them once the last has ended.

    Args:
        outlook: says what a release waits for, and how long that may take.
    """
    if quiet:
        return list(stages)
    ended: list[Stage] = []
    status = console.out.status("ingest …") if console.out.is_terminal else None
    with status or nullcontext():
        for entry in stages:
            ended.append(entry)
            stage(entry)
            if outlook and entry.name == "approve" and entry.verdict == "approved":
                console.out.print(Text(f"             {outlook()}", style="dim"))
            if status and entry.name in ORDER[:-1]:
                status.update(f"{ORDER[ORDER.index(entry.name) + 1]} …")
    return ended


def stage(ended: Stage) -> None:
    """One stage: its seconds, name, verdict, ids and reasons."""
    ids = Text("  ".join(f"{name} {value}" for name, value in ended.ids.items()), style="dim")
    console.out.print(Text(f"{ended.seconds:7.1f} s "), Text(f"{ended.name:9}", style="bold"), console.outcome(f"{ended.verdict:11}"), ids)
    for reason in ended.reasons:
        console.out.print(Text(f"             {reason}"))


def table(profile: "Profile", file: Path) -> None:
    """The table of a profile: a line a column."""
    console.out.print(Text(f"{file}: {cells.facts(profile)}"))
    rows = [HEADS, *(_row(name, column) for name, column in profile.columns.items())]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADS))]
    for number, row in enumerate(rows):
        line = [cell.ljust(width) if head in LEFT else cell.rjust(width) for head, cell, width in zip(HEADS, row, widths, strict=True)]
        console.out.print(Text("  ".join(line).rstrip(), style="dim" if number == 0 else ""))


def _row(name: str, column: "ColumnProfile") -> tuple[str, ...]:
    frequent = "" if column.kind == "time" else ", ".join(value for value, _, _ in column.values.top(FREQUENT))[:WIDTH]
    least, median, most = (cells.quantile(column, share) for share in (0.0, 0.5, 1.0))
    number = f"{'' if column.values.exact else '~'}{different(column)[0]:,.0f}"
    shares = histogram(column)
    return name, column.kind, cells.empty(column), number, least, median, most, charts.bars(shares, max(shares, default=0.0) or 1), frequent
