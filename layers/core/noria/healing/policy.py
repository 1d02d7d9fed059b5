"""Whether a model that got worse is trained again now, later, or not without a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from noria.kernel.json import Json
from noria.kernel.verdict import Reason, Verdict

DRIFT = "drift"
RETRAIN, DEFER, ASK, IGNORE = "retrain", "defer", "ask", "ignore"
#: How a healing can have ended; `running` has not.
RUNNING, IMPROVED, NO_IMPROVEMENT, FAILED = "running", "helped", "useless", "failed"
MONTH = timedelta(days=30)


@dataclass(frozen=True)
class Policy:
    """The `heal` block of a published spec; `noria.spec.monitoring` says what its fields mean."""

    on: tuple[str, ...]
    drift_weight: float
    cooldown_days: float
    min_rows: int
    min_share: float
    a_day: int
    a_month: int
    budget: Json | None
    off_peak: str | None
    data: str
    recent_days: float
    give_up_after: int

    @classmethod
    def of(cls, block: Json) -> Self:
        return cls(**{**block, "on": tuple(block["on"])})


@dataclass(frozen=True)
class Attempt:
    """A healing that was begun.

    Attributes:
        seconds: that its training is billed for, as far as that is known.
    """

    time: datetime
    outcome: str
    seconds: float = 0.0


@dataclass(frozen=True)
class State:
    """What a decision is given.

    Attributes:
        causes: why it is asked: `quality`, `drift`.
        new_rows: labelled rows that are newer than what the serving version was trained on.
        trained_rows: rows that it was trained on.
        attempts: the healings so far, oldest first.
        releasing: whether a release of this model is under way.
        unchanged: whether the last healing had the very same rows.
        weight: which share of what moves the model's answers is in the columns that have drifted, where that is known.
        training_seconds: what the training of the serving version was billed for, where that is known.
        answered: when a person last asked for a training; what was useless before counts no more.
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
    answered: datetime | None = None


@dataclass(frozen=True)
class Decision:
    """What follows.

    Attributes:
        verdict: `retrain`, `defer`, `ask` or `ignore`, with reasons.
        until: of `defer`, when it can be otherwise, where that is known.
    """

    verdict: Verdict
    until: datetime | None = None


def decide(policy: Policy, state: State) -> Decision:
    """What is to be done about a model that got worse."""
    causes = [cause for cause in state.causes if cause in policy.on]
    if not causes:
        text = f"{' and '.join(state.causes)} starts no training here (heal.on: {list(policy.on)})"
        return Decision(Verdict(IGNORE, (Reason("NotACause", text, list(state.causes), list(policy.on)),)))
    if causes == [DRIFT] and state.weight is not None and state.weight < policy.drift_weight:
        text = f"what has drifted is {state.weight:.0%} of what moves this model's answers; heal.drift_weight is {policy.drift_weight:.0%}"
        return Decision(Verdict(IGNORE, (Reason("DriftMattersLittle", text, state.weight, policy.drift_weight),)))
    no_improvement = _no_improvement(state)
    if no_improvement >= policy.give_up_after and _cooldown(policy, state, no_improvement):
        text = (
            f"training again has not helped {no_improvement} times in a row: look at the data and the script; noria retrain asks for a run at once, "
            f"the next one by itself is {_span(policy.cooldown_days * 2**no_improvement)} after the last"
        )
        return Decision(Verdict(ASK, (Reason("RetrainingDoesNotHelp", text, no_improvement, policy.give_up_after),)))
    held = [item for item in _waits(policy, state, no_improvement) if item]
    if held:
        known = [until for _, until in held if until]
        return Decision(Verdict(DEFER, tuple(reason for reason, _ in held)), max(known) if len(known) == len(held) else None)
    return Decision(Verdict(RETRAIN, tuple(Reason(f"{cause.title()}Cause", f"{cause} is why", cause) for cause in causes)))


def _no_improvement(state: State) -> int:
    """Healings in a row, up to now, that did not help, since a person last asked for one."""
    count = 0
    for attempt in reversed(state.attempts):
        if attempt.outcome in (IMPROVED, RUNNING) or (state.answered and attempt.time <= state.answered):
            break
        count += 1
    return count


def _waits(policy: Policy, state: State, no_improvement: int) -> list[tuple[Reason, datetime | None] | None]:
    """All that speaks against now, with when it ends."""
    cooldown = _cooldown(policy, state, no_improvement)
    return [_busy(state), _too_few(policy, state), cooldown, *_caps(policy, state), _budget(policy, state), _off_peak(policy, state)]


def _busy(state: State) -> tuple[Reason, None] | None:
    if state.releasing:
        return Reason("ReleaseUnderWay", "a release of this model is under way"), None
    if any(attempt.outcome == RUNNING for attempt in state.attempts):
        return Reason("HealingUnderWay", "the model is being trained again already"), None
    return None


def _too_few(policy: Policy, state: State) -> tuple[Reason, None] | None:
    if state.unchanged:
        return Reason("NothingNew", "the labelled rows are those of the last healing"), None
    needed = max(policy.min_rows, round(policy.min_share * state.trained_rows))
    if state.new_rows < needed:
        text = f"{state.new_rows:,} labelled rows are new, heal.min_rows and heal.min_share ask {needed:,}"
        return Reason("TooFewNewRows", text, state.new_rows, needed), None
    return None


def _cooldown(policy: Policy, state: State, no_improvement: int) -> tuple[Reason, datetime] | None:
    if not state.attempts:
        return None
    days = policy.cooldown_days * 2**no_improvement
    until = state.attempts[-1].time + timedelta(days=days)
    if state.now >= until:
        return None
    return Reason(
        "Cooldown", f"the last healing was at {_told(state.attempts[-1].time)}; the next one is {_span(days)} later", _told(state.now), _told(until)
    ), until


def _caps(policy: Policy, state: State) -> list[tuple[Reason, datetime] | None]:
    results: list[tuple[Reason, datetime] | None] = []
    for name, span, most in (("a_day", timedelta(days=1), policy.a_day), ("a_month", MONTH, policy.a_month)):
        recent = [attempt.time for attempt in state.attempts if attempt.time > state.now - span]
        if len(recent) >= most:
            until = sorted(recent)[-most] + span
            results.append((Reason("Cap", f"{len(recent)} healings in {span.days} days, heal.{name} allows {most}", len(recent), most), until))
    return results


def _budget(policy: Policy, state: State) -> tuple[Reason, datetime] | None:
    """Whether another training like the last one would cost more than is allowed, and when enough is free again."""
    if policy.budget is None:
        return None
    price, most = policy.budget["per_hour"] / 3_600, policy.budget["a_month"]
    recent = [attempt for attempt in state.attempts if attempt.time > state.now - MONTH]
    known = [attempt.seconds for attempt in state.attempts if attempt.seconds]
    next_one = price * (known[-1] if known else state.training_seconds)
    spent = price * sum(attempt.seconds for attempt in recent)
    if spent + next_one <= most:
        return None
    until = state.now + MONTH
    for attempt in recent:
        spent -= price * attempt.seconds
        if spent + next_one <= most:
            until = attempt.time + MONTH
            break
    cost = price * sum(attempt.seconds for attempt in recent)
    text = f"healings have cost {cost:.2f} in 30 days, another one costs about {next_one:.2f}; heal.budget.a_month is {most:g}"
    return Reason("Budget", text, round(cost + next_one, 4), most), until


def _off_peak(policy: Policy, state: State) -> tuple[Reason, datetime] | None:
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
    return f"{days:g} days" if days >= 1 else str(timedelta(seconds=round(days * 86_400)))


def _told(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
