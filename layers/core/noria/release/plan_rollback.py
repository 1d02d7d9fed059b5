"""Plans a rollback: back to the last good release, on an alarm or on request, also long after the rollout has ended."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from noria.kernel.verdict import Reason, Verdict
from noria.release import status
from noria.release.autoscaling import scaling
from noria.release.past_release import held_lock, past_releases
from noria.sagemaker.endpoints import create_endpoint, update_endpoint

if TYPE_CHECKING:
    from typing import Literal

    from noria.release.past_release import Lock, PastRelease
    from noria.release.shapes.deployment import DeployInput
    from noria.release.shapes.rollback import PlanRollbackInput, PlanRollbackResult, RollbackRequest

    type Outcome = Literal["restore", "yield", "undone", "refused"]

#: Who requests a rollback after an interruption; an alarm's name follows its own mark.
NORIA, ALARM = "noria", "alarm "


def plan_rollback(event: PlanRollbackInput) -> PlanRollbackResult:
    """Plan the way back; while a release is under way, wait for its end and plan again."""
    releases, request = past_releases(event["items"]), event["request"]
    champions = [release for release in releases if release.status in status.SERVED]
    if undone := _undone_meanwhile(event, champions[-1] if champions else None, releases):
        return undone
    if lock := held_lock(event["items"], event["now"]):
        return _wait(event, lock)
    if not champions:
        return _plan("refused", Reason("NothingServes", f"no version of {event['model']} was ever released"))
    return _replaced(event, champions[-1], releases[-1]) or _settlement(request, champions[-1], releases) or _restoration(event["model"], request, champions)


def _wait(event: PlanRollbackInput, lock: Lock) -> PlanRollbackResult:
    """A release is under way: it shall end early where a person requests the rollback, for an alarm is about the champion."""
    request = event["request"]
    reason = Reason("UnderWay", f"{lock.package} of {event['model']} is just being released, or taken back: {request['reason']}", lock.package)
    stop = not request["by"].startswith(ALARM) and request["by"] != NORIA
    return {**_plan("yield", reason), "holder": lock.holder, "requests_stop": stop}


def _undone_meanwhile(event: PlanRollbackInput, champion: PastRelease | None, releases: list[PastRelease]) -> PlanRollbackResult | None:
    """Nothing more to do where a release has undone itself since the request, whoever holds the lock by now; an alarm is about the champion."""
    request, began = event["request"], datetime.fromisoformat(event["began"]).timestamp()
    if request["by"].startswith(ALARM) or request["to"] not in (None, champion.package if champion else None):
        return None
    undone = next((release for release in reversed(releases) if release.status == status.ROLLED_BACK and release.seconds > began), None)
    if undone is None:
        return None
    reason = Reason("UndoneMeanwhile", f"the release of {undone.package} has undone itself: {request['reason']}", undone.package)
    return _plan("undone", reason, undone, champion)


def _replaced(event: PlanRollbackInput, champion: PastRelease, newest: PastRelease) -> PlanRollbackResult | None:
    """Nothing to do where an alarm was about a champion that another version has replaced since."""
    alarmed = event["request"]["by"].startswith(ALARM)
    if alarmed and newest is champion and newest.seconds > datetime.fromisoformat(event["began"]).timestamp():
        return _plan("refused", Reason("AnotherServes", f"{champion.package} serves since the alarm went off"), champion)
    return None


def _settlement(request: RollbackRequest, champion: PastRelease, releases: list[PastRelease]) -> PlanRollbackResult | None:
    """The champion alone, where the endpoint may serve something else; nothing more after an interruption."""
    if unsettled := _unsettled(releases):
        return _restore(unsettled, champion, request)
    if request["by"] == NORIA:
        return _plan("refused", Reason("SettledMeanwhile", f"{champion.package} serves alone since: {request['reason']}"), champion)
    return None


def _unsettled(releases: list[PastRelease]) -> PastRelease | None:
    """The last release after which the endpoint may serve something else than the champion alone."""
    for release in reversed(releases):
        if release.status in status.UNSETTLED:
            return release
        if release.status in (*status.SERVED, status.ROLLED_BACK):
            return None
    return None


def _restoration(model: str, request: RollbackRequest, champions: list[PastRelease]) -> PlanRollbackResult:
    """The requested release, or the one before the champion."""
    champion, to = champions[-1], request["to"]
    earlier = [release for release in champions[:-1] if release.package != champion.package]
    target = next((release for release in reversed(champions if to else earlier) if to in (None, release.package)), None)
    if target is None:
        text = f"{to} was never released" if to else "there is no release before the one that serves"
        return _plan("refused", Reason("NoSuchRelease", f"{text}; noria releases {model} lists them", to), champion)
    if target.package == champion.package:
        return _plan("refused", Reason("ServesAlready", f"{to} is what serves", to), champion, target)
    return _restore(champion, target, request)


def _restore(current: PastRelease, target: PastRelease, request: RollbackRequest) -> PlanRollbackResult:
    text = f"{target.endpoint} goes back from {current.package} to {target.package}: {request['reason']}"
    plan = _plan("restore", Reason("Restore", text, current.package, target.package), current, target)
    return {**plan, "deploy": _deploy(current, target)}


def _deploy(current: PastRelease, target: PastRelease) -> DeployInput:
    """The input of `deploy`: the target's configuration exists already, so one call restores it."""
    return {
        "config": None,
        "create": create_endpoint(target.endpoint, target.config),
        "update": update_endpoint(target.endpoint, target.config),
        **scaling(target.endpoint, target.autoscale, current.autoscale),
    }


def _plan(outcome: Outcome, reason: Reason, current: PastRelease | None = None, target: PastRelease | None = None) -> PlanRollbackResult:
    return {
        "outcome": outcome,
        "verdict": Verdict(outcome, (reason,)).to_json(),
        "current": current.summary() if current else None,
        "target": target.summary() if target else None,
        "deploy": None,
        "holder": None,
        "requests_stop": False,
    }
