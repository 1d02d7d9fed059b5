"""The shapes of the ledger's documents, as far as the command reads them: datasets, runs, releases, rollbacks, monitoring runs."""

from typing import NotRequired, TypedDict

from noria.kernel.shapes import ReasonShape

Reason = ReasonShape


class Source(TypedDict):
    """The object version of an upload, or the healing that assembled a dataset."""

    bucket: NotRequired[str]
    key: NotRequired[str]
    version: NotRequired[str]
    healing: NotRequired[str]


class Correction(TypedDict):
    """A corrected copy of a quarantined dataset: its object version, its content, the spec published then, and who released it when."""

    key: str
    version: str | None
    digest: str
    spec: str
    by: str
    time: str


class Dataset(TypedDict):
    """One upload and the verdict on it.

    `claims` are the events whose runs have taken it, `claimed_by` is the execution of the last one; `corrections` are the copies that were
    released out of quarantine in its place, oldest first.
    """

    dataset: str
    bucket: str
    location: str
    verdict: str
    source: Source
    spec: str | None
    train: bool
    digest: str
    rows: int
    set_aside: int
    reasons: list[Reason]
    status: str
    time: str
    claims: list[str]
    claimed_by: str | None
    corrections: list[Correction]


class Run(TypedDict):
    """One training run; `substitution` is the framework version that the local AWS trained with in place of the image's own."""

    run: str
    dataset: str
    spec: str
    metrics: dict[str, float] | None
    rows: int | None
    train_seconds: NotRequired[float | None]
    failed_at: NotRequired[str | None]
    reasons: list[Reason]
    status: str
    time: str
    substitution: NotRequired[str]


class Release(TypedDict):
    """One release of a version to the model's endpoint."""

    release: str
    model_package_arn: str
    endpoint: str
    config: str
    strategy: NotRequired[str]
    run: str
    spec: str
    seconds: NotRequired[float]
    exposed_requests: NotRequired[float | None]
    reasons: list[Reason]
    status: str
    time: str


class Champion(TypedDict):
    """The version that serves, as its release left it."""

    model_package_arn: str
    endpoint: str
    config: str
    run: str
    spec: str
    release: str
    time: str
    sagemaker_model: str


class RollbackRequest(TypedDict):
    """The requester of a rollback, and the reason."""

    by: str
    reason: str
    to: str | None


#: One rollback: of a released version, or of a release under way.
class Rollback(TypedDict):
    id: str
    request: RollbackRequest
    reasons: list[Reason]
    status: str
    time: str


class PendingApproval(TypedDict):
    """A version that waits for a person's approval."""

    package: str
    time: str


class Lock(TypedDict):
    """The lock of a release or rollback under way: its version, since when, and the execution that holds it."""

    package: str
    began: str
    holder: str


class Healing(TypedDict):
    """One automatic retraining; `status` is its run's, `running` until the run has ended."""

    run: str
    dataset: str
    time: str
    reasons: list[Reason]
    status: NotRequired[str]


#: Shares of one column in the reference (`before`) and in the window (`now`): by bin of numbers between `from` and `to`, or by value.
Histograms = TypedDict(
    "Histograms",
    {"before": list[float], "now": list[float], "from": NotRequired[float], "to": NotRequired[float], "values": NotRequired[list[str]]},
)


class ColumnDrift(TypedDict):
    """How far one column has moved; `measures` are the standard ones, which decide nothing."""

    drifted: bool
    measure: str
    effect: float
    evidence: float
    limit: float
    measures: dict[str, float]


class Estimate(TypedDict):
    """The metric that a model's own probabilities promise, where no ground truth is known."""

    metric: str
    value: float
    low: float
    high: float
    rows: int
    method: str


class Drift(TypedDict):
    """The verdict on the inputs, with histograms of the columns that moved most."""

    verdict: str
    columns: dict[str, ColumnDrift]
    reasons: list[Reason]
    pictures: dict[str, Histograms]


class WindowDrift(Drift):
    """The verdict on one window of captured requests; `watched` counts the columns that were checked, of which the worst are told."""

    rows: int
    since: str
    until: str
    estimate: NotRequired[Estimate | None]
    watched: NotRequired[int]


class Quality(TypedDict):
    """The metric since the release, on predictions whose ground truth is known."""

    metric: str
    value: float | None
    rows: float
    limit: float


class QualityLevel(TypedDict):
    """The metric in the evaluation, and the limit that chance explains."""

    metric: str
    value: float
    limit: float


#: One period of the metric's course: its first day, the metric, and the predictions with ground truth.
QualityPoint = TypedDict("QualityPoint", {"from": str, "value": float | None, "rows": NotRequired[float]})


class MonitoringRun(TypedDict):
    """One monitoring run of a served model."""

    number: int
    release: str
    time: str
    outcome: str
    causes: list[str]
    counts: dict[str, int]
    reasons: list[Reason]
    drift: WindowDrift | None
    quality: Quality | None
    quality_baseline: QualityLevel | None
    series: list[QualityPoint]
    labelled_rows: int
