"""Whether a challenger may take more traffic, all of it, or none: a pure function of what both variants have answered so far.

Every look judges the whole record from the beginning of the release, period by period, so counters that arrive late, twice
or corrected change nothing but the record. The evidence stays valid however often it is looked at (`noria.release.sequential_test`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from noria.kernel.json import Json
from noria.kernel.verdict import Reason, Verdict
from noria.release import sequential_test
from noria.release.sequential_test import HARM, HARMLESS, Counts, Process

UNDO, PROMOTE, SHIFT, WAIT, HOLD = "undo", "promote", "shift", "wait", "hold"
#: How certain it must be that a challenger is no worse, or good enough by itself.
HARMLESS_CONFIDENCE = 0.95
#: A period with so many times the usual rate, and so many hits more, is a burst: what hits both says nothing of how they
#: compare, and is no proof that one is no worse. What is usual, the lower quartile, takes some periods to know.
BURST, BURST_HITS, FEWEST_PERIODS = 3.0, 5, 5
#: Captures that have not come by so many steps will not come.
CAPTURE_LOOKS = 2


@dataclass(frozen=True)
class Watch:
    """One kind of answer that is counted and compared.

    Attributes:
        name: `errors`, `slow`, or the name of a metric of the owner's.
        harm: a rate of more than this many times the champion's is harm; 1 is any that is higher.
        margin: a rate of at most this many times the champion's is no worse.
        tolerated: a rate that is good enough by itself, whatever the champion's.
        good: the answers are wanted ones, and harm is a rate that is lower by such a factor.
        harm_only: it may undo, and has no say in a promotion.
        captured: it is counted from captured answers, of which there may be none.
    """

    name: str
    harm: float = 1.0
    margin: float = 1.25
    tolerated: float | None = None
    good: bool = False
    harm_only: bool = False
    captured: bool = False


@dataclass
class Tally:
    """The record of one watch, and the evidence in it.

    Args:
        alpha: the share of equal challengers that this watch may undo.
    """

    watch: Watch
    alpha: float
    periods: list[Counts] = field(default_factory=list)
    total: Counts = field(default_factory=Counts)
    _worse: Process = field(init=False)
    _no_worse: Process = field(init=False)

    def __post_init__(self) -> None:
        self._worse, self._no_worse = Process(self.watch.harm, HARM), Process(self.watch.margin, HARMLESS)

    def add(self, challenger: float, hits: float, champion: float, champion_hits: float) -> None:
        """One more period."""
        period = Counts(challenger, hits, champion, champion_hits)
        if self.watch.good:
            # Of what is wanted, the champion's is the rate that must not be higher.
            period = Counts(champion, champion_hits, challenger, hits)
        self.periods.append(period)
        self.total += period
        self._worse.add(period)
        self._no_worse.add(period)

    @property
    def challenger(self) -> float:
        """Requests that the challenger has answered."""
        return self.total.other if self.watch.good else self.total.judged

    @property
    def harmful(self) -> bool:
        return self._worse.value >= 1 / self.alpha

    @property
    def harmless(self) -> bool:
        enough = 1 / (1 - HARMLESS_CONFIDENCE)
        if self.harmful or self.watch.harm_only:
            return not self.harmful
        tolerated = self.watch.tolerated
        if tolerated is not None and not self.watch.good and sequential_test.below(self.total.judged_hits, self.total.judged, tolerated) >= enough:
            return True
        # The usual case first, the one without bursts only where it is needed: both must hold.
        return self._no_worse.value >= enough and sequential_test.process(self._usual(), self.watch.margin, HARMLESS).value >= enough

    def _usual(self) -> list[Counts]:
        """The periods without bursts. Which they are is told by both variants together, so the evidence in them stays valid."""
        served = [period for period in self.periods if period.judged + period.other]
        if len(served) < FEWEST_PERIODS:
            return []
        requests = [period.judged + period.other for period in served]
        hits = [period.judged_hits + period.other_hits for period in served]
        rates = sorted(hit / request for hit, request in zip(hits, requests, strict=True))
        most = BURST * rates[len(rates) // 4]
        return [period for period, hit, request in zip(served, hits, requests, strict=True) if hit <= most * request + BURST_HITS]

    @property
    def suspicious(self) -> bool:
        """Whether what was seen speaks for harm rather than against it."""
        return self._worse.value > 1

    def to_json(self) -> Json:
        """Counts and the interval of the challenger's rate as a multiple of the champion's."""
        low, high = sequential_test.interval(self.periods, self.alpha)
        low = min(low, sequential_test.LARGEST)
        judged = {"requests": self.total.judged, "hits": self.total.judged_hits}
        other = {"requests": self.total.other, "hits": self.total.other_hits}
        if self.watch.good:
            judged, other, low, high = other, judged, 1 / high if high else sequential_test.LARGEST, 1 / low if low else math.inf
        return {
            "watch": self.watch.name,
            "challenger": judged,
            "champion": other,
            "low": round(low, 4),
            "high": None if math.isinf(high) else round(high, 4),
            "harmful": self.harmful,
            "harmless": self.harmless,
        }


@dataclass(frozen=True)
class Guard:
    """What the owner of a model asks of a progressive release.

    Attributes:
        confidence: that no equal challenger is undone, over the whole release and everything that is watched.
        steps: shares of the traffic, one after the other; the first is where it begins.
        step_looks: looks at one share before the next is taken.
        looks: at most; after them `undecided` is what happens: `undo`, `promote` or `hold`.
        dry_run: report, and undo nothing.
        sample: requests that the challenger must have answered before it may be promoted.
        idle: what happens after `step_looks` looks in which nobody asked either variant: `promote`, `undo`, `hold` or `wait`.
    """

    watches: tuple[Watch, ...]
    confidence: float
    steps: tuple[float, ...]
    step_looks: int
    looks: int
    undecided: str
    dry_run: bool = False
    sample: int = 0
    idle: str = WAIT

    @classmethod
    def of(cls, block: Json) -> Self:
        """Out of the plan of a release."""
        watches = tuple(Watch(**watch) for watch in block["watches"])
        return cls(**{**block, "watches": watches, "steps": tuple(block["steps"])})

    def tallies(self) -> list[Tally]:
        """An empty record of each watch; the permitted share of wrong undoings is parted among them."""
        return [Tally(watch, (1 - self.confidence) / len(self.watches)) for watch in self.watches]


def decide(guard: Guard, tallies: Sequence[Tally], look: int, share: float, looks_at_share: int) -> tuple[str, float]:
    """What to do after one look: an outcome, and the challenger's share of the traffic from now on.

    Args:
        look: how many looks there were, this one included.
        share: the challenger's share of the traffic now, since `looks_at_share` looks.
    """
    harmful = any(tally.harmful for tally in tallies)
    if harmful and not guard.dry_run:
        return UNDO, 0.0
    heard = [tally for tally in tallies if not _unheard(guard, tally, look)]
    if heard and max(tally.challenger for tally in heard) >= guard.sample and all(tally.harmless for tally in heard):
        return PROMOTE, 1.0
    if _idle(guard, tallies, look):
        return guard.idle, {UNDO: 0.0, PROMOTE: 1.0}.get(guard.idle, share)
    if look >= guard.looks:
        outcome = HOLD if guard.dry_run and guard.undecided == UNDO else guard.undecided
        return outcome, {UNDO: 0.0, PROMOTE: 1.0}.get(outcome, share)
    following = next((step for step in guard.steps if step > share + 1e-9), None)
    quiet = any(tally.challenger for tally in tallies) and not any(tally.suspicious for tally in tallies)
    if following is not None and looks_at_share >= guard.step_looks and quiet:
        return SHIFT, following
    return WAIT, share


def _unheard(guard: Guard, tally: Tally, look: int) -> bool:
    """Whether nothing has been captured long after it should have: what cannot be read must not end a release."""
    return tally.watch.captured and not tally.total.judged and not tally.total.other and look >= CAPTURE_LOOKS * guard.step_looks


def _idle(guard: Guard, tallies: Sequence[Tally], look: int) -> bool:
    """Whether nobody has asked so far: there is nothing to learn from, and nobody to protect."""
    return guard.idle != WAIT and look >= guard.step_looks and not any(tally.total.judged or tally.total.other for tally in tallies)


def verdict(guard: Guard, results: Sequence[Json], outcome: str, look: int, share: float) -> Verdict:
    """An outcome in words: what was compared, with the interval, and what that means.

    Args:
        results: `Tally.to_json` of each watch.
    """
    reasons = [Reason(_code(entry), text(entry), [entry["low"], entry["high"]], _asked(guard, entry)) for entry in results]
    if outcome == guard.idle and not any(entry[side]["requests"] for entry in results for side in ("challenger", "champion")):
        reasons.insert(0, Reason("NobodyAsks", f"nobody asked the endpoint in {look} looks: rollout.idle says {guard.idle}", 0, look))
    elif outcome == SHIFT:
        reasons.insert(0, Reason("NoHarmSoFar", f"nothing speaks for harm: {share:.0%} of the traffic from now on", look, share))
    elif look >= guard.looks and not any(entry["harmful"] for entry in results) and not all(entry["harmless"] for entry in results):
        seen = max((entry["challenger"]["requests"] for entry in results), default=0)
        why = "the evidence decides neither way" if seen else "no request reached the challenger"
        reasons.insert(0, Reason("Undecided", f"{why} after {look} looks: rollout.undecided says {guard.undecided}", look, guard.looks))
    if guard.dry_run and any(entry["harmful"] for entry in results):
        reasons.insert(0, Reason("DryRun", "this would have been undone; rollout.dry_run only reports", True, False))
    return Verdict(outcome, tuple(reasons))


def text(entry: Json) -> str:
    """What one watch has found, in words."""
    challenger, champion = entry["challenger"], entry["champion"]
    if not challenger["requests"] and not champion["requests"]:
        return f"{entry['watch']}: none was counted yet: not decided"
    high = "any number of" if entry["high"] is None else f"{entry['high']:.2f}"
    message = "harm" if entry["harmful"] else "no worse" if entry["harmless"] else "not decided"
    return f"{entry['watch']}: {_rate(challenger)} against {_rate(champion)}, {entry['low']:.2f} to {high} times the champion's: {message}"


def _code(entry: Json) -> str:
    return "Harm" if entry["harmful"] else "NoWorse" if entry["harmless"] else "NotDecided"


def _asked(guard: Guard, entry: Json) -> list[float]:
    watch = next(watch for watch in guard.watches if watch.name == entry["watch"])
    return [watch.harm, watch.margin]


def _rate(side: Json) -> str:
    if not side["requests"]:
        return "no request"
    return f"{side['hits'] / side['requests']:.2%} of {side['requests']:,.0f}"
