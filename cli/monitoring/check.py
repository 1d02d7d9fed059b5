"""Checks a file for drift against another, by the verdict that production would give. Needs no stack."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

from cli.base import files
from cli.base.errors import CliError
from cli.base.records import Drift
from cli.project.spec import of_project

if TYPE_CHECKING:
    from noria.profile.dataset import Profile
    from noria.spec import ModelSpec

#: The most blocks of the reference, and the shortest one (seconds).
MOST_BLOCKS, SHORTEST_BLOCK = 60, 3_600.0


class DriftCheck(Drift):
    """The verdict on a file, with the model's target."""

    target: str


def check(folder: Path, reference: Path, current: Path) -> DriftCheck:
    """The verdict on a file.

    Args:
        folder: the model project, whose spec names the columns, those to ignore, and the time. Its scripts need not exist.
        reference: the training data, or rows like it.

    Raises:
        CliError: there is no such file, or the reference lacks the time or every column of the spec.
        UnreadableDatasetError: a file has no format that Noria reads.
    """
    from noria.monitoring import drift
    from noria.monitoring.charts import pictures

    spec = of_project(folder)
    time = spec.data.time
    before, now = files.profile(reference, time), files.profile(current)
    if not set(before.columns) & set(spec.data.columns):
        raise CliError(f"{reference} has none of the spec's columns ({', '.join(spec.data.columns)}); it has: {', '.join(before.columns)}")
    blocks, times = _blocks(reference, before, now, time), (time,) if time else ()
    verdict = drift.check(before, now, blocks, _ignored(spec, before, now), times, spec.data.bad_rows.at_most)
    return cast("DriftCheck", {**verdict, "target": spec.target, "pictures": pictures(verdict, before, now)})


def _ignored(spec: "ModelSpec", before: "Profile", now: "Profile") -> set[str]:
    """Columns of the reference without a verdict; ground truth may be missing."""
    known = {name for name, column in spec.data.columns.items() if column.drift != "ignore"} | {spec.target}
    return {name for name in before.columns if name not in known or name == spec.data.time or (name == spec.target and name not in now.columns)}


def _blocks(reference: Path, before: "Profile", now: "Profile", time: str | None) -> "list[Profile] | None":
    """The reference's blocks of time, about as long as the current file; nothing where rows have no time."""
    from noria.profile.batches import blocks

    if time is None:
        return None
    if reference.suffix == files.PROFILE_SUFFIX:
        # A profile does not tell one block of time from another.
        return []
    numbers = before.columns[time].numbers
    if not numbers.count:
        raise CliError(f"{reference}: no value of {time} is a time (data.time), expected ISO 8601 or seconds since the epoch")
    window = now.columns[time].numbers if time in now.columns else None
    length = window.most - window.least if window and window.count else 0.0
    return blocks(reference, time, max(length, (numbers.most - numbers.least) / MOST_BLOCKS, SHORTEST_BLOCK))
