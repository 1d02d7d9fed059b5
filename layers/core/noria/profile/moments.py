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


@dataclass
class Moments:
    """Count, mean, sum of squared deviations, least and most; exact but for rounding."""

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
        mean = float((values * counts).sum()) / count
        return cls(count, mean, float((np.square(values - mean) * counts).sum()), float(values.min()), float(values.max()))

    def add(self, other: Moments) -> None:
        """Merge another part."""
        if not other.count:
            return
        total = self.count + other.count
        apart = other.mean - self.mean
        self.squares += other.squares + apart * apart * self.count * other.count / total
        self.mean += apart * other.count / total
        self.count, self.least, self.most = total, min(self.least, other.least), max(self.most, other.most)

    def to_json(self) -> MomentsDocument:
        """In the order of its fields."""
        return self.count, self.mean, self.squares, self.least, self.most

    @property
    def variance(self) -> float:
        """Of the sample; 0 where there are fewer than two values."""
        return self.squares / (self.count - 1) if self.count > 1 else 0.0
