"""Statistics of a column's values in the training set: imputation, quantiles and scales."""

import math
from collections import Counter
from collections.abc import Callable, Sequence


def quantile(ordered: Sequence[float], share: float) -> float:
    """A quantile between the two nearest values, by numpy's default method."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _most_frequent(values: Sequence[float]) -> float:
    counts = Counter(values)
    return min(counts, key=lambda value: (-counts[value], value))


def _standard(values: Sequence[float]) -> list[float]:
    if values[0] == values[-1]:
        return [values[0], 1.0]
    mean = _mean(values)
    return [mean, math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values)) or 1.0]


def _min_max(values: Sequence[float]) -> list[float]:
    return [values[0], values[-1] - values[0] or 1.0]


def _robust(values: Sequence[float]) -> list[float]:
    return [quantile(values, 0.5), quantile(values, 0.75) - quantile(values, 0.25) or 1.0]


#: Imputed values, of ascending values.
STATISTICS: dict[str, Callable[[Sequence[float]], float]] = {"mean": _mean, "median": lambda values: quantile(values, 0.5), "most_frequent": _most_frequent}
#: Shift and factor of a scale, of ascending values; a column that does not vary becomes zero.
SCALES: dict[str, Callable[[Sequence[float]], list[float]]] = {"standard": _standard, "min_max": _min_max, "robust": _robust}
