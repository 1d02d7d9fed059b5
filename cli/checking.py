"""`noria check`: the verdict on drift of one file against another, as production would give it. Needs no stack."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from cli import files, render, specs
from cli.errors import CliError

if TYPE_CHECKING:
    from noria.profile.dataset import Profile
    from noria.spec import ModelSpec

Json = dict[str, Any]
#: Blocks of the reference that are told apart at most, and how long one is at least (seconds).
MOST_BLOCKS, SHORTEST_BLOCK = 60, 3_600.0


def check(folder: Path, reference: Path, current: Path) -> Json:
    """The verdict on a file.

    Args:
        folder: the model project, whose spec names the columns, which of them are ignored, and the time. Its scripts are not needed.
        reference: what the model was trained on, or the like.

    Returns:
        What `noria.monitoring.drift.check` tells, with `target` and with `pictures` of the columns that moved.

    Raises:
        CliError: a file is none, or the reference lacks the time or has nothing to do with the model.
        UnreadableDatasetError: one cannot be read.
    """
    from noria.monitoring import drift
    from noria.monitoring.charts import pictures

    spec = specs.of_project(folder)
    time = spec.data.time
    before, now = files.profile(reference, time), files.profile(current)
    if not set(before.columns) & set(spec.data.columns):
        raise CliError(f"{reference} has none of the spec's columns ({', '.join(spec.data.columns)}); it has: {', '.join(before.columns)}")
    judged = drift.check(before, now, _blocks(reference, before, now, time), _ignored(spec, before, now), (time,) if time else (), spec.data.bad_rows.at_most)
    return {**judged, "target": spec.target, "pictures": pictures(judged, before, now)}


def _ignored(spec: "ModelSpec", before: "Profile", now: "Profile") -> set[str]:
    """Columns of the reference that are not looked at; truth may be missing."""
    known = {name for name, column in spec.data.columns.items() if column.drift != "ignore"} | {spec.target}
    return {name for name in before.columns if name not in known or name == spec.data.time or (name == spec.target and name not in now.columns)}


def _blocks(reference: Path, before: "Profile", now: "Profile", time: str | None) -> "list[Profile] | None":
    """The reference's blocks of time, about as long as the window; nothing where rows have no time."""
    from noria.profile.batches import blocks

    if time is None:
        return None
    if reference.suffix == files.KEPT:
        # Of a profile that was kept, no block of time can be told from another.
        return []
    known = before.columns[time].numbers
    if not known.count:
        raise CliError(f"{reference}: no value of {time} is a time (data.time), expected ISO 8601 or seconds since the epoch")
    window = now.columns[time].numbers if time in now.columns else None
    spanned = window.most - window.least if window and window.count else 0.0
    return blocks(reference, time, max(spanned, (known.most - known.least) / MOST_BLOCKS, SHORTEST_BLOCK))


def show(told: Json) -> None:
    """The verdict in words, and what each column shows."""
    render.console.print(render.word(told["verdict"]))
    for reason in told["reasons"]:
        render.console.print(Text(f"  {reason['text']}"))
    moved = "red" if told["verdict"] != "undecided" else "yellow"
    for name, column in told["columns"].items():
        style = moved if column["drifted"] else "dim"
        shown = f"{name} (target)" if name == told["target"] else name
        render.console.print(Text(f"  {shown:20} {column['measure']:10} {column['effect']:.3f}  limit {column['limit']:.3f}{_known(column)}", style=style))
    for name, picture in told["pictures"].items():
        render.picture(name, picture)


def _known(column: Json) -> str:
    """The well-known measures, for those who are used to them."""
    return "".join(f"  {name} {value:.3f}" for name, value in column["measures"].items())
