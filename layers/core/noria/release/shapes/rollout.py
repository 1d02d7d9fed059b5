"""Shapes of `release` and `rollout`: the plan of a release, its report, and its conclusion."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from noria.kernel.json import Json
from noria.kernel.ledger import Item
from noria.kernel.published_spec import AutoscaleShape, PublishedSpec
from noria.kernel.shapes import EventContextShape, FailureShape, Invocation, VerdictShape
from noria.release.shapes.admission import ApprovedVersion
from noria.release.shapes.approval import ApprovalFacts
from noria.release.shapes.deployment import DeployInput, SmokeTest, StopAlarm
from noria.release.shapes.observation import ObservationPlan, ObservationReport
from noria.release.shapes.requests import AwsRequest
from noria.sagemaker.descriptions import DeployedEndpoint, EndpointDescription


class ReleaseResources(TypedDict):
    """Names in the stack."""

    prefix: str
    artifacts: str
    lake: str
    execution_role: str


class PlanRolloutInput(ApprovedVersion, Invocation):
    """A version whose turn has come; `approver` is null where the registry does not name who approved it."""

    status: str
    approver: str | None
    spec: PublishedSpec
    resources: ReleaseResources
    attempt: str
    champion: Item | None
    endpoint: EndpointDescription | None


class PlanRolloutResult(TypedDict):
    """The plan of a release; a refused one has nothing but its names.

    `open`, `promote` and `undo` are inputs of `deploy`: they begin the exposure, let the version serve alone, and let the champion serve
    alone again. `reset` switches the stop alarm off where the release is one by guardrails, and is empty otherwise. `observe` is null where
    champion and challenger do not serve side by side, `undo` where there is no champion.
    """

    outcome: Literal["planned", "refused"]
    verdict: VerdictShape
    release: str
    endpoint: str
    config: str
    strategy: NotRequired[str]
    smoke_test: NotRequired[SmokeTest]
    reset: NotRequired[list[StopAlarm]]
    open: NotRequired[DeployInput]
    observe: NotRequired[ObservationPlan | None]
    promote: NotRequired[DeployInput]
    undo: NotRequired[DeployInput | None]


class ReleaseReport(TypedDict):
    """The output of `release`; `plan` is null where the machine ended without one, `stop_request` where nobody asked the release to end."""

    plan: PlanRolloutResult | None
    observation: ObservationReport | None
    deployment: DeployedEndpoint | None
    failure: FailureShape | None
    stop_request: NotRequired[str | None]


class ConcludeRolloutInput(ApprovedVersion, Invocation):
    """A release that has ended; `report` is null where the release was not begun."""

    approval: ApprovalFacts
    autoscale: AutoscaleShape | None
    report: ReleaseReport | None
    failure: FailureShape | None
    ledger: str
    owner: str
    began: str
    cause: EventContextShape


class ConcludeRolloutResult(TypedDict):
    """`registry` marks the version in the model registry; `record` writes the release, the champion where it is a new one, and frees the lock."""

    outcome: str
    verdict: VerdictShape
    registry: list[AwsRequest]
    record: AwsRequest
    entries: list[Json]
