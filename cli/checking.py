"""`noria check`: the verdict on drift of one file against another, as production would give it. Needs no stack."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from cli import profiling, projects, render
from cli.errors import CliError

if TYPE_CHECKING:
    from noria.profile.dataset import Profile

Json = dict[str, Any]
#: Blocks of the reference that are told apart at most, and how long one is at least (seconds).
MOST_BLOCKS, SHORTEST_BLOCK = 60, 3_600.0


def check(folder: Path, reference: Path, current: Path) -> Json:
    """The verdict on a file.

    Args:
        folder: the model project, whose spec names the columns, which of them are ignored, and the time.
        reference: what the model was trained on, or the like.

    Returns:
        What `noria.monitoring.drift.check` tells, with `pictures` of the columns that moved.

    Raises:
        CliError: a file is none, lacks the time, or has nothing to do with the model.
        UnreadableDatasetError: one cannot be read.
    """
    from noria.monitoring import drift
    from noria.monitoring.pictures import pictures
    from noria.profile.reading import blocks

    spec = projects.load(folder).spec
    time = spec.data.time
    before, now = profiling.look(reference, time), profiling.look(current, time)
    if not set(before.columns) & set(spec.data.columns):
        raise CliError(f"{reference} has none of the spec's columns ({', '.join(spec.data.columns)}); it has: {', '.join(before.columns)}")
    known = {name for name, column in spec.data.columns.items() if column.drift != "ignore"} | {spec.target}
    ignored = {name for name in before.columns if name not in known or name == time or (name == spec.target and name not in now.columns)}
    parts: list[Profile] | None = None
    if reference.suffix == profiling.KEPT:
        # Of a profile that was kept, no block of time can be told from another.
        parts = [] if time is not None else None
    elif time is not None and before.order.first is not None and before.order.last is not None and now.order.first is not None and now.order.last is not None:
        longest = max(now.order.last - now.order.first, (before.order.last - before.order.first) / MOST_BLOCKS, SHORTEST_BLOCK)
        parts = blocks(reference, time, longest)
    judged = drift.check(before, now, parts, ignored)
    return {**judged, "pictures": pictures(judged, before, now)}


def show(told: Json) -> None:
    """The verdict in words, and what each column shows."""
    render.console.print(render.word(told["verdict"]))
    for reason in told["reasons"]:
        render.console.print(Text(f"  {reason['text']}"))
    for name, column in told["columns"].items():
        style = "red" if column["drifted"] else "dim"
        render.console.print(Text(f"  {name:20} {column['measure']:10} {column['effect']:.3f}  limit {column['limit']:.3f}{_known(column)}", style=style))
    for name, picture in told["pictures"].items():
        render.picture(name, picture)


def _known(column: Json) -> str:
    """The well-known measures, for those who are used to them."""
    return "".join(f"  {name} {value:.3f}" for name, value in column["measures"].items())
