"""Registration policy: whether a candidate passes its gates."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from noria.kernel.verdict import Reason, Verdict
from noria.training.metrics import less_is_better

if TYPE_CHECKING:
    from noria.training.gates import Gate
    from noria.training.shapes import Scores

PASSED, REJECTED, FAILED = "registered", "rejected", "failed"


def judge(scores: Scores, gates: tuple[Gate, ...]) -> Verdict:
    """Check every gate, in order; a missed one rejects."""
    reasons = [reason for gate in gates for reason in _missed(gate, scores)]
    if reasons or not scores.get("incomparable"):
        return Verdict(REJECTED if reasons else PASSED, tuple(reasons))
    text = f"{scores['incomparable']}: only the fixed gates counted"
    return Verdict(PASSED, (Reason("ChampionNotComparable", text),))


def _missed(gate: Gate, scores: Scores) -> list[Reason]:
    value = scores["candidate"].get(gate.metric)
    if value is not None and not math.isfinite(value):
        return [Reason("GateMissed", f"{gate.metric} is {value}, which reaches no gate", str(value), gate.metric)]
    if value is None:
        return [Reason("GateUnknown", f"{gate.metric} is no metric of this task", None, gate.metric)]
    if gate.at_least is not None and value < gate.at_least:
        return [Reason("GateMissed", f"{gate.metric} is {value:.4f}, the gate asks at least {gate.at_least:g}", value, gate.at_least)]
    if gate.at_most is not None and value > gate.at_most:
        return [Reason("GateMissed", f"{gate.metric} is {value:.4f}, the gate asks at most {gate.at_most:g}", value, gate.at_most)]
    return _not_better(gate, value, scores["champion"][gate.metric], scores["bounds"][gate.metric]) if gate.against and scores["champion"] else []


def _not_better(gate: Gate, value: float, champion: float, bound: float) -> list[Reason]:
    if bound >= gate.margin and (bound > 0 or gate.margin < 0):
        return []
    direction = "less" if less_is_better(gate.metric) else "more"
    text = (
        f"{gate.metric} is {value:.4f}, the champion's {champion:.4f} on the same rows ({direction} is better): "
        f"with {gate.confidence:.0%} confidence the gain is at least {bound:+.4f}, the gate asks for {_requirement(gate)}"
    )
    return [Reason("NotBetterThanChampion", text, bound, gate.margin)]


def _requirement(gate: Gate) -> str:
    if gate.margin:
        return f"at least {gate.margin:+g}"
    return "more than 0 (a negative margin of this gate accepts a version that is a little worse)"
