"""The reference of drift checks: the profile of a dataset, and the profiles of its blocks of time."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from noria.kernel.values import EMPTY, parse_timestamp
from noria.profile.batches import add, add_columns
from noria.profile.dataset import Order, Profile
from noria.tables.read import BATCH_ROWS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from noria.tables.words import Words

#: A block is a day (seconds), or longer where there were more than so many: enough of them to make up evenly those that are compared.
DAY, MOST_BLOCKS = 86_400.0, 160
#: The first line of packed profiles.
PACKED = b"noria-profiles-2"
#: Blocks that are compared with each other: more of them show the usual variation no better.
MOST_USUAL = 48


def profile_rows(names: Sequence[str], rows: Sequence[Sequence[str]], time: str | None = None, key: tuple[str, ...] = ()) -> Profile:
    """The profile of rows of texts."""
    profile = Profile()
    for begin in range(0, max(1, len(rows)), BATCH_ROWS):
        part = rows[begin : begin + BATCH_ROWS]
        columns = [
            pa.array([None if value in EMPTY else value for value in values], pa.string())
            for values in (zip(*part, strict=True) if part else [()] * len(names))
        ]
        add(profile, pa.RecordBatch.from_arrays(columns, list(names)), time, key)
    return profile


def rows_by_time(rows: Sequence[Sequence[str]], column: int, seconds: float) -> list[list[Sequence[str]]]:
    """Rows by blocks of time, each so many seconds long, in their order."""
    blocks: dict[int, list[Sequence[str]]] = {}
    for row in rows:
        blocks.setdefault(int(parse_timestamp(row[column]) // seconds), []).append(row)
    return [blocks[number] for number in sorted(blocks)]


class Blocks:
    """The profiles of blocks of time of a dataset that is read once: days, or twice as long whenever there are too many of them.

    Attributes:
        order: of the rows' times.
    """

    def __init__(self) -> None:
        self._seconds, self._parts, self.order = DAY, dict[int, Profile](), Order()

    def add(self, columns: Mapping[str, Words], times: Any) -> None:
        """Add rows with their times (seconds since the epoch; rows without a time are left out)."""
        present = times[np.isfinite(times)]
        if present.size:
            self.order.follow(float(present[0]), float(present[-1]), bool(np.all(np.diff(present) >= 0)))
        numbers = np.floor(times / self._seconds)
        for number in np.unique(numbers[np.isfinite(numbers)]).tolist():
            here = numbers == number
            some = columns if here.all() else {name: words.filter(here) for name, words in columns.items()}
            add_columns(self._parts.setdefault(int(number), Profile()), some)
        while len(self._parts) > MOST_BLOCKS:
            self._double()

    def _double(self) -> None:
        self._seconds *= 2
        parts, self._parts = self._parts, {}
        for number in sorted(parts):
            if (mine := self._parts.get(number // 2)) is None:
                self._parts[number // 2] = parts[number]
            else:
                mine.merge(parts[number])

    def in_order(self) -> list[Profile]:
        """The profiles in the order of their times."""
        return [self._parts[number] for number in sorted(self._parts)]


def pack(parts: Sequence[Profile]) -> bytes:
    """Profiles as one object, one a line."""
    return b"\n".join([PACKED, *(base64.b64encode(part.to_bytes()) for part in parts)])


def unpack(body: bytes) -> list[Profile]:
    """The profiles of such an object, also of one of the first version, whose lines are in base 85."""
    first, *lines = body.split(b"\n")
    if first == PACKED:
        return [Profile.from_bytes(base64.b64decode(line)) for line in lines]
    return [Profile.from_bytes(base64.b85decode(line)) for line in (first, *lines) if line]


def merge_blocks(parts: Sequence[Profile], rows: int) -> list[Profile]:
    """Consecutive blocks, merged until each has about so many rows: as many as the window that is compared."""
    merged: list[Profile] = []
    rows = max(rows, sum(part.rows for part in parts) // MOST_USUAL)
    for part in parts:
        if not merged or merged[-1].rows >= rows:
            merged.append(Profile())
        merged[-1].merge(part)
    if len(merged) > 1 and merged[-1].rows < rows / 2:
        merged[-2].merge(merged.pop())
    return merged
