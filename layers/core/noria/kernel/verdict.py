"""What a decision returns: an outcome, and reasons, each with what was observed and its limit."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from noria.kernel.shapes import ReasonShape, VerdictShape

#: How much of a failure's cause is told (characters).
LONGEST_CAUSE = 2_000


@dataclass(frozen=True)
class Reason:
    """One reason of a verdict.

    Attributes:
        code: stable and greppable, `MissingColumn` for one.
        text: a sentence for a person.
        observed: what was seen.
        limit: what was asked.
    """

    code: str
    text: str
    observed: Any = None
    limit: Any = None

    def to_json(self) -> ReasonShape:
        return {"code": self.code, "text": self.text, "observed": self.observed, "limit": self.limit}


@dataclass(frozen=True)
class Verdict:
    """An outcome and why."""

    outcome: str
    reasons: tuple[Reason, ...] = field(default=())

    def to_json(self) -> VerdictShape:
        return {"outcome": self.outcome, "reasons": [reason.to_json() for reason in self.reasons]}


def root_cause(cause: str) -> str:
    """The innermost words of a failure's cause: executions, jobs and functions nest theirs as JSON."""
    for _ in range(5):
        try:
            inner = json.loads(cause)
        except ValueError:
            break
        if not isinstance(inner, dict):
            break
        cause = str(inner.get("ExitMessage") or inner.get("FailureReason") or inner.get("errorMessage") or inner.get("Cause") or _stopped(inner) or inner)
    return cause[:LONGEST_CAUSE] or "no cause was given"


def _stopped(job: dict[str, Any]) -> str:
    """A processing job that was stopped gives no reason of its own."""
    seconds = job.get("StoppingCondition", {}).get("MaxRuntimeInSeconds")
    return f"the processing job was stopped, by somebody or at its limit of {seconds} s" if job.get("ProcessingJobStatus") == "Stopped" else ""
