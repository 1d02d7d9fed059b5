"""The shape of `.noria/demo.json`."""

from typing import NotRequired, TypedDict


class StageReport(TypedDict):
    """A stage of the loop: its name, seconds since the stage before, and its verdict."""

    name: str
    seconds: float
    verdict: str


class HoldoutReport(TypedDict):
    """Metrics of the champion on its holdout."""

    accuracy: float
    f1: float
    rows: int | None


class PredictionReport(TypedDict):
    """The prediction of an hour that the champion has never seen, and its ground truth."""

    request: str
    response: str
    truth: str


class Point(TypedDict):
    """One quarter: the share of right predictions of the managed and of the frozen model."""

    window: str
    managed: float
    frozen: float


class HealReport(TypedDict):
    """Six years: the course of both models, alarms, automatic retrainings, and the last quarter."""

    series: list[Point]
    alarms: int
    retrainings: int
    final: dict[str, float]


class PromotedReport(TypedDict):
    """A release that the guard has promoted, and its findings."""

    version: str
    seconds: float
    guard: str


class UndoneReport(TypedDict):
    """A release that the guard has undone; `exposed_requests` reached the spoiled version before."""

    version: str
    seconds: float
    exposed_requests: float
    reason: str


class ClientReport(TypedDict):
    """What the client saw; `failed` counts errors that are not the spoiled version's own."""

    requests: int
    failed: int
    model_errors: int
    served_by: dict[str, int]


class ReleaseReport(TypedDict):
    """Both releases under traffic."""

    promoted: PromotedReport
    undone: UndoneReport
    client: ClientReport


class DemoReport(TypedDict):
    """The whole demonstration; `setup_s` before the upload, `loop_s` from the upload to the prediction."""

    ok: bool
    stages: list[StageReport]
    model_package_arn: NotRequired[str]
    endpoint: NotRequired[str]
    holdout: NotRequired[HoldoutReport]
    prediction: NotRequired[PredictionReport]
    heal: NotRequired[HealReport]
    release: NotRequired[ReleaseReport]
    total_s: NotRequired[float]
    setup_s: NotRequired[float]
    loop_s: NotRequired[float]
