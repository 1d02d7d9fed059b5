"""The summary of one column: exact where that is cheap, sketched where it is not, and mergeable in any order and grouping.

Counts, moments and bounds are exact; different values are counted or sketched (`noria.profile.values`). Quantiles of numbers and times
are those of a KLL sketch (Karnin, Lang and Liberty, 2016, Optimal quantile approximation in streams). The sketches are Apache
DataSketches'; later versions and other languages read their serialised forms.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import datasketches
import numpy as np

from noria.profile import quantiles
from noria.profile.moments import Counts, Moments, Numbers
from noria.profile.values import Value, Values

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from noria.profile.shapes import ColumnDocument

#: Size of the sketch of quantiles: a quantile's rank is wrong by up to 1.65 %.
KLL_K = 200
#: Frequent values that the document of a sketched column holds.
MOST_KEPT = 24
#: Begins a sketch in base 64; no digit of base 85.
BASE_64 = ":"
#: Kinds of values, narrower ones first.
INTEGER, NUMBER, BOOLEAN, TIME, TEXT = "integer", "number", "boolean", "time", "string"
KINDS = (INTEGER, NUMBER, BOOLEAN, TIME, TEXT)


@dataclass
class ColumnProfile:
    """One column.

    Attributes:
        rows: all of them, empty ones included.
        nulls: empty values; `nans` and `infinities` are not among them.
        kinds: the number of values of each kind; a whole number is an integer.
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

    def add_values(self, values: Iterable[tuple[Value, int]], rare: int = 0) -> None:
        """Add values with their counts, before their kinds; see `Values.add`."""
        before = None if self.values.counts is None else dict(self.values.counts)
        self.values.add(values, rare)
        self._sketch(before)

    def add_number_values(self, values: Numbers, counts: Counts, rare: int = 0) -> None:
        """Add different finite numbers with their counts, before their kinds."""
        before = None if self.values.counts is None else dict(self.values.counts)
        self.values.add_numbers(values, counts, rare)
        self._sketch(before)

    def add_numbers(self, kind: str, values: Numbers, counts: Counts) -> None:
        """Add numbers, or times in seconds since the epoch, with their counts."""
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
        """Add texts, or truth values, by their lengths and counts."""
        self._count(kind, int(counts.sum()))
        self.lengths.add(Moments.of(lengths, counts))

    def merge(self, other: ColumnProfile) -> None:
        """Add another part of the same column; order and grouping of the parts change nothing."""
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
        """Add numbers that were counted one by one to the sketch, once there are too many of them."""
        if self.values.exact or not counts:
            return
        numbers = [(value, count) for value, count in counts.items() if not isinstance(value, str)]
        if numbers:
            values, times = zip(*numbers, strict=True)
            quantiles.take(self._quantiles, np.array(values, np.float64), np.array(times, np.int64))

    def _sorted(self) -> tuple[Numbers, Numbers]:
        """The numbers that are counted one by one, in their order, and their cumulative shares."""
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
        numbers = self.quantiles([share])
        return numbers[0] if numbers else None

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
        """The shares of the numbers that are at most each point; both in single precision, the sketch's."""
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
        """The error of such a share; 0 while every number is counted."""
        return float(self._quantiles.normalized_rank_error(False)) if not self.values.exact and self._quantiles.is_estimation_mode() else 0.0

    def to_json(self) -> ColumnDocument:
        """Below 5 KB."""
        document: ColumnDocument = {"rows": self.rows, "nulls": self.nulls, "nans": self.nans, "infinities": self.infinities, "kinds": self.kinds}
        if self.numbers.count:
            document["numbers"] = self.numbers.to_json()
        if self.lengths.count:
            document["lengths"] = self.lengths.to_json()
        if not self._quantiles.is_empty():
            document["kll"] = _encode(self._quantiles.serialize())
        if self.values.counts is not None:
            document["counts"] = list(self.values.counts.items())
        else:
            document["hll"] = _encode(self.values.distinct.serialize_compact())
            document["frequent"] = self.values.top(MOST_KEPT)
        return document

    @classmethod
    def from_json(cls, document: ColumnDocument) -> Self:
        """Out of what `to_json` returned."""
        column = cls(document["rows"], document["nulls"], document["nans"], document["infinities"], dict(document["kinds"]))
        if "numbers" in document:
            column.numbers = Moments(*document["numbers"])
        if "lengths" in document:
            column.lengths = Moments(*document["lengths"])
        if "kll" in document:
            column._quantiles = datasketches.kll_floats_sketch.deserialize(_decode(document["kll"]))
        if "counts" in document:
            column.values.add((value, count) for value, count in document["counts"])
        else:
            column.values = Values.of_sketches(_decode(document["hll"]), document["frequent"])
        return column


def _encode(body: bytes) -> str:
    return BASE_64 + base64.b64encode(body).decode()


def _decode(text: str) -> bytes:
    """A sketch; the first version has it in base 85."""
    return base64.b64decode(text[1:]) if text.startswith(BASE_64) else base64.b85decode(text)
