"""Prints uploads and their stages, and the table of a profile."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from cli.base import charts, console, wording
from cli.base.session import Session
from cli.data import bins, cells, parts, progress
from cli.data.parts import Sending, Watch
from cli.data.profile import different
from cli.data.progress import ORDER, Beat, Stage
from cli.data.upload import Upload
from cli.runs import activity

if TYPE_CHECKING:
    from rich.progress import Progress
    from rich.status import Status

    from noria.profile.column import ColumnProfile
    from noria.profile.dataset import Profile

HEADS = ("column", "type", "empty", "different", "least", "median", "most", "", "most frequent")
#: Columns of the table whose cells stand on the left.
LEFT = ("column", "type", "", "most frequent")
#: Bytes of a mebibyte.
MIB = 1024**2
#: Verdicts of a last stage after which a command succeeds.
SUCCESSES = console.GOOD | {"pending"}
#: Between two looks at what runs (seconds).
DESCRIBE_SECONDS = 3.0
#: Between two lines on a large upload, where there is no terminal (seconds).
LINE_SECONDS = 10.0
#: The most frequent values of a column, and characters of them.
FREQUENT, WIDTH = 3, 40


def uploaded(upload: Upload, wait: bool) -> None:
    """Where the content is, or that it was known."""
    if upload.sent:
        console.out.print(f"uploaded s3://{upload.bucket}/{upload.key}")
    if upload.known:
        sent = "and is no new dataset" if upload.sent else "and is not sent again"
        news = "what came of it:" if wait else f"what came of it: noria status {upload.model}"
        console.out.print(
            f"this content is known for the published spec since {upload.known[: console.SECONDS]} {sent}; train on it again: noria retrain {upload.model}"
        )
        console.out.print(news)


@contextmanager
def sending(quiet: bool) -> Iterator[Watch]:
    """Show how far a large upload is: a bar on a terminal, elsewhere a line now and then; and what an interrupted one leaves."""
    if quiet:
        yield parts.unwatched
        return
    shown = _Sending()
    try:
        yield shown.step
    except KeyboardInterrupt:
        if shown.last:
            console.out.print(f"interrupted: {parts.going_on(shown.last.parts, shown.last.of)}")
        raise
    finally:
        shown.end()


class _Sending:
    """The bar or the lines of an upload; `last` is its last step."""

    def __init__(self) -> None:
        self.last: Sending | None = None
        self._bar: Progress | None = None
        self._next = time.monotonic() + LINE_SECONDS

    def step(self, now: Sending) -> None:
        if self.last is None:
            self._begin(now)
        self.last = now
        if self._bar:
            self._bar.update(self._bar.task_ids[0], completed=now.sent, parts=now.parts)
        elif time.monotonic() >= self._next:
            self._next = time.monotonic() + LINE_SECONDS
            console.out.print(f"sent {now.sent / MIB:,.0f} of {now.size / MIB:,.0f} MiB, {now.parts} of {now.of} parts")

    def _begin(self, now: Sending) -> None:
        if now.before:
            console.out.print(f"goes on with an earlier upload of this content: {now.before} of {now.of} parts are there")
        if console.out.is_terminal:
            from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

            columns = (BarColumn(), DownloadColumn(binary_units=True), TextColumn("part {task.fields[parts]} of {task.fields[of]}"))
            self._bar = Progress(*columns, TransferSpeedColumn(), TimeRemainingColumn(), console=console.out, transient=True)
            self._bar.add_task("", total=now.size, completed=now.sent, parts=now.parts, of=now.of)
            self._bar.start()

    def end(self) -> None:
        if self._bar:
            self._bar.stop()


def track(
    stages: Callable[[Beat], Iterable[Stage]],
    quiet: bool = False,
    describe: Callable[[], str | None] = lambda: None,
    outlook: Callable[[], str] | None = None,
) -> list[Stage]:
    """Print each stage as it ends, and meanwhile what runs; all of them once the last has ended.

    Args:
        stages: yields the stages as they end, and calls what it is given at each poll.
        describe: a line on what runs at this moment; on a terminal it stands below the stages, else it is printed once a stage.
        outlook: says what a release waits for, and how long that may take.
    """
    if quiet:
        return list(stages(lambda: None))
    ended: list[Stage] = []
    status = console.out.status("ingest …") if console.out.is_terminal else None
    running = _Running(describe, status)
    with status or nullcontext():
        for entry in stages(running.beat):
            ended.append(entry)
            stage(entry)
            if outlook and entry.name == "approve" and entry.verdict == "approved":
                console.out.print(Text(f"             {outlook()}", style="dim"))
            if status and entry.name in ORDER[:-1]:
                status.update(f"{ORDER[ORDER.index(entry.name) + 1]} …")
    return ended


def follow(session: Session, upload: Upload, limit_seconds: float, quiet: bool) -> list[Stage]:
    """Follow an upload to its last stage, and print each stage as it ends; errors are those of `progress.follow`."""
    model = upload.model
    return track(
        lambda beat: progress.follow(session, upload, limit_seconds, beat),
        quiet,
        lambda: activity.line(session, model),
        lambda: progress.outlook(session, model),
    )


def are_good(stages: Sequence[Stage]) -> bool:
    """Whether the last stage is good, as long as there is one."""
    return not stages or stages[-1].verdict in SUCCESSES


class _Running:
    """The line on what runs, asked for now and then."""

    def __init__(self, describe: Callable[[], str | None], status: "Status | None") -> None:
        self._describe, self._status = describe, status
        self._next, self._shown = time.monotonic() + DESCRIBE_SECONDS, ""

    def beat(self) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + DESCRIBE_SECONDS
        line = self._describe()
        if line and self._status:
            self._status.update(Text(line))
        elif line and line.partition(" for ")[0] != self._shown:
            self._shown = line.partition(" for ")[0]
            console.out.print(Text(f"          … {line}", style="dim"))


def stage(ended: Stage) -> None:
    """One stage: its seconds, name, verdict, ids and reasons."""
    ids = Text("  ".join(f"{name} {value}" for name, value in ended.ids.items()), style="dim")
    console.out.print(Text(f"{ended.seconds:7.1f} s "), Text(f"{ended.name:9}", style="bold"), console.outcome(f"{ended.verdict:11}"), ids)
    for reason in ended.reasons:
        console.out.print(Text(f"             {reason}"))
    if ended.verdict == "quarantined" and "dataset" in ended.ids:
        console.out.print(Text(f"             its bad rows, and a copy to correct: noria quarantine show {ended.ids['dataset']}", style="dim"))


def table(profile: "Profile", file: Path) -> None:
    """The table of a profile: a line a column."""
    console.out.print(Text(f"{file}: {cells.facts(profile)}"))
    rows = [HEADS, *(_row(name, column) for name, column in profile.columns.items())]
    widths = [max(cell_len(row[i]) for row in rows) for i in range(len(HEADS))]
    for number, row in enumerate(rows):
        gaps = [" " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
        line = [cell + gap if head in LEFT else gap + cell for head, cell, gap in zip(HEADS, row, gaps, strict=True)]
        console.out.print(Text("  ".join(line).rstrip(), style="dim" if number == 0 else ""))


def _row(name: str, column: "ColumnProfile") -> tuple[str, ...]:
    frequent = wording.name(", ".join(cells.value(column, value) for value, _, _ in column.values.top(FREQUENT)), WIDTH)
    least, median, most = (cells.quantile(column, share) for share in (0.0, 0.5, 1.0))
    number = f"{'' if column.values.exact else '~'}{different(column)[0]:,.0f}"
    shares = bins.in_a_line(column)
    return wording.name(name), column.kind, cells.empty(column), number, least, median, most, charts.bars(shares, max(shares, default=0.0) or 1), frequent
