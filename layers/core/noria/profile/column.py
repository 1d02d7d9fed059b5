"""The summary of one column: exact where that is cheap, sketched where it is not, and mergeable in any order and grouping.

Counts, moments and bounds are exact. Values are counted one by one while there are few different ones; beyond that their
number is estimated by HyperLogLog (Flajolet, Fusy, Gandouet and Meunier, 2007), the most frequent ones by a Misra-Gries
summary (Anderson and others, 2017, A high-performance algorithm for identifying frequent items in data streams). Quantiles
of numbers and times are those of a KLL sketch (Karnin, Lang and Liberty, 2016, Optimal quantile approximation in streams).
The sketches are Apache DataSketches', whose serialised forms are read by all later versions and by other languages.
"""

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import datasketches
import numpy as np

from noria.kernel.json import Json
from noria.profile import quantiles
from noria.profile.moments import Counts, Moments, Numbers

Value = str | float
#: Different values that are counted one by one, and characters of all of them; more of them are sketched.
MOST_EXACT, MOST_CHARACTERS = 256, 3_000
#: Longer texts are counted by what they begin with (characters).
LONGEST_VALUE = 64
#: Size of the sketches. A quantile's rank is wrong by up to 1.65 %, a number of different values by 2.3 % at two in three
#: times; frequent values are kept down to a share of some 0.5 %.
KLL_K, HLL_LG_K, FREQUENT_LG_SIZE = 200, 11, 8
#: Kinds of values, narrower ones first.
INTEGER, NUMBER, BOOLEAN, TIME, TEXT = "integer", "number", "boolean", "time", "string"
KINDS = (INTEGER, NUMBER, BOOLEAN, TIME, TEXT)


@dataclass
class Values:
    """Which values there are, and how often: all of them, or what can be said of too many."""

    counts: dict[Value, int] | None = field(default_factory=dict)
    characters: int = 0
    distinct: Any = None
    frequent: Any = None

    def add(self, results: Iterable[tuple[Value, int]], rare: int = 0) -> None:
        """Values with how often each was seen.

        Args:
            rare: a count up to this is too small a part of what is added to make a value a frequent one.
        """
        rest = iter(results)
        if self.counts is not None:
            self._count(rest)
        if self.counts is None:
            distinct, frequent = self.distinct.update, self.frequent.update
            for value, count in rest:
                distinct(value)
                if count > rare:
                    frequent(_told(value), count)

    def _count(self, results: Iterator[tuple[Value, int]]) -> None:
        """One by one, until there are too many different ones; what is left of them then is still to be taken."""
        assert self.counts is not None
        for value, count in results:
            if value not in self.counts:
                self.characters += len(_told(value))
            self.counts[value] = self.counts.get(value, 0) + count
            if len(self.counts) > MOST_EXACT or self.characters > MOST_CHARACTERS:
                self._overflow()
                return

    def merge(self, other: "Values") -> None:
        if other.counts is not None:
            self.add(other.counts.items())
            return
        if self.counts is not None:
            self._overflow()
        union = datasketches.hll_union(HLL_LG_K)
        union.update(self.distinct)
        union.update(other.distinct)
        self.distinct = union.get_result(datasketches.tgt_hll_type.HLL_8)
        self.frequent.merge(other.frequent)

    def _overflow(self) -> None:
        counts, self.counts = self.counts or {}, None
        self.distinct = datasketches.hll_sketch(HLL_LG_K, datasketches.tgt_hll_type.HLL_8)
        self.frequent = datasketches.frequent_strings_sketch(FREQUENT_LG_SIZE)
        self.add(counts.items())

    @property
    def exact(self) -> bool:
        return self.counts is not None

    def number(self) -> tuple[float, float, float]:
        """How many different values there are: estimate, and bounds that hold in 997 of 1,000 cases."""
        if self.counts is not None:
            return (len(self.counts),) * 3
        return estimated(self.distinct, HLL_LG_K)

    def top(self, most: int) -> list[tuple[str, int, int]]:
        """The most frequent values with the bounds of their counts."""
        if self.counts is not None:
            return [(_told(value), count, count) for value, count in sorted(self.counts.items(), key=lambda item: (-item[1], str(item[0])))[:most]]
        result = self.frequent.get_frequent_items(datasketches.frequent_items_error_type.NO_FALSE_POSITIVES)
        return [(value, int(least), int(largest)) for value, _, least, largest in sorted(result, key=lambda item: (-item[1], item[0]))[:most]]


