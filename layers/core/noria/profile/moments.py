"""Count, mean, variance and bounds of numbers, mergeable.

Source: Chan, Golub and LeVeque (1979), Updating formulae and a pairwise algorithm for computing sample variances.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from noria.profile.shapes import MomentsDocument

Numbers = np.ndarray[Any, np.dtype[np.float64]]
Counts = np.ndarray[Any, np.dtype[np.int64]]


#: What would be beyond double precision, as the squares of numbers above 1e154 are, stays at its end.
LARGEST = float(np.finfo(np.float64).max)


@dataclass
class Moments:
    """Count, mean, sum of squared deviations, least and most; exact but for rounding, and finite whatever the numbers."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0
    least: float = math.inf
    most: float = -math.inf

    @classmethod
    def of(cls, values: Numbers, counts: Counts) -> Self:
        """Of values with their counts."""
        if not values.size:
            return cls()
        count = int(counts.sum())
        with np.errstate(over="ignore", invalid="ignore"):
            mean = float((values * counts).sum()) / count
            if not math.isfinite(mean):
                mean = float((values * (counts / count)).sum())
            squares = float((np.square(values - mean) * counts).sum())
        return cls(count, mean, min(squares, LARGEST), float(values.min()), float(values.max()))

    def add(self, other: Moments) -> None:
        """Merge another part."""
        if not other.count:
            return
        total = self.count + other.count
        apart = max(-LARGEST, min(other.mean - self.mean, LARGEST))
        self.squares = min(self.squares + other.squares + min(apart * apart, LARGEST) * self.count * other.count / total, LARGEST)
        self.mean += apart * other.count / total if abs(apart) < LARGEST / other.count else apart * (other.count / total)
        self.count, self.least, self.most = total, min(self.least, other.least), max(self.most, other.most)

    def to_json(self) -> MomentsDocument:
        """In the order of its fields."""
        return self.count, self.mean, self.squares, self.least, self.most

    @property
    def variance(self) -> float:
        """Of the sample; 0 where there are fewer than two values."""
        return self.squares / (self.count - 1) if self.count > 1 else 0.0
