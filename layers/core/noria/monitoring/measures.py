"""Standard drift metrics (PSI, KS, Jensen-Shannon, Wasserstein) of two profiles, for display; verdicts do not use them.

Sources: Lin (1991), Divergence measures based on the Shannon entropy; Yurdakul and Naranjo (2020), Statistical properties of the
population stability index. The population stability index is corrected for its bias: B - 1 times the sum of the inverse sample
sizes, over B bins.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from noria.monitoring import two_sample_tests
from noria.profile.column import INTEGER, NUMBER, TIME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from noria.profile.column import ColumnProfile

#: Bins of equal share in the reference; points at which quantiles are compared.
BINS, POINTS = 10, 128
#: The share that stands for an empty bin.
LEAST_SHARE = 1e-4


def measures(reference: ColumnProfile, current: ColumnProfile) -> dict[str, float]:
    """The metrics of one column.

    Returns:
        Of numbers `ks` (the largest distance of the distribution functions, 0 to 1), `psi`, `js` (distance, base 2, 0 to 1) and
        `wasserstein` (in standard deviations of the reference); of words `psi`, `js`, `chi2` (per degree of freedom).
    """
    if reference.kind in (INTEGER, NUMBER):
        return _of_numbers(reference, current)
    if reference.kind == TIME or reference.values.counts is None or current.values.counts is None:
        return {}
    return _of_categories(reference, current)


def _of_categories(reference: ColumnProfile, current: ColumnProfile) -> dict[str, float]:
    new, old = ({str(value): float(count) for value, count in (column.values.counts or {}).items()} for column in (current, reference))
    new_size, old_size = sum(new.values()), sum(old.values())
    if not new_size or not old_size:
        return {}
    names = sorted({*new, *old})
    before, now = [old.get(name, 0.0) / old_size for name in names], [new.get(name, 0.0) / new_size for name in names]
    statistic, degrees = two_sample_tests.chi_squared(new, old)
    metrics = {"psi": _psi(before, now, old_size, new_size), "js": _js(before, now), "chi2": statistic / degrees if degrees else 0.0}
    return {name: round(value, 4) for name, value in metrics.items()}


def _of_numbers(reference: ColumnProfile, current: ColumnProfile) -> dict[str, float]:
    if not reference.numbers.count or not current.numbers.count:
        return {}
    edges = sorted(set(reference.quantiles([i / BINS for i in range(1, BINS)])))
    shares = [[0.0, *column.ranks(edges), 1.0] for column in (reference, current)]
    before, now = ([b - a for a, b in pairwise(share)] for share in shares)
    middles = [column.quantiles([(i + 0.5) / POINTS for i in range(POINTS)]) for column in (reference, current)]
    points = sorted({*middles[0], *middles[1]})
    ranks = [column.ranks(points) for column in (reference, current)]
    spread = math.sqrt(reference.numbers.variance) or 1.0
    metrics = {
        "ks": max(abs(a - b) for a, b in zip(*ranks, strict=True)),
        "psi": _psi(before, now, reference.numbers.count, current.numbers.count),
        "js": _js(before, now),
        "wasserstein": sum(abs(a - b) for a, b in zip(*middles, strict=True)) / POINTS / spread,
    }
    return {name: round(value, 4) for name, value in metrics.items() if math.isfinite(value)}


def _psi(before: Sequence[float], now: Sequence[float], first: float, second: float) -> float:
    pairs = [(max(a, LEAST_SHARE), max(b, LEAST_SHARE)) for a, b in zip(before, now, strict=True) if a or b]
    result = sum((b - a) * math.log(b / a) for a, b in pairs)
    return max(0.0, result - (len(pairs) - 1) * (1 / first + 1 / second))


def _js(before: Sequence[float], now: Sequence[float]) -> float:
    def against(share: float, mean: float) -> float:
        return share * math.log2(share / mean) if share else 0.0

    return math.sqrt(max(0.0, sum(against(a, (a + b) / 2) + against(b, (a + b) / 2) for a, b in zip(before, now, strict=True)) / 2))
