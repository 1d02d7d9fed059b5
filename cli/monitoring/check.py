"""Checks a file for drift against another, by the verdict that production would give. Needs no stack."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, cast

from cli.base import files
from cli.base.errors import CliError
from cli.base.records import Drift
from cli.project.spec import of_project

if TYPE_CHECKING:
    from noria.profile.dataset import Profile
    from noria.spec import ModelSpec

#: The most blocks of the reference, and the shortest one (seconds).
MOST_BLOCKS, SHORTEST_BLOCK = 60, 3_600.0


class ComparedFile(TypedDict):
    """One of the two files: its rows, and the first and the last of their times (ISO 8601), where the spec names a time."""

    file: str
    rows: int
    since: str | None
    until: str | None


class Blocks(TypedDict):
    """Blocks of time of the reference, and how long each is."""

    count: int
    seconds: float


class DriftCheck(Drift):
    """The verdict on a file, with the model and its target, both files, and the reference's blocks where its rows have times."""

    model: str
    target: str
    reference: ComparedFile
    current: ComparedFile
    blocks: Blocks | None
    ignored: list[str]


@dataclass(frozen=True)
class Comparison:
    """A verdict with the profiles that it is about, and the column of the time."""

    result: DriftCheck
    before: "Profile"
    now: "Profile"
    time: str | None


def check(folder: Path, reference: Path, current: Path) -> DriftCheck:
    """The verdict on a file; see `compare`."""
    return compare(folder, reference, current).result


def compare(folder: Path, reference: Path, current: Path) -> Comparison:
    """The verdict on a file, with both profiles.

    Args:
        folder: the model project, whose spec names the columns, those to ignore, and the time. Its scripts need not exist.
        reference: the training data, or rows like it.

    Raises:
        CliError: there is no such file, or the reference lacks the time or every column of the spec.
        UnreadableDatasetError: a file has no format that Noria reads.
    """
    from noria.monitoring import drift
    from noria.monitoring.charts import pictures
    from noria.profile.batches import blocks as blocks_of
    from noria.tables.source import FileSource

    spec = of_project(folder)
    time = spec.data.time
    before, now = files.profile(reference, time), files.profile(current)
    if not set(before.columns) & set(spec.data.columns):
        raise CliError(f"{reference} has none of the spec's columns ({', '.join(spec.data.columns)}); it has: {', '.join(before.columns)}")
    seconds, times = _block_seconds(reference, before, now, time), (time,) if time else ()
    # A profile does not tell one block of time from another.
    blocks = None if time is None else blocks_of(FileSource(reference), time, seconds) if seconds else []
    ignored = _ignored(spec, before, now)
    verdict = drift.check(before, now, blocks, ignored, times, spec.data.bad_rows.at_most)
    facts = {
        "model": spec.name,
        "target": spec.target,
        "reference": _file(reference, before, time),
        "current": _file(current, now, time),
        "blocks": None if blocks is None else {"count": len(blocks), "seconds": seconds},
        "ignored": sorted(ignored),
    }
    return Comparison(cast("DriftCheck", {**verdict, **facts, "pictures": pictures(verdict, before, now)}), before, now, time)


def _ignored(spec: "ModelSpec", before: "Profile", now: "Profile") -> set[str]:
    """Columns of the reference without a verdict; ground truth may be missing."""
    known = {name for name, column in spec.data.columns.items() if column.drift != "ignore"} | {spec.target}
    return {name for name in before.columns if name not in known or name == spec.data.time or (name == spec.target and name not in now.columns)}


def _block_seconds(reference: Path, before: "Profile", now: "Profile", time: str | None) -> float:
    """The length of the reference's blocks of time, about that of the current file; 0 where none are known."""
    if time is None or reference.suffix == files.PROFILE_SUFFIX:
        return 0.0
    numbers = before.columns[time].numbers
    if not numbers.count:
        raise CliError(f"{reference}: no value of {time} is a time (data.time), expected ISO 8601 or seconds since the epoch")
    window = now.columns[time].numbers if time in now.columns else None
    length = window.most - window.least if window and window.count else 0.0
    return max(length, (numbers.most - numbers.least) / MOST_BLOCKS, SHORTEST_BLOCK)


def _file(path: Path, profile: "Profile", time: str | None) -> ComparedFile:
    numbers = profile.columns[time].numbers if time in profile.columns else None
    since, until = (_iso(numbers.least), _iso(numbers.most)) if numbers and numbers.count else (None, None)
    return {"file": path.name, "rows": profile.rows, "since": since, "until": until}


def _iso(seconds: float) -> str | None:
    """A time in ISO 8601; nothing where no calendar has it."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (ValueError, OverflowError):
        return None
