"""What later data of a model is held against: the profile of a dataset, and of its blocks of time."""

import base64
from collections.abc import Sequence

from noria.profile.dataset import Profile
from noria.profile.reading import profile_rows, rows_by_time

#: A dataset is cut into days, or into so many blocks where it is longer.
DAY, MOST_BLOCKS = 86_400.0, 400


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
    made: list[Profile] = []
    for part in parts:
        if not made or made[-1].rows >= rows:
            made.append(Profile())
        made[-1].merge(part)
    if len(made) > 1 and made[-1].rows < rows / 2:
        made[-2].merge(made.pop())
    return made
