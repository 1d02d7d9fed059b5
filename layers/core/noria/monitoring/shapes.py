"""Shapes of what the `monitor` machine hands to its functions, of the results, and of the documents that monitoring keeps."""

from __future__ import annotations

from typing import Literal, TypedDict

from noria.kernel.json import Json
from noria.kernel.published_spec import PublishedSpec
from noria.kernel.shapes import EventContextShape, Invocation, ReasonShape, VerdictShape
from noria.training.shapes import EstimateShape, FindingShape, QualityBaselineShape

#: Predictions with ground truth, by day (`YYYY-MM-DD`) and outcome (`noria.training.quality`).
OutcomeCounts = dict[str, dict[str, float]]


class ReleaseReference(TypedDict):
    """The champion's release, and when it became the champion (ISO 8601)."""

    id: str
    time: str


class MonitoredRelease(ReleaseReference):
    """The champion's release with its version."""

    model_package_arn: str


class RowCounts(TypedDict):
    """Rows that one monitoring run has read.

    `unreadable` requests and `bad_truths` are left out; `repeated` ground truth is known already, `conflicting` ground truth
    contradicts the known one, `waiting` ground truth has no prediction yet.
    """

    predictions: int
    unreadable: int
    truths: int
    bad_truths: int
    labelled: int
    repeated: int
    conflicting: int
    waiting: int


class ColumnDrift(TypedDict):
    """The most telling measure of one column: its effect, evidence (a probability) and limit; and the standard drift metrics."""

    drifted: bool
    effect: float
    measure: str
    evidence: float
    limit: float
    measures: dict[str, float]


class DriftResult(TypedDict):
    """What `noria.monitoring.drift.check` returns."""

    verdict: Literal["ok", "drift", "incident", "undecided"]
    columns: dict[str, ColumnDrift]
    reasons: list[ReasonShape]


#: Shares of a number's values by equal bins from `from` to `to`, before and now.
Histogram = TypedDict("Histogram", {"from": float, "to": float, "before": list[float], "now": list[float]})


class CategoryShares(TypedDict):
    """Shares of the most frequent values of a column, before and now."""

    values: list[str]
    before: list[float]
    now: list[float]


class ContractBreaches(TypedDict):
    """Requests of a window, those that break the data contract, and the breaches by `<column> <code>`."""

    rows: int
    broken: int
    faults: dict[str, int]


class ReferenceComparison(DriftResult):
    """A window beside its reference: drift of inputs and predictions, charts of drifted columns, the estimated metric."""

    predictions: ColumnDrift | None
    pictures: dict[str, Histogram | CategoryShares]
    estimate: EstimateShape | None


class WindowDrift(ReferenceComparison):
    """The verdict on a complete window: also its rows, its time (ISO 8601), and the breaches of the contract."""

    contract: ContractBreaches
    rows: int
    since: str
    until: str


class WeightedDrift(WindowDrift):
    """`weight` is the share of the permutation importance that is in drifted columns; null where it is unknown."""

    weight: float | None


class DriftSummary(WeightedDrift):
    """`columns` has those that differ most; `watched` counts all."""

    watched: int


class ReadWindowInput(Invocation):
    """The champion, and the state that the last recorded monitoring run has left.

    `number` and `token` together name this run and no other; `state` is an object's key, or null before the first run;
    `dataset_folder` is that of the dataset that the champion was trained on, `run_folder` that of its training run.
    """

    model: str
    bucket: str
    artifacts: str
    endpoint: str
    number: int
    token: str
    state: str | None
    release: ReleaseReference
    spec: PublishedSpec
    quality_baseline: QualityBaselineShape | None
    dataset_folder: str
    run_folder: str
    now: str


class ReadWindowResult(TypedDict):
    """Facts for the judgement.

    `state` is the key of the state for the next run; `days` has the outcomes of this release; `drift` is null while the window
    is not complete; `drifted_windows` counts consecutive ones.
    """

    outcome: Literal["read"]
    state: str
    last_prediction: str | None
    last_truth: str | None
    days: OutcomeCounts
    drift: WindowDrift | None
    drifted_windows: int
    counts: RowCounts
    faults: list[str]
    fresh_rows: int
    trained_rows: int
    labelled_rows: int


