"""Shapes of `observe`: what is compared while champion and challenger serve side by side."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from noria.kernel.ledger import Item
from noria.kernel.published_spec import AnswersShape
from noria.kernel.shapes import Invocation, VerdictShape
from noria.release.shapes.requests import AwsRequest
from noria.sagemaker.descriptions import EndpointDescription, MetricSeries


class GuardMetricShape(TypedDict):
    """`noria.release.guard.GuardMetric` as JSON; what is left out has the default."""

    name: str
    harm: NotRequired[float]
    margin: NotRequired[float]
    tolerated: NotRequired[float | None]
    good: NotRequired[bool]
    harm_only: NotRequired[bool]
    captured: NotRequired[bool]


class GuardPlan(TypedDict):
    """`noria.release.guard.Guard` as JSON."""

    metrics: list[GuardMetricShape]
    confidence: float
    steps: list[float]
    step_looks: int
    looks: int
    undecided: str
    dry_run: bool
    idle: str
    sample: int


class CaptureSource(TypedDict):
    """Where captured predictions lie, and what they are compared with: the contract, and the holdout's predictions at `expected`."""

    bucket: str
    prefix: str
    artifacts: str
    expected: str
    task: str
    contract: AnswersShape


class CapturePlan(CaptureSource):
    """Captured predictions as metrics of the guard: `first_metric` counts broken ones, the next `kinds` one kind of prediction each."""

    first_metric: int
    kinds: int


class ObservationPlan(TypedDict):
    """What `observe` compares: `counters` are queries of `GetMetricData`; `weighted` is false where no weight moves, as of a shadow."""

    endpoint: str
    config: str
    weighted: bool
    look_seconds: int
    share: float
    counters: list[AwsRequest]
    capture: CapturePlan | None
    guard: GuardPlan


class CapturedData(TypedDict):
    """One side of a captured request: its text, by encoding (`CSV`, `JSON`, `BASE64`)."""

    data: str
    encoding: str
    observedContentType: NotRequired[str]


class CapturedSides(TypedDict, total=False):
    """The prediction of a captured request."""

    endpointOutput: CapturedData


class CapturedMetadata(TypedDict):
    """When a request was answered (ISO 8601)."""

    inferenceTime: str


class CapturedRequest(TypedDict):
    """One line of a captured file, as far as it is read here."""

    captureData: CapturedSides
    eventMetadata: CapturedMetadata


class CountCapturedInput(Invocation):
    """One look at captured traffic: `began` is when the first look did, `since` when the last one did; `files` are digests of file names."""

    model: str
    release: str
    capture: CapturePlan
    began: str
    since: str
    now: str
    files: list[str]
    results: list[MetricSeries]


class CountCapturedResult(TypedDict):
    """Files that are counted, and requests and hits of each metric and side, one period a look."""

    files: list[str]
    results: list[MetricSeries]


class WeighTrafficInput(Invocation):
    """One look: all that was counted, the endpoint, the lock's item or null, and the times at which weights were changed."""

    model: str
    release: str
    observe: ObservationPlan
    results: list[MetricSeries]
    endpoint: EndpointDescription
    lock: Item | None
    look: int
    share: float
    looks_at_share: int
    changes: list[str]
    now: str


class SideCounts(TypedDict):
    """Requests of one variant, and the hits among them."""

    requests: float
    hits: float


class Finding(TypedDict):
    """One metric: counts, and the interval of the challenger's rate as a multiple of the champion's; `high` is null where it is unbounded."""

    metric: str
    challenger: SideCounts
    champion: SideCounts
    low: float
    high: float | None
    harmful: bool
    harmless: bool


class WeighTrafficResult(TypedDict):
    """`request` sets new weights, or is null."""

    outcome: str
    verdict: VerdictShape
    findings: list[Finding]
    share: float
    looks_at_share: int
    changes: list[str]
    request: AwsRequest | None


class ObservationReport(TypedDict):
    """The output of `observe`."""

    outcome: str
    verdict: VerdictShape
    findings: list[Finding]
    looks: int
