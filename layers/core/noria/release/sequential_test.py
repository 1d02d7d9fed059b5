"""Always-valid sequential test of two rates: by how much one variant's is higher, valid at every interim look.

Both variants serve the same traffic, split at random by weight. Of all the answers of one kind in one period, a variant's
share is then that of its requests, times the ratio of the rates; given the total, a burst that hits both, a champion that
fails as well and a baseline that nobody knows fall out of the comparison. For each hypothesis on the ratio a mixture of
likelihood ratios is an e-process: its expectation is at most 1 while the hypothesis holds, at any stopping time, so it
exceeds 1/alpha with a probability of at most alpha, ever (Ville's inequality). The ratios that are not rejected are a
confidence sequence.

Sources: Robbins (1970), Statistical methods related to the law of the iterated logarithm (mixtures); Johari, Koomen,
Pekelis and Walsh (2022), Always valid inference; Howard, Ramdas, McAuliffe and Sekhon (2021), Time-uniform, nonparametric,
nonasymptotic confidence sequences; Ramdas, Grunwald, Vovk and Shafer (2023), Game-theoretic statistics and safe
anytime-valid inference. Hoeffding (1963), theorem 4: sums drawn without replacement are dominated by those drawn with it,
which carries the binomial bound over to counts out of a finite period.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

#: Alternatives of the two mixtures: factors on the hypothesis, with their weights. Harm has its weight where it matters, at half as
#: much again and at four times as much; a smaller harm takes longer. A variant that is as good is the usual proof of "no worse".
HARM = {1.2: 0.03, 1.5: 0.78, 4.0: 0.19}
HARMLESS = {1 / 1.1: 0.1, 1 / 1.25: 0.4, 1 / 1.5: 0.3, 1 / 2: 0.1, 1 / 4: 0.1}
#: Ratios beyond these are not distinguished.
SMALLEST, LARGEST = 1e-3, 1e3
#: Bisection steps of the search for a bound, on a logarithmic scale.
HALVINGS = 24
#: Logarithms of e-values are cut off here; such evidence is certain.
LARGEST_LOG = 600.0


@dataclass(frozen=True)
class Counts:
    """One period: requests and the hits among them, of the variant under test and of the one that it is compared with."""

    treatment: float = 0.0
    treatment_hits: float = 0.0
    control: float = 0.0
    control_hits: float = 0.0

    @property
    def comparable(self) -> bool:
        """Whether both variants have requests and one has hits; otherwise the period says nothing of the ratio."""
        return self.treatment > 0 and self.control > 0 and (self.treatment_hits > 0 or self.control_hits > 0)

    def __add__(self, more: Counts) -> Counts:
        return Counts(
            self.treatment + more.treatment, self.treatment_hits + more.treatment_hits, self.control + more.control, self.control_hits + more.control_hits
        )


@dataclass
class EProcess:
    """An e-process against one hypothesis on the ratio of the rates.

    Attributes:
        ratio: the hypothesis: `at most ratio` where the factors are above 1, `at least ratio` where they are below.
        factors: alternatives, with their weights.
    """

    ratio: float
    factors: Mapping[float, float]
    _logs: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self._logs = [0.0] * len(self.factors)

    def add(self, period: Counts) -> None:
        """Take one more period into account."""
        if not period.comparable:
            return
        here = _share(period, self.ratio)
        for i, factor in enumerate(self.factors):
            there = _share(period, self.ratio * factor)
            self._logs[i] += period.treatment_hits * math.log(there / here) + period.control_hits * math.log((1 - there) / (1 - here))

    @property
    def value(self) -> float:
        """The e-value: above 1/alpha, the hypothesis is rejected at level alpha."""
        return sum(weight * math.exp(min(log, LARGEST_LOG)) for log, weight in zip(self._logs, self.factors.values(), strict=True))


def e_process(periods: Iterable[Counts], ratio: float, factors: Mapping[float, float]) -> EProcess:
    """The e-process after some periods."""
    process = EProcess(ratio, factors)
    for period in periods:
        process.add(period)
    return process


def below(hits: float, requests: float, rate: float) -> float:
    """The e-value against `the rate is at least this one`; nothing is compared.

    Args:
        rate: between 0 and 1, both excluded.
    """
    value = 0.0 if hits else 0.1 * math.exp(min(LARGEST_LOG, -requests * math.log(1 - rate)))
    for factor, weight in HARMLESS.items():
        log = hits * math.log(factor) + (requests - hits) * math.log((1 - rate * factor) / (1 - rate))
        value += 0.9 * weight * math.exp(min(log, LARGEST_LOG))
    return value


def interval(periods: Sequence[Counts], alpha: float) -> tuple[float, float]:
    """A confidence sequence's present bounds of the ratio: each side wrong with a probability of at most `alpha`, ever."""
    low = _bound(lambda ratio: e_process(periods, ratio, HARM).value >= 1 / alpha)
    high = _bound(lambda ratio: e_process(periods, ratio, HARMLESS).value < 1 / alpha)
    return low, high


def _share(period: Counts, ratio: float) -> float:
    """The treatment's expected share of all hits, were its rate `ratio` times the control's."""
    weight = period.treatment * ratio
    return weight / (weight + period.control)


def _bound(holds: Callable[[float], bool]) -> float:
    """The ratio at which a predicate that holds for small ones ceases to hold."""
    if not holds(SMALLEST):
        return 0.0
    low, high = math.log(SMALLEST), math.log(LARGEST)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(math.exp(middle)) else (low, middle)
    return math.exp(low) if low < math.log(LARGEST) - 1e-3 else math.inf
