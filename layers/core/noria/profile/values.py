"""The different values of a column: counted one by one while they are few, sketched beyond that.

The number of different values is estimated by HyperLogLog (Flajolet, Fusy, Gandouet and Meunier, 2007), the most frequent ones by a
Misra-Gries summary (Anderson and others, 2017, A high-performance algorithm for identifying frequent items in data streams).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import datasketches

from noria.profile.hyperloglog import sketch_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from noria.profile.moments import Counts, Numbers

Value = str | float
#: Different values that are counted one by one, and characters of all of them; more of them are sketched.
MOST_EXACT, MOST_CHARACTERS = 256, 3_000
#: Longer texts are counted by their beginning (characters).
LONGEST_VALUE = 64
#: Size of the sketches. The number of different values is wrong by 2.3 % at two in three times; frequent values are held down to a
#: share of some 0.5 %.
HLL_LG_K, FREQUENT_LG_SIZE = 11, 8


@dataclass
class Values:
    """The different values of a column with their counts: exact while there are few, sketched beyond that.

    Attributes:
        counts: of each value; nothing once they are sketched.
        characters: of all values that are counted.
        distinct: a HyperLogLog sketch; `frequent`: a sketch of frequent items.
    """

    counts: dict[Value, int] | None = field(default_factory=dict)
    characters: int = 0
    distinct: Any = None
    frequent: Any = None

    def add(self, values: Iterable[tuple[Value, int]], rare: int = 0) -> None:
        """Add values with their counts.

        Args:
            rare: a value with a count up to this is not counted among the frequent ones.
        """
        rest = iter(values)
        if self.counts is not None:
            self._count(rest)
        if self.counts is None:
            distinct, frequent = self.distinct.update, self.frequent.update
            for value, count in rest:
                distinct(value)
                if count > rare:
                    frequent(text_of(value), count)

    def add_numbers(self, numbers: Numbers, counts: Counts, rare: int = 0) -> None:
        """Add different finite numbers with their counts; many of them at once are never counted one by one."""
        if len(numbers) <= MOST_EXACT and self.counts is not None:
            self.add(zip(numbers.tolist(), counts.tolist(), strict=True), rare)
            return
        if self.counts is not None:
            self._overflow()
        self._unite(sketch_of(numbers, HLL_LG_K))
        often = counts > rare
        for number, count in zip(numbers[often].tolist(), counts[often].tolist(), strict=True):
            self.frequent.update(text_of(number), count)

    def _unite(self, distinct: Any) -> None:
        """Add the different values that another sketch has counted."""
        union = datasketches.hll_union(HLL_LG_K)
        union.update(self.distinct)
        union.update(distinct)
        self.distinct = union.get_result(datasketches.tgt_hll_type.HLL_8)

    def _count(self, values: Iterator[tuple[Value, int]]) -> None:
        """Count values one by one, until there are too many different ones; the iterator then has the rest."""
        assert self.counts is not None
        for value, count in values:
            if value not in self.counts:
                self.characters += len(text_of(value))
            self.counts[value] = self.counts.get(value, 0) + count
            if len(self.counts) > MOST_EXACT or self.characters > MOST_CHARACTERS:
                self._overflow()
                return

    def merge(self, other: Values) -> None:
        """Add the values of another part of the column."""
        if other.counts is not None:
            self.add(other.counts.items())
            return
        if self.counts is not None:
            self._overflow()
        self._unite(other.distinct)
        self.frequent.merge(other.frequent)

    def _overflow(self) -> None:
        """Go over to sketches."""
        counts, self.counts = self.counts or {}, None
        self.distinct = datasketches.hll_sketch(HLL_LG_K, datasketches.tgt_hll_type.HLL_8)
        self.frequent = datasketches.frequent_strings_sketch(FREQUENT_LG_SIZE)
        self.add(counts.items())

    @property
    def exact(self) -> bool:
        return self.counts is not None

    def number(self) -> tuple[float, float, float]:
        """The number of different values: an estimate with bounds that hold in 997 of 1,000 cases."""
        if self.counts is not None:
            return (len(self.counts),) * 3
        return estimate_distinct(self.distinct, HLL_LG_K)

    def top(self, most: int) -> list[tuple[str, int, int]]:
        """The most frequent values with the bounds of their counts."""
        if self.counts is not None:
            return [(text_of(value), count, count) for value, count in sorted(self.counts.items(), key=lambda item: (-item[1], str(item[0])))[:most]]
        frequent = self.frequent.get_frequent_items(datasketches.frequent_items_error_type.NO_FALSE_POSITIVES)
        return [(value, int(least), int(largest)) for value, _, least, largest in sorted(frequent, key=lambda item: (-item[1], item[0]))[:most]]

    @classmethod
    def of_sketches(cls, distinct: bytes, frequent: Iterable[tuple[str, int, int]]) -> Values:
        """Out of serialised sketches: a HyperLogLog sketch, and frequent values with the bounds of their counts."""
        values = cls()
        values._overflow()
        values.distinct = datasketches.hll_sketch.deserialize(distinct)
        for value, least, _ in frequent:
            values.frequent.update(value, least)
        return values


def text_of(value: Value) -> str:
    """A value as a person writes it."""
    return value if isinstance(value, str) else f"{value:.15g}"


def estimate_distinct(sketch: Any, lg_k: int) -> tuple[float, float, float]:
    """A HyperLogLog sketch's number with bounds that hold in 997 of 1,000 cases, whatever the order in which its parts were merged."""
    union = datasketches.hll_union(lg_k)
    # With itself: only the estimate of a merged sketch does not depend on the order.
    union.update(sketch)
    union.update(sketch)
    merged = union.get_result(datasketches.tgt_hll_type.HLL_8)
    return float(merged.get_estimate()), float(merged.get_lower_bound(3)), float(merged.get_upper_bound(3))
