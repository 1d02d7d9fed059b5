"""Retraining policy: retrain now, defer, or escalate to a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

from noria.kernel.verdict import Reason, Verdict
from noria.kernel.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from noria.kernel.json import Json
    from noria.kernel.published_spec import BudgetShape, HealShape

#: Causes for an automatic retraining.
QUALITY, DRIFT = "quality", "drift"
RETRAIN, DEFER, ESCALATE, IGNORE = "retrain", "defer", "escalate", "ignore"
#: Outcomes of an automatic retraining; `running` has none yet.
RUNNING, IMPROVED, NO_IMPROVEMENT, FAILED = "running", "improved", "no_improvement", "failed"
MONTH = timedelta(days=30)
#: A reason to wait, and when it ends; nothing where that is unknown.
Wait = tuple[Reason, datetime | None]


@dataclass(frozen=True)
class Policy:
    """The `heal` block of a published spec; `noria.spec.heal` describes its fields."""

    on: tuple[str, ...]
    drift_weight: float
    cooldown_days: float
    min_rows: int
    min_share: float
    a_day: int
    a_month: int
    budget: BudgetShape | None
    off_peak: str | None
    data: str
    recent_days: float
    give_up_after: int

    @classmethod
    def of(cls, block: HealShape) -> Self:
        """Out of a published document's `heal`."""
        fields: Json = {**block, "on": tuple(block["on"])}
        return cls(**fields)


@dataclass(frozen=True)
class Attempt:
    """One automatic retraining.

    Attributes:
        seconds: billed for its training; 0 where that is unknown.
    """

    time: datetime
    outcome: str
    seconds: float = 0.0


@dataclass(frozen=True)
class State:
    """The facts of a decision.

    Attributes:
        causes: `quality`, `drift`.
        new_rows: labelled rows that are newer than the champion's dataset.
        trained_rows: rows of the champion's dataset.
        attempts: the automatic retrainings so far, oldest first.
        releasing: whether a release of this model is under way.
        unchanged: whether the last retraining had the same labelled rows.
        weight: the share of the permutation importance that is in drifted columns; nothing where it is unknown.
        training_seconds: billed for the champion's training; 0 where that is unknown.
        requested_at: a person's last request for a training; retrainings before it do not count as failures.
    """

    now: datetime
    causes: tuple[str, ...]
    new_rows: int
    trained_rows: int = 0
    attempts: Sequence[Attempt] = ()
    releasing: bool = False
    unchanged: bool = False
    weight: float | None = None
    training_seconds: float = 0.0
    requested_at: datetime | None = None


@dataclass(frozen=True)
class Decision:
    """The decision on one cause for concern.

    Attributes:
        verdict: `retrain`, `defer`, `escalate` or `ignore`, with reasons.
        until: of `defer`, when the policy may decide otherwise; nothing where that is unknown.
    """

    verdict: Verdict
    until: datetime | None = None


def decide(policy: Policy, state: State) -> Decision:
    """Decide on an automatic retraining."""
    if ignored := _ignored(policy, state):
        return Decision(Verdict(IGNORE, (ignored,)))
    no_improvement = _no_improvement(state)
    if no_improvement >= policy.give_up_after and _cooldown(policy, state, no_improvement):
        text = (
            f"training again has not helped {no_improvement} times in a row: look at the data and the script; noria retrain asks for a run at once, "
            f"the next one by itself is {_span(policy.cooldown_days * 2**no_improvement)} after the last"
        )
        return Decision(Verdict(ESCALATE, (Reason("RetrainingDoesNotHelp", text, no_improvement, policy.give_up_after),)))
    waits = [wait for wait in _waits(policy, state, no_improvement) if wait]
    if waits:
        known = [until for _, until in waits if until]
        return Decision(Verdict(DEFER, tuple(reason for reason, _ in waits)), max(known) if len(known) == len(waits) else None)
    causes = [cause for cause in state.causes if cause in policy.on]
    return Decision(Verdict(RETRAIN, tuple(Reason(f"{cause.title()}Cause", f"{cause} is why", cause) for cause in causes)))


def _ignored(policy: Policy, state: State) -> Reason | None:
    """Why no cause is one by this policy."""
    causes = [cause for cause in state.causes if cause in policy.on]
    if not causes:
        text = f"{' and '.join(state.causes)} starts no training here (heal.on: {', '.join(policy.on) or 'nothing'})"
        return Reason("NotACause", text, list(state.causes), list(policy.on))
    if causes == [DRIFT] and state.weight is not None and state.weight < policy.drift_weight:
        text = f"what has drifted is {state.weight:.0%} of what moves this model's answers; heal.drift_weight is {policy.drift_weight:.0%}"
        return Reason("DriftMattersLittle", text, state.weight, policy.drift_weight)
    return None


