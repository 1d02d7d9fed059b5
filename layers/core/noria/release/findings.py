"""Findings of the guard in words: what was compared, with the interval, and what that means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.kernel.verdict import Reason, Verdict
from noria.release.decision import SHIFT, UNDO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from noria.release.guard import Guard
    from noria.release.shapes.observation import Finding, SideCounts


#: Codes of a finding's reason.
HARM, NO_WORSE, NOT_DECIDED = "Harm", "NoWorse", "NotDecided"


def verdict(guard: Guard, findings: Sequence[Finding], outcome: str, look: int, share: float) -> Verdict:
    """The verdict of one look: a reason for each metric, behind those of the outcome."""
    reasons = [Reason(_code(finding), text(finding), [finding["low"], finding["high"]], _limits(guard, finding)) for finding in findings]
    return Verdict(outcome, (*_dry_run(guard, findings), *_outcome(guard, findings, outcome, look, share), *reasons))


def _dry_run(guard: Guard, findings: Sequence[Finding]) -> Iterator[Reason]:
    if guard.dry_run and any(finding["harmful"] for finding in findings):
        yield Reason("DryRun", "this would have been undone; rollout.dry_run only reports", True, False)


def _outcome(guard: Guard, findings: Sequence[Finding], outcome: str, look: int, share: float) -> Iterator[Reason]:
    """Why the guard decides so, where the metrics alone do not say it."""
    if outcome == guard.idle and not any(finding["challenger"]["requests"] or finding["champion"]["requests"] for finding in findings):
        yield Reason("NobodyAsks", f"nobody asked the endpoint in {look} looks: rollout.idle says {guard.idle}", 0, look)
    elif outcome == SHIFT:
        yield Reason("NoHarmSoFar", f"nothing speaks for harm: {share:.0%} of the traffic from now on", look, share)
    elif look >= guard.looks and not any(finding["harmful"] for finding in findings) and not all(finding["harmless"] for finding in findings):
        against = ", but the evidence speaks for harm" if outcome == UNDO != guard.undecided else ""
        text = f"{_seen(findings, look)}: rollout.undecided says {guard.undecided}{against}"
        yield Reason("Undecided", text, look, guard.looks)


def _seen(findings: Sequence[Finding], look: int) -> str:
    """How little was seen, in numbers."""
    finding = max(findings, key=lambda finding: finding["challenger"]["requests"], default=None)
    if finding is None or not finding["challenger"]["requests"]:
        return f"no request reached the challenger after {look} looks"
    challenger, champion = finding["challenger"], finding["champion"]
    requests = f"{challenger['requests']:,.0f} of {challenger['requests'] + champion['requests']:,.0f} requests reached the challenger"
    counts = f"{finding['metric']}: {challenger['hits']:,.0f} against the champion's {champion['hits']:,.0f}"
    return f"the evidence decides neither way after {look} looks ({requests}; {counts})"


def text(finding: Finding) -> str:
    """One finding in words."""
    challenger, champion = finding["challenger"], finding["champion"]
    if not challenger["requests"] and not champion["requests"]:
        return f"{finding['metric']}: none was counted yet: not decided"
    high = "any number of" if finding["high"] is None else f"{finding['high']:.2f}"
    conclusion = "harm" if finding["harmful"] else "no worse" if finding["harmless"] else "not decided"
    return f"{finding['metric']}: {_rate(challenger)} against {_rate(champion)}, {finding['low']:.2f} to {high} times the champion's: {conclusion}"


def _code(finding: Finding) -> str:
    return HARM if finding["harmful"] else NO_WORSE if finding["harmless"] else NOT_DECIDED


def _limits(guard: Guard, finding: Finding) -> list[float]:
    metric = next(metric for metric in guard.metrics if metric.name == finding["metric"])
    return [metric.harm, metric.margin]


def _rate(side: SideCounts) -> str:
    if not side["requests"]:
        return "no request"
    return f"{side['hits'] / side['requests']:.2%} of {side['requests']:,.0f}"
