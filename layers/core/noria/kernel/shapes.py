"""Shapes that every context shares. Only type checkers and tests import them: a function pays nothing for its types."""

from __future__ import annotations

from typing import Any, TypedDict


class ReasonShape(TypedDict):
    """`noria.kernel.verdict.Reason` as JSON."""

    code: str
    text: str
    observed: Any
    limit: Any


class VerdictShape(TypedDict):
    """`noria.kernel.verdict.Verdict` as JSON."""

    outcome: str
    reasons: list[ReasonShape]


class EventContextShape(TypedDict):
    """`noria.kernel.events.EventContext` as JSON."""

    bus: str
    stage: str
    time: str
    correlation_id: str
    causation_id: str


class FailureShape(TypedDict):
    """`$states.errorOutput`: what a state machine knows of a task that failed."""

    Error: str
    Cause: str


class Invocation(TypedDict, total=False):
    """What every invocation carries for its log lines."""

    correlation_id: str
