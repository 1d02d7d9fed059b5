"""Two-sample tests: p-values by upper bounds and approximations that need no table.

Sources: Massey (1951), The Kolmogorov-Smirnov test for goodness of fit, with Stephens' (1970) correction for small samples;
Hoeffding (1963), theorems 1 and 4, for shares; Wilson and Hilferty (1931), The distribution of chi-square.
"""

import math
from collections.abc import Mapping

#: Categories that are expected fewer times than this in either sample are compared together.
LEAST_EXPECTED = 5.0


def of_distance(distance: float, first: int, second: int) -> float:
    """The p-value of the largest distance between two samples' distribution functions (Kolmogorov and Smirnov).

    Args:
        distance: between 0 and 1, already less the error of the sketches.
        first, second: sizes of the samples.
    """
    if distance <= 0 or not first or not second:
        return 1.0
    size = math.sqrt(first * second / (first + second))
    scaled = (size + 0.12 + 0.11 / size) * distance
    return min(1.0, 2 * sum((-1) ** (k - 1) * math.exp(-2 * k * k * scaled * scaled) for k in range(1, 101))) if scaled > 0.3 else 1.0


def of_share(hits: float, size: float, other_hits: float, other_size: float) -> float:
    """The p-value of a share that is higher than the other one: a bound that holds for every size.

    Given all the hits, how many fall to one sample is drawn without replacement; the binomial bound of Chernoff and Hoeffding
    dominates it.
    """
    total = hits + other_hits
    if total <= 0 or not size or not other_size or hits / size <= other_hits / other_size:
        return 1.0
    expected, result = size / (size + other_size), hits / total
    divergence = result * math.log(result / expected) + ((1 - result) * math.log((1 - result) / (1 - expected)) if result < 1 else 0.0)
    return math.exp(-total * divergence)


def of_categories(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    """The p-value of two samples' counts by category; rare ones are pooled."""
    statistic, degrees = chi_squared(first, second)
    return _above(statistic, degrees) if degrees else 1.0


def chi_squared(first: Mapping[str, float], second: Mapping[str, float]) -> tuple[float, int]:
    """Pearson's statistic of two samples' counts by category, rare ones pooled, and its degrees of freedom."""
    sizes = sum(first.values()), sum(second.values())
    if not all(sizes):
        return 0.0, 0
    smaller = min(sizes) / sum(sizes)
    cells: list[tuple[float, float]] = []
    pooled = [0.0, 0.0]
    for name in {**first, **second}:
        counts = first.get(name, 0.0), second.get(name, 0.0)
        if sum(counts) * smaller < LEAST_EXPECTED:
            pooled = [pooled[0] + counts[0], pooled[1] + counts[1]]
        else:
            cells.append(counts)
    if sum(pooled) * smaller >= LEAST_EXPECTED:
        cells.append((pooled[0], pooled[1]))
    if len(cells) < 2:
        return 0.0, 0
    totals = [sum(column) for column in zip(*cells, strict=True)]
    whole = sum(totals)
    statistic = sum((count - sum(pair) * total / whole) ** 2 / (sum(pair) * total / whole) for pair in cells for count, total in zip(pair, totals, strict=True))
    return statistic, len(cells) - 1


def _above(statistic: float, degrees: int) -> float:
    """The share of a chi-squared distribution above a value."""
    spread = 2 / (9 * degrees)
    normal = ((statistic / degrees) ** (1 / 3) - (1 - spread)) / math.sqrt(spread)
    return 0.5 * math.erfc(normal / math.sqrt(2))
