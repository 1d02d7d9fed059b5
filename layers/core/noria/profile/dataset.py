"""The summary of a dataset: its columns, rows, repeated keys and the order of its times."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import datasketches

from noria.kernel.errors import ContractError
from noria.profile.column import ColumnProfile
from noria.profile.values import estimate_distinct

if TYPE_CHECKING:
    from collections.abc import Iterable

    from noria.profile.shapes import ProfileDocument

#: Of the serialised form; later versions read every earlier one.
VERSION = 1
#: Level of zlib: a higher one takes several times as long for a few hundredths of the size.
COMPRESSION = 1
#: The sketch of keys is finer than that of a column's values: 0.8 % at two in three times.
KEYS_LG_K = 14


@dataclass
class Order:
    """Whether rows are in the order of their times; of parts, whether one ends before the other begins."""

    first: float | None = None
    last: float | None = None
    ordered: bool = True

    def follow(self, first: float, last: float, ordered: bool) -> None:
        """Add the next rows of the same stream."""
        self.ordered = self.ordered and ordered and (self.last is None or first >= self.last)
        self.first, self.last = (first if self.first is None else min(self.first, first)), (last if self.last is None else max(self.last, last))

    def merge(self, other: Order) -> None:
        """Add another part."""
        if other.first is None or other.last is None:
            return
        if self.first is None or self.last is None:
            self.first, self.last, self.ordered = other.first, other.last, other.ordered
            return
        apart = self.last <= other.first or other.last <= self.first
        self.ordered = self.ordered and other.ordered and apart
        self.first, self.last = min(self.first, other.first), max(self.last, other.last)


@dataclass
class Profile:
    """A dataset's summary.

    Attributes:
        columns: by name, in the order of the file.
        keys: of the rows' keys, where the key was named.
        is_typed: whether columns are of a contract's types, and not of what their texts look like.
        order: of the rows' times, where the time was named.
    """

    rows: int = 0
    columns: dict[str, ColumnProfile] = field(default_factory=dict)
    order: Order = field(default_factory=Order)
    keys: Any = None
    is_typed: bool = False

    def add_keys(self, keys: Iterable[str]) -> None:
        """Add the keys of rows, each as one text."""
        self.keys = self.keys or datasketches.hll_sketch(KEYS_LG_K, datasketches.tgt_hll_type.HLL_8)
        for key in keys:
            self.keys.update(key)

    def merge(self, other: Profile) -> None:
        """Add another part of the same dataset.

        A column that only one of both has counts as empty in the other.
        """
        for name in {**self.columns, **other.columns}:
            mine = self.columns.setdefault(name, ColumnProfile(rows=self.rows, nulls=self.rows))
            mine.merge(other.columns.get(name) or ColumnProfile(rows=other.rows, nulls=other.rows))
        self.rows += other.rows
        self.is_typed = self.is_typed or other.is_typed
        self.order.merge(other.order)
        if other.keys is not None:
            union = datasketches.hll_union(KEYS_LG_K)
            for keys in (self.keys, other.keys):
                if keys is not None:
                    union.update(keys)
            self.keys = union.get_result(datasketches.tgt_hll_type.HLL_8)

    def repeated(self) -> tuple[int, int] | None:
        """Rows that repeat the key of another one: bounds that hold in 997 of 1,000 cases."""
        if self.keys is None:
            return None
        _, fewest, largest = estimate_distinct(self.keys, KEYS_LG_K)
        least, most = self.rows - largest, self.rows - fewest
        return max(0, round(least)), max(0, round(most))

    def to_bytes(self) -> bytes:
        """Compressed JSON, at most some 5 KB a column."""
        document: ProfileDocument = {
            "version": VERSION,
            "rows": self.rows,
            "columns": {name: column.to_json() for name, column in self.columns.items()},
            "order": (self.order.first, self.order.last, self.order.ordered),
        }
        if self.is_typed:
            document["typed"] = True
        if self.keys is not None:
            document["keys"] = self.keys.serialize_compact().hex()
        return zlib.compress(json.dumps(document, separators=(",", ":"), allow_nan=False).encode(), COMPRESSION)

    @classmethod
    def from_bytes(cls, body: bytes) -> Self:
        """Out of what `to_bytes` of this or an earlier version returned.

        Raises:
            ContractError: these are no such bytes, or those of a later version.
        """
        document = _parse(body)
        columns = {name: ColumnProfile.from_json(column) for name, column in document["columns"].items()}
        profile = cls(document["rows"], columns, Order(*document["order"]), is_typed=document.get("typed", False))
        if "keys" in document:
            profile.keys = datasketches.hll_sketch.deserialize(bytes.fromhex(document["keys"]))
        return profile


def _parse(body: bytes) -> ProfileDocument:
    try:
        document: ProfileDocument = json.loads(zlib.decompress(body))
        version = int(document["version"])
    except (zlib.error, ValueError, KeyError, TypeError) as error:
        raise ContractError(f"{len(body)} bytes are no profile ({error}); expected what noria profile --out wrote") from error
    if version > VERSION:
        raise ContractError(f"the profile has version {version}, this Noria reads up to {VERSION}: bring it up to date")
    return document
