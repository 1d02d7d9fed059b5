"""Shapes of `rollback`, and what the ledger keeps of it."""

from __future__ import annotations

from typing import Literal, TypedDict

from noria.kernel.json import Json
from noria.kernel.ledger import Item
from noria.kernel.shapes import EventContextShape, FailureShape, Invocation, ReasonShape, VerdictShape
from noria.release.shapes.deployment import DeployInput
from noria.release.shapes.requests import AwsRequest
from noria.sagemaker.descriptions import DeployedEndpoint


class RollbackRequest(TypedDict):
    """Who requests a rollback, why, and to which version's ARN; null is the release before."""

    to: str | None
    by: str
    reason: str


class PlanRollbackInput(Invocation):
    """`items` are the lock and the releases of the model; `began` is when the rollback was requested; `now` in seconds since the epoch."""

    model: str
    request: RollbackRequest
    items: list[Item]
    began: str
    now: float


class ReleaseSummary(TypedDict):
    """One side of a rollback."""

    package: str
    release: str
    config: str
    endpoint: str
    run: str
    time: str


class PlanRollbackResult(TypedDict):
    """The way back: from `current` to `target`, by `deploy`.

    `holder` is the execution that holds the lock, where the rollback must wait for it; `requests_stop` whether that one shall end early.
    """

    outcome: Literal["restore", "yield", "undone", "refused"]
    verdict: VerdictShape
    current: ReleaseSummary | None
    target: ReleaseSummary | None
    deploy: DeployInput | None
    holder: str | None
    requests_stop: bool


class ConcludeRollbackInput(Invocation):
    """A rollback that has ended; `began` is when it was requested."""

    model: str
    request: RollbackRequest
    items: list[Item]
    plan: PlanRollbackResult | None
    deployment: DeployedEndpoint | None
    failure: FailureShape | None
    began: str
    ledger: str
    owner: str
    cause: EventContextShape


class ConcludeRollbackResult(TypedDict):
    """`registry` marks both versions in the model registry; `record` writes the rollback, both releases and the champion, and frees the lock."""

    outcome: str
    verdict: VerdictShape
    registry: list[AwsRequest]
    record: AwsRequest
    entry: Json


class RollbackDocument(TypedDict):
    """What the ledger keeps of a rollback."""

    request: RollbackRequest
    current: ReleaseSummary | None
    target: ReleaseSummary | None
    reasons: list[ReasonShape]


class ChampionDocument(TypedDict, total=False):
    """What the ledger keeps of a champion that was restored."""

    release: str
    endpoint: str
    config: str
    run: str
    spec: str
    model_package_arn: str
    reasons: list[ReasonShape]