class PreviousRun(TypedDict, total=False):
    """What the judgement reads of the last recorded monitoring run."""

    release: str
    reported: list[str]
    quality_baseline: QualityBaselineShape | None
    best_limit: float | None
    drift: DriftSummary | None


class JudgeWindowInput(Invocation):
    """One monitoring run: its facts, the evaluation of the version, and the last recorded run.

    `importance` and `quality_baseline` are the evaluation's; each may be null.
    """

    model: str
    window: ReadWindowResult
    number: int
    started_at: str
    release: MonitoredRelease
    spec: PublishedSpec
    importance: dict[str, float] | None
    quality_baseline: QualityBaselineShape | None
    previous: PreviousRun | None
    ledger: str
    cause: EventContextShape


class JudgeWindowResult(TypedDict):
    """The verdict; requests of `PutItem` and `PutMetricData`, and entries of `PutEvents`."""

    outcome: str
    verdict: VerdictShape
    record: Json
    metrics: Json
    entries: list[Json]


class QualityFinding(FindingShape):
    """Whether the metric has fallen below its limit."""

    metric: str
    limit: float


class RunSummary(TypedDict):
    """What the events and the document of a monitoring run share."""

    number: int
    release: str
    outcome: str
    causes: list[str]
    reasons: list[ReasonShape]
    quality: QualityFinding | None
    fresh_rows: int
    labelled_rows: int
    trained_rows: int
    counts: RowCounts
    weight: float | None


class MonitoringFacts(RunSummary):
    """The data of `MonitoringCompleted`, which all events of a monitoring run share (`noria.monitoring.events`)."""

    model_package_arn: str


#: The metric from one day on, and its rows.
SeriesPoint = TypedDict("SeriesPoint", {"from": str, "value": float | None, "rows": float})


class MonitoringDocument(RunSummary):
    """The document of the last monitoring run in the ledger.

    `reported` has every cause that was published since the release; `best_limit` is the best limit of the model's versions so
    far, by the same metric.
    """

    reported: list[str]
    quality_baseline: QualityBaselineShape | None
    best_limit: float | None
    series: list[SeriesPoint]
    drift: DriftSummary | None
    state: str
    last_prediction: str | None
    last_truth: str | None


class WindowShape(TypedDict):
    """Predictions that the next drift check judges.

    `runs` names the monitoring runs whose profiles are its parts; `times` has the first and the last prediction's; `scores` counts
    predictions by `noria.training.cbpe`.
    """

    runs: list[str]
    rows: int
    since: str | None
    times: list[str]
    scores: dict[str, int]
    faults: dict[str, int]
    broken: int


class RecentRun(TypedDict):
    """A monitoring run whose predictions may still get their ground truth: the newest one's time, and its rows by kind."""

    run: str
    newest: str
    predictions: int
    labelled: int


class MonitoringState(TypedDict):
    """What one monitoring run hands to the next.

    `after` and `read` tell which captured files were read, `truths` and `scored` which other files (by digest); `days` has the
    outcomes of the release, `history` those of all; `waiting` is ground truth without a prediction, by name; `labelled` names the
    runs that wrote labelled rows; `incidents` has the times of windows with a broken feed; `trained_until` is the last day of
    the champion's dataset.
    """

    number: int
    labelled: list[str]
    release: str | None
    after: str | None
    read: list[str]
    truths: list[str]
    scored: list[str]
    days: OutcomeCounts
    history: OutcomeCounts
    waiting: dict[str, tuple[str, str, dict[str, str]]]
    recent: list[RecentRun]
    window: WindowShape
    incidents: list[list[str]]
    last_prediction: str | None
    last_truth: str | None
    drifted_windows: int
    trained_until: str | None
    trained_rows: int
