"""128-bit fingerprints of rows by some of their columns, a whole batch at a time: two rows are alike when their fingerprints are."""

from __future__ import annotations

import tempfile
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from noria.tables.words import Words

#: Odd constants of SplitMix64 (Steele, Lea and Flood, 2014) and of MurmurHash3's finaliser.
GOLDEN, FIRST, SECOND, THIRD, FOURTH = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xBF58476D1CE4E5B9),
    np.uint64(0x94D049BB133111EB),
    np.uint64(0xFF51AFD7ED558CCD),
    np.uint64(0xC4CEB9FE1A85EC53),
)
#: Texts of more bytes are hashed one by one.
SHORT = 32
Fingerprints = Any
Places = Any


def fingerprints(columns: Sequence[Words]) -> Fingerprints:
    """The fingerprint of each row: an array of two 64-bit numbers a row."""
    with np.errstate(over="ignore"):
        low = high = np.zeros(len(columns[0]), np.uint64)
        for column in columns:
            first, second = _of_values(column.values)
            if column.places is not None:
                first, second = first[column.places], second[column.places]
            low = _mixed(low * GOLDEN + first, FIRST, SECOND)
            high = _mixed(high * GOLDEN + second, THIRD, FOURTH)
    return np.stack([low, high], axis=1)


def _mixed(bits: Any, first: Any, second: Any) -> Any:
    bits = (bits ^ (bits >> np.uint64(30))) * first
    bits = (bits ^ (bits >> np.uint64(27))) * second
    return bits ^ (bits >> np.uint64(31))


def _of_values(values: pa.Array) -> tuple[Any, Any]:
    kind = values.type
    if pa.types.is_string(kind):
        return _of_texts(values)
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_timestamp(kind) or pa.types.is_date64(kind):
        bits = pc.fill_null(pc.cast(values, pa.int64(), safe=False), 0).to_numpy(zero_copy_only=False).view(np.uint64)
    elif pa.types.is_floating(kind):
        # Zero is zero, whatever its sign.
        bits = (pc.fill_null(pc.cast(values, pa.float64()), 0.0).to_numpy(zero_copy_only=False) + 0.0).view(np.uint64)
    else:
        return _of_texts(pa.array([None if value is None else str(value) for value in values.to_pylist()], pa.string()))
    empty = values.is_null().to_numpy(zero_copy_only=False).astype(np.uint64)
    return _mixed(bits + GOLDEN + empty, FIRST, SECOND), _mixed(bits + FOURTH + (empty << np.uint64(1)), THIRD, FOURTH)


def _of_texts(texts: pa.Array) -> tuple[Any, Any]:
    """Of texts: eight bytes at a time where they are short."""
    count = len(texts)
    lengths = pc.fill_null(pc.binary_length(texts), -1).to_numpy(zero_copy_only=False).astype(np.int64)
    low, high = _mixed(lengths.astype(np.uint64) + GOLDEN, FIRST, SECOND), _mixed(lengths.astype(np.uint64) + FOURTH, THIRD, FOURTH)
    short = lengths <= SHORT
    for number in range(0, min(SHORT, int(lengths[short].max(initial=0))), 8):
        lane = _lane(texts, number)
        reached = short & (lengths > number)
        low = np.where(reached, _mixed(low * GOLDEN + lane, FIRST, SECOND), low)
        high = np.where(reached, _mixed(high * GOLDEN + lane, THIRD, FOURTH), high)
    for place in np.flatnonzero(~short):
        digest = blake2b(texts[int(place)].as_buffer(), digest_size=16).digest()
        low[place], high[place] = np.frombuffer(digest, np.uint64)
    assert len(low) == count
    return low, high


def _lane(texts: pa.Array, begin: int) -> Any:
    """Eight bytes of each text from a place on, as one number; zero where it has no more."""
    parts = pc.binary_slice(pc.cast(pc.fill_null(texts, ""), pa.binary()), begin, begin + 8)
    sizes = pc.binary_length(parts).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    data = np.frombuffer(b"".join([bytes(parts.buffers()[2] or b"")]), np.uint8) if parts.buffers()[2] else np.empty(0, np.uint8)
    begin_at = np.frombuffer(parts.buffers()[1], np.int32)[parts.offset] if len(parts) else 0
    data = data[begin_at : begin_at + int(offsets[-1])]
    result = np.zeros((len(parts), 8), np.uint8)
    rows = np.repeat(np.arange(len(parts)), sizes)
    result[rows, np.arange(len(data)) - np.repeat(offsets[:-1], sizes)] = data
    return result.view(np.uint64).ravel()


class Repeats:
    """Finds rows that are alike among any number of them, in bounded memory: beyond `AT_ONCE` of them fingerprints wait in a temporary file."""

    #: Fingerprints that are compared at once (16 bytes each).
    AT_ONCE = 4_000_000

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=16 * self.AT_ONCE)  # noqa: SIM115 - it lives as long as the table is read
        self._rows = 0

    def close(self) -> None:
        """Forget all rows."""
        self._file.close()

    def add(self, prints: Fingerprints) -> None:
        """Add the next rows."""
        self._file.write(np.ascontiguousarray(prints, np.uint64).tobytes())
        self._rows += len(prints)

    def later(self) -> Places:
        """The places of rows that repeat an earlier one, in ascending order; the first row is 0."""
        parts = max(1, -(-self._rows // self.AT_ONCE))
        return np.sort(np.concatenate([self._part(number, parts) for number in range(parts)]))

    def _part(self, number: int, parts: int) -> Places:
        """Repeats among the fingerprints that fall into one part."""
        self._file.seek(0)
        prints, places, begin = [np.empty((0, 2), np.uint64)], [np.empty(0, np.int64)], 0
        while block := self._file.read(self.AT_ONCE * 16):
            rows = np.frombuffer(block, np.uint64).reshape(-1, 2)
            chosen = np.arange(len(rows)) if parts == 1 else np.flatnonzero(rows[:, 0] % np.uint64(parts) == number)
            prints.append(rows[chosen])
            places.append(chosen + begin)
            begin += len(rows)
        every, where = np.concatenate(prints), np.concatenate(places)
        # By the first half alone while nothing is alike in it.
        halves = np.sort(every[:, 0])
        if not (halves[1:] == halves[:-1]).any():
            return np.empty(0, np.int64)
        order = np.lexsort((where, every[:, 1], every[:, 0]))
        ordered = every[order]
        return where[order[1:][(ordered[1:] == ordered[:-1]).all(axis=1)]]