def _no_improvement(state: State) -> int:
    """Consecutive retrainings, up to now, that brought no improvement, since a person last requested one."""
    count = 0
    for attempt in reversed(state.attempts):
        if attempt.outcome in (IMPROVED, RUNNING) or (state.requested_at and attempt.time <= state.requested_at):
            break
        count += 1
    return count


def _waits(policy: Policy, state: State, no_improvement: int) -> list[Wait | None]:
    """All reasons to wait."""
    cooldown = _cooldown(policy, state, no_improvement)
    return [_busy(state), _too_few(policy, state), cooldown, *_caps(policy, state), _budget(policy, state), _off_peak(policy, state)]


def _busy(state: State) -> Wait | None:
    if state.releasing:
        return Reason("ReleaseUnderWay", "a release of this model is under way"), None
    if any(attempt.outcome == RUNNING for attempt in state.attempts):
        return Reason("HealingUnderWay", "the model is being trained again already"), None
    return None


def _too_few(policy: Policy, state: State) -> Wait | None:
    if state.unchanged:
        return Reason("NothingNew", "the labelled rows are those of the last healing"), None
    needed = max(policy.min_rows, round(policy.min_share * state.trained_rows))
    if state.new_rows < needed:
        new = f"{count(state.new_rows, 'labelled row')} {'is' if state.new_rows == 1 else 'are'} new"
        text = f"{new}, heal.min_rows and heal.min_share ask {needed:,}"
        return Reason("TooFewNewRows", text, state.new_rows, needed), None
    return None


def _cooldown(policy: Policy, state: State, no_improvement: int) -> Wait | None:
    if not state.attempts:
        return None
    days = policy.cooldown_days * 2**no_improvement
    until = state.attempts[-1].time + timedelta(days=days)
    if state.now >= until:
        return None
    text = f"the last healing was at {_iso(state.attempts[-1].time)}; the next one is {_span(days)} later"
    return Reason("Cooldown", text, _iso(state.now), _iso(until)), until


def _caps(policy: Policy, state: State) -> list[Wait | None]:
    results: list[Wait | None] = []
    for name, span, most in (("a_day", timedelta(days=1), policy.a_day), ("a_month", MONTH, policy.a_month)):
        recent = [attempt.time for attempt in state.attempts if attempt.time > state.now - span]
        if len(recent) >= most:
            until = sorted(recent)[-most] + span
            results.append(
                (Reason("Cap", f"{count(len(recent), 'healing')} in {count(span.days, 'day')}, heal.{name} allows {most}", len(recent), most), until)
            )
    return results


def _budget(policy: Policy, state: State) -> Wait | None:
    """Another training like the last one would exceed the budget; ends when enough of it is free again."""
    if policy.budget is None:
        return None
    price, most = policy.budget["per_hour"] / 3_600, policy.budget["a_month"]
    recent = [attempt for attempt in state.attempts if attempt.time > state.now - MONTH]
    known = [attempt.seconds for attempt in state.attempts if attempt.seconds]
    next_cost = price * (known[-1] if known else state.training_seconds)
    cost = price * sum(attempt.seconds for attempt in recent)
    if cost + next_cost <= most:
        return None
    text = f"healings have cost {cost:.2f} in 30 days, another one costs about {next_cost:.2f}; heal.budget.a_month is {most:g}"
    until = next((time for time, rest in _expiries(recent, price, cost) if rest + next_cost <= most), state.now + MONTH)
    return Reason("Budget", text, round(cost + next_cost, 4), most), until


def _expiries(recent: Sequence[Attempt], price: float, cost: float) -> Iterator[tuple[datetime, float]]:
    """When each recent training is a month old, and the cost that is left then."""
    for attempt in recent:
        cost -= price * attempt.seconds
        yield attempt.time + MONTH, cost


def _off_peak(policy: Policy, state: State) -> Wait | None:
    if policy.off_peak is None:
        return None
    begin, end = policy.off_peak.split("-")
    time = state.now.astimezone(UTC).strftime("%H:%M")
    inside = begin <= time < end if begin <= end else time >= begin or time < end
    if inside:
        return None
    hour, minute = map(int, begin.split(":"))
    until = state.now.astimezone(UTC).replace(hour=hour, minute=minute, second=0, microsecond=0)
    until = until if until > state.now else until + timedelta(days=1)
    return Reason("OffPeak", f"it is {time}; heal.off_peak is {policy.off_peak}", time, policy.off_peak), until


def _span(days: float) -> str:
    """A time in days; one of less than a day in hours, minutes and seconds."""
    return count(days, "day") if days >= 1 else str(timedelta(seconds=round(days * 86_400)))


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
