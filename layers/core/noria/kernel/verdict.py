"""What a decision returns: an outcome, and reasons, each with what was observed and its limit."""

from dataclasses import asdict, dataclass, field
from typing import Any

Json = dict[str, Any]


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


@dataclass(frozen=True)
class Verdict:
    """An outcome and why."""

    outcome: str
    reasons: tuple[Reason, ...] = field(default=())

    def to_json(self) -> Json:
        return {"outcome": self.outcome, "reasons": [asdict(reason) for reason in self.reasons]}
