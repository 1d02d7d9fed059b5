"""What later data of a model is held against: the profile of a dataset, and of its blocks of time."""

import base64
from collections.abc import Sequence

import pyarrow as pa

from noria.kernel.values import EMPTY, parse_timestamp
from noria.profile.batches import add
from noria.profile.dataset import Profile
from noria.profile.formats import BATCH_ROWS

#: A dataset is cut into days, or into so many blocks where it is longer.
DAY, MOST_BLOCKS = 86_400.0, 400
#: Blocks that are held against each other: what is usual does not become clearer by more of them.
MOST_USUAL = 48


def profile_rows(names: Sequence[str], rows: Sequence[Sequence[str]], time: str | None = None, key: tuple[str, ...] = ()) -> Profile:
    """The profile of rows that are at hand as texts."""
    result = Profile()
    for begin in range(0, max(1, len(rows)), BATCH_ROWS):
        part = rows[begin : begin + BATCH_ROWS]
        columns = [
            pa.array([None if value in EMPTY else value for value in values], pa.string())
            for values in (zip(*part, strict=True) if part else [()] * len(names))
        ]
        add(result, pa.RecordBatch.from_arrays(columns, list(names)), time, key)
    return result


def rows_by_time(rows: Sequence[Sequence[str]], column: int, seconds: float) -> list[list[Sequence[str]]]:
    """Rows by blocks of time, each so many seconds long, in their order."""
    result: dict[int, list[Sequence[str]]] = {}
    for row in rows:
        result.setdefault(int(parse_timestamp(row[column]) // seconds), []).append(row)
    return [result[number] for number in sorted(result)]


def blocks(header: Sequence[str], rows: Sequence[Sequence[str]], time: str, whole: Profile) -> list[Profile]:
    """The profiles of a dataset's blocks of time, in their order."""
    first, last = whole.order.first, whole.order.last
    if first is None or last is None:
        return []
    return [profile_rows(header, part) for part in rows_by_time(rows, list(header).index(time), max(DAY, (last - first) / MOST_BLOCKS))]


def packed(parts: Sequence[Profile]) -> bytes:
    """Several profiles as one object, one a line."""
    return b"\n".join(base64.b85encode(part.to_bytes()) for part in parts)


def unpacked(body: bytes) -> list[Profile]:
    return [Profile.from_bytes(base64.b85decode(line)) for line in body.split(b"\n") if line]


def by_rows(parts: Sequence[Profile], rows: int) -> list[Profile]:
    """Blocks put together, one after the other, until each has about so many rows: as long as the window that is looked at."""
    results: list[Profile] = []
    rows = max(rows, sum(part.rows for part in parts) // MOST_USUAL)
    for part in parts:
        if not results or results[-1].rows >= rows:
            results.append(Profile())
        results[-1].merge(part)
    if len(results) > 1 and results[-1].rows < rows / 2:
        results[-2].merge(results.pop())
    return results
