"""Events of the release context: how a version came to its traffic, and how it lost it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.kernel.events import Event

if TYPE_CHECKING:
    from noria.kernel.shapes import ReasonShape
    from noria.release.shapes.approval import ApprovalShape


class _Rollout(Event):
    release: str
    model_package_arn: str
    endpoint: str
    config: str
    strategy: str
    run: str
    spec: str


class RolloutStarted(_Rollout):
    """A version holds the lock of its model: its release begins."""

    reasons: list[ReasonShape]


class RolloutDeferred(_Rollout):
    """A freeze is in force: the release waits until it ends (ISO 8601)."""

    until: str
    reasons: list[ReasonShape]


class _ConcludedRollout(_Rollout):
    approval: ApprovalShape
    exposed_requests: float | None
    seconds: float
    reasons: list[ReasonShape]


class RolloutCompleted(_ConcludedRollout):
    """The endpoint serves the version alone: it is the champion."""


class RolloutUndone(_ConcludedRollout):
    """The guard, a person or SageMaker took the traffic back during the rollout: the champion serves alone again."""


class RolloutHeld(_ConcludedRollout):
    """The evidence is undecided at the end, and the spec holds: champion and challenger go on serving side by side."""


class RolloutFailed(_ConcludedRollout):
    """A release was refused, failed or was interrupted; `endpoint` and `config` are empty where it was not planned."""


class RolloutSkipped(_ConcludedRollout):
    """The version serves already: there was nothing to release."""


class RollbackRequested(Event):
    """A person, or Noria after an interruption, requests an earlier release: `to` is a version's ARN, null is the release before."""

    to: str | None
    by: str
    reason: str


class _Rollback(Event):
    release: str | None
    model_package_arn: str | None
    endpoint: str | None
    config: str | None
    run: str | None
    restored: str | None
    requested_by: str
    seconds: float
    reasons: list[ReasonShape]


class ReleaseRestored(_Rollback):
    """A rollback has restored an earlier release: `restored` serves in place of `model_package_arn`, which is rejected in the registry."""


class RollbackFailed(_Rollback):
    """A rollback was refused or failed; all is null of which there is nothing."""


class RollbackSkipped(_Rollback):
    """The release in question has undone itself before the rollback began."""


type ConcludedRollout = RolloutCompleted | RolloutUndone | RolloutHeld | RolloutFailed | RolloutSkipped
type AnyRollout = RolloutStarted | RolloutDeferred | ConcludedRollout