@dataclass
class ColumnProfile:
    """One column.

    Attributes:
        rows: all of them, empty ones included.
        kinds: how many values are of each kind; a number that is whole is an integer.
        nulls: empty values. `nans` and `infinities` are apart.
        numbers: of the finite numbers; of times, seconds since the epoch.
        lengths: of texts, in characters.
    """

    rows: int = 0
    nulls: int = 0
    nans: int = 0
    infinities: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    numbers: Moments = field(default_factory=Moments)
    lengths: Moments = field(default_factory=Moments)
    values: Values = field(default_factory=Values)
    _quantiles: Any = field(default_factory=lambda: datasketches.kll_floats_sketch(KLL_K))

    def add_values(self, results: Iterable[tuple[Value, int]], rare: int = 0) -> None:
        """Which values there are, before what they are is told; see `Values.add`."""
        before = None if self.values.counts is None else dict(self.values.counts)
        self.values.add(results, rare)
        self._sketch(before)

    def add_numbers(self, kind: str, values: Numbers, counts: Counts) -> None:
        """Numbers, or times in seconds since the epoch, that came so many times each."""
        finite = np.isfinite(values)
        if not finite.all():
            nans = int(counts[np.isnan(values)].sum())
            self.nans += nans
            self.infinities += int(counts[~finite].sum()) - nans
            values, counts = values[finite], counts[finite]
        rows = int(counts.sum())
        if kind in (INTEGER, NUMBER):
            whole = int(counts[values == np.floor(values)].sum()) if kind == NUMBER else rows
            self._count(INTEGER, whole)
            self._count(NUMBER, rows - whole)
        else:
            self._count(kind, rows)
        self.numbers.add(Moments.of(values, counts))
        if not self.values.exact:
            quantiles.take(self._quantiles, values, counts)

    def add_texts(self, kind: str, lengths: Numbers, counts: Counts) -> None:
        """Texts, or truth values, by their lengths and how often each came."""
        self._count(kind, int(counts.sum()))
        self.lengths.add(Moments.of(lengths, counts))

    def merge(self, other: "ColumnProfile") -> None:
        """Take another part of the same column into account; its order and grouping change nothing."""
        self.rows, self.nulls = self.rows + other.rows, self.nulls + other.nulls
        self.nans, self.infinities = self.nans + other.nans, self.infinities + other.infinities
        for kind, count in other.kinds.items():
            self._count(kind, count)
        self.numbers.add(other.numbers)
        self.lengths.add(other.lengths)
        before = None if self.values.counts is None else dict(self.values.counts)
        self.values.merge(other.values)
        self._sketch(before)
        if not self.values.exact:
            self._sketch(other.values.counts)
            self._quantiles.merge(other._quantiles)

    def _sketch(self, counts: dict[Value, int] | None) -> None:
        """Take numbers that were counted one by one into the sketch, once there are too many of them."""
        if self.values.exact or not counts:
            return
        numbers = [(value, count) for value, count in counts.items() if not isinstance(value, str)]
        if numbers:
            values, times = zip(*numbers, strict=True)
            quantiles.take(self._quantiles, np.array(values, np.float64), np.array(times, np.int64))

    def _sorted(self) -> tuple[Numbers, Numbers]:
        """The numbers that are counted one by one, and which share of all is at most each."""
        numbers = sorted((value, count) for value, count in (self.values.counts or {}).items() if not isinstance(value, str))
        counts = np.cumsum([count for _, count in numbers])
        return np.array([value for value, _ in numbers]), counts / counts[-1] if numbers else counts

    def _count(self, kind: str, count: int) -> None:
        if count:
            self.kinds[kind] = self.kinds.get(kind, 0) + count

    @property
    def kind(self) -> str:
        """The narrowest kind that holds every value; `string` where there is none."""
        present = [kind for kind in KINDS if self.kinds.get(kind)]
        if set(present) == {INTEGER, NUMBER}:
            return NUMBER
        return present[0] if len(present) == 1 else TEXT

    def quantile(self, share: float) -> float | None:
        """The number below which such a share of the numbers lies."""
        result = self.quantiles([share])
        return result[0] if result else None

    def quantiles(self, shares: Sequence[float]) -> list[float]:
        """The numbers below which such shares of all of them lie; nothing where there are none."""
        if not self.numbers.count:
            return []
        if self.values.exact:
            numbers, below = self._sorted()
            results = numbers[np.minimum(np.searchsorted(below, shares), len(numbers) - 1)].tolist()
        else:
            results = [float(value) for value in self._quantiles.get_quantiles(list(shares))]
        ends = {0.0: self.numbers.least, 1.0: self.numbers.most}
        return [ends.get(share, value) for share, value in zip(shares, results, strict=True)]

    def ranks(self, points: Sequence[float]) -> list[float]:
        """The shares of the numbers that are at most each point; both in single precision, as the sketch keeps them."""
        if not self.numbers.count:
            return []
        points = [float(np.float32(point)) for point in points]
        if self.values.exact:
            numbers, shares = self._sorted()
            below = np.concatenate([[0.0], shares])
            return [float(share) for share in below[np.searchsorted(numbers.astype(np.float32), np.array(points, np.float32), side="right")]]
        return [float(self._quantiles.get_rank(point, True)) for point in points]

    @property
    def rank_error(self) -> float:
        """By how much such a share may be wrong; nothing while every number is kept."""
        return float(self._quantiles.normalized_rank_error(False)) if not self.values.exact and self._quantiles.is_estimation_mode() else 0.0

    def to_json(self) -> Json:
        """As it is kept: below 5 KB."""
        result: Json = {"rows": self.rows, "nulls": self.nulls, "nans": self.nans, "infinities": self.infinities, "kinds": self.kinds}
        for name, moments in (("numbers", self.numbers), ("lengths", self.lengths)):
            if moments.count:
                result[name] = [moments.count, moments.mean, moments.squares, moments.least, moments.most]
        if not self._quantiles.is_empty():
            result["kll"] = _packed(self._quantiles.serialize())
        if self.values.counts is not None:
            result["counts"] = list(self.values.counts.items())
        else:
            result["hll"] = _packed(self.values.distinct.serialize_compact())
            result["frequent"] = self.values.top(MOST_KEPT)
        return result

    @classmethod
    def from_json(cls, result: Json) -> Self:
        output = cls(result["rows"], result["nulls"], result["nans"], result["infinities"], dict(result["kinds"]))
        for name in ("numbers", "lengths"):
            if name in result:
                setattr(output, name, Moments(*result[name]))
        if "kll" in result:
            output._quantiles = datasketches.kll_floats_sketch.deserialize(_unpacked(result["kll"]))
        if "counts" in result:
            output.values.add((value, count) for value, count in result["counts"])
        else:
            output.values._overflow()
            output.values.distinct = datasketches.hll_sketch.deserialize(_unpacked(result["hll"]))
            for value, least, _ in result["frequent"]:
                output.values.frequent.update(value, least)
        return output


#: Frequent values that are kept of a sketched column.
MOST_KEPT = 24


def estimated(sketch: Any, lg_k: int) -> tuple[float, float, float]:
    """A HyperLogLog's number with bounds that hold in 997 of 1,000 cases: the same, however the sketch was put together."""
    union = datasketches.hll_union(lg_k)
    # With itself: only what was merged is estimated without regard to the order in which it came.
    union.update(sketch)
    union.update(sketch)
    result = union.get_result(datasketches.tgt_hll_type.HLL_8)
    return float(result.get_estimate()), float(result.get_lower_bound(3)), float(result.get_upper_bound(3))


def _told(value: Value) -> str:
    """A value as a person writes it."""
    return value if isinstance(value, str) else f"{value:.15g}"


def _packed(body: bytes) -> str:
    return base64.b85encode(body).decode()


def _unpacked(text: str) -> bytes:
    return base64.b85decode(text)
