"""Whether a candidate is good enough to be registered."""

import math
from typing import Any

from noria.kernel.verdict import Reason, Verdict
from noria.training.gates import LESS_IS_BETTER, Gate

PASSED, REJECTED, FAILED = "registered", "rejected", "failed"


def judge(evaluation: dict[str, Any], gates: tuple[Gate, ...]) -> Verdict:
    """Every gate, in order; one that is missed rejects.

    Args:
        evaluation: `{candidate: {metric: value}, champion: {…} | null, bounds: {metric: lower bound of the gain}}`
    """
    reasons = [reason for gate in gates for reason in _missed(gate, evaluation)]
    if reasons or not evaluation.get("incomparable"):
        return Verdict(REJECTED if reasons else PASSED, tuple(reasons))
    text = f"{evaluation['incomparable']}: only the fixed gates counted"
    return Verdict(PASSED, (Reason("ChampionNotComparable", text),))


def _missed(gate: Gate, evaluation: dict[str, Any]) -> list[Reason]:
    got = evaluation["candidate"].get(gate.metric)
    if got is not None and not math.isfinite(got):
        return [Reason("GateMissed", f"{gate.metric} is {got}, which reaches no gate", str(got), gate.metric)]
    if got is None:
        return [Reason("GateUnknown", f"{gate.metric} is no metric of this task", None, gate.metric)]
    if gate.at_least is not None and got < gate.at_least:
        return [Reason("GateMissed", f"{gate.metric} is {got:.4f}, the gate asks at least {gate.at_least:g}", got, gate.at_least)]
    if gate.at_most is not None and got > gate.at_most:
        return [Reason("GateMissed", f"{gate.metric} is {got:.4f}, the gate asks at most {gate.at_most:g}", got, gate.at_most)]
    return _against_champion(gate, got, evaluation) if gate.against and evaluation["champion"] else []


def _against_champion(gate: Gate, got: float, evaluation: dict[str, Any]) -> list[Reason]:
    bound, champion = evaluation["bounds"][gate.metric], evaluation["champion"][gate.metric]
    if bound >= gate.margin and (bound > 0 or gate.margin < 0):
        return []
    direction = "less" if gate.metric in LESS_IS_BETTER else "more"
    text = (
        f"{gate.metric} is {got:.4f}, the champion's {champion:.4f} on the same rows ({direction} is better): "
        f"with {gate.confidence:.0%} confidence the gain is at least {bound:+.4f}, the gate asks for {_asked(gate)}"
    )
    return [Reason("NotBetterThanChampion", text, bound, gate.margin)]


def _asked(gate: Gate) -> str:
    if gate.margin:
        return f"at least {gate.margin:+g}"
    return "more than 0 (a negative margin of this gate accepts a version that is a little worse)"
