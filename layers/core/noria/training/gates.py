"""The gates of a published spec as decisions read them; `noria.spec.evaluate` has the rules for writing them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from noria.kernel.published_spec import EvaluateShape, PublishedSpec
    from noria.training.shapes import Comparison


@dataclass(frozen=True)
class Gate:
    """A requirement on a candidate: a fixed limit of a metric, or a gain over the champion on the same rows.

    Attributes:
        margin: against the champion, the least gain; a negative one accepts a small loss.
        confidence: of the one-sided bound that must reach the margin.
    """

    metric: str
    at_least: float | None = None
    at_most: float | None = None
    against: str | None = None
    margin: float = 0.0
    confidence: float = 0.95


def gates_of(evaluate: EvaluateShape) -> tuple[Gate, ...]:
    """The gates of an `evaluate` block; where none is against the champion, its first metric gets such a gate as well."""
    gates = tuple(Gate(**gate) for gate in evaluate["gates"])
    if any(gate.against for gate in gates):
        return gates
    return (*gates, Gate(metric=gates[0].metric, against="champion"))


def comparisons(gates: Iterable[Gate]) -> list[Comparison]:
    """The metrics on which an evaluation compares the candidate with the champion."""
    return [{"metric": gate.metric, "confidence": gate.confidence} for gate in gates if gate.against]


def monitored_metric(spec: PublishedSpec) -> str:
    """The metric that monitoring follows once a version serves: the spec's own, else the first gate's."""
    return spec["monitor"]["quality"]["metric"] or spec["evaluate"]["gates"][0]["metric"]
