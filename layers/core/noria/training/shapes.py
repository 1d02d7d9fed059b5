"""Shapes of what the machines `train` and `evaluate` hand to their functions, of the results, and of a run's document."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from noria.kernel.json import Json
from noria.kernel.ledger import Item
from noria.kernel.published_spec import PublishedSpec
from noria.kernel.shapes import EventContextShape, FailureShape, Invocation, ReasonShape, VerdictShape
from noria.preprocessing.shapes import DatasetFile, PreparationRequest
from noria.sagemaker.shapes import StackResourcesShape

#: The stage at which a run failed.
RunStage = Literal["preprocess", "train", "evaluate"]
#: A model that predicts the holdout.
Side = Literal["candidate", "champion"]


class BacktestShape(TypedDict):
    """The window that a backtest chose (days; null is all rows), and the mean loss of each window by its days."""

    days: float | None
    losses: dict[str, float]


class RetrainingSource(TypedDict):
    """Where the rows of an automatic retraining come from.

    `healing` is the id of the event that caused it, `base` the champion's dataset, `since` the time of the oldest row.
    """

    healing: str
    base: str
    since: str | None
    backtest: BacktestShape | None


class Candidate(TypedDict):
    """A candidate's SageMaker model: its name, and the request that creates it."""

    model: str
    request: Json


class PreprocessingPlan(TypedDict):
    """The input of the machine `preprocess`: the processing job of the project's own script or null, and the preparation."""

    processing: Json | None
    prepare: PreparationRequest


class PlanRunInput(Invocation):
    """A dataset with the spec that judged it, and the event that requested the run."""

    model: str
    dataset: str
    spec: PublishedSpec
    source: DatasetFile
    cause_id: str
    resources: StackResourcesShape


class PlanRunResult(TypedDict):
    """A run's id and folder, and complete requests for its jobs."""

    outcome: Literal["planned"]
    run: str
    folder: str
    preprocess: PreprocessingPlan
    training: Json
    candidate: Candidate


class PlanEvaluationInput(Invocation):
    """A trained candidate, and the champion's item in the ledger or null.

    `attempt` names the execution: a run that another execution takes over transforms anew.
    """

    model: str
    run: str
    folder: str
    candidate: Candidate
    spec: PublishedSpec
    champion: Item | None
    attempt: str
    resources: StackResourcesShape


class TransformTask(TypedDict):
    """A batch transform of the holdout by one model."""

    side: Side
    request: Json


class Comparison(TypedDict):
    """A metric on which candidate and champion are compared, and the confidence of the bound."""

    metric: str
    confidence: float


class ScoreRequest(TypedDict):
    """The files and facts that `score_holdout` needs.

    `predictions` has the key of each side's predictions, `shuffled` the key of the candidate's predictions of the shuffled rows;
    `incomparable` is a sentence where the champion cannot predict these rows.
    """

    bucket: str
    truth: str
    predictions: dict[Side, str]
    shuffled: str
    features: list[str]
    task: str
    comparisons: list[Comparison]
    monitored_metric: str
    incomparable: str | None
    run: str


class PlanEvaluationResult(TypedDict):
    """The transforms of the holdout, and the scoring that follows."""

    outcome: Literal["planned"]
    transforms: list[TransformTask]
    score: ScoreRequest


class ScoreHoldoutInput(ScoreRequest, Invocation):
    """A scoring request; `champion_failure` is the cause of the champion's failed transform, or null."""

    champion_failure: str | None
    model: NotRequired[str]


class QualityBaselineShape(TypedDict):
    """`noria.training.quality.QualityBaseline` as JSON."""

    metric: str
    value: float
    limit: float
    design_effect: float
    cap: float


class Scores(TypedDict):
    """A candidate's metrics on the holdout, beside the champion's on the same rows.

    `bounds` has the lower confidence bound of the gain by metric; `incomparable` is a sentence where a champion exists and was not
    compared.
    """

    rows: int
    candidate: dict[str, float]
    champion: dict[str, float] | None
    bounds: dict[str, float]
    quality_baseline: QualityBaselineShape | None
    incomparable: str | None


class Evaluation(Scores):
    """The scores, and each column's share in the permutation importance; null where it is unknown."""

    importance: dict[str, float] | None


class EstimateShape(TypedDict):
    """An estimate of a metric on predictions without ground truth, with an interval of 95 %."""

    method: str
    metric: str
    value: float
    low: float
    high: float
    rows: int


class FindingShape(TypedDict):
    """`noria.training.quality.Finding` as JSON."""

    rows: float
    value: float | None
    evidence: float
    needed: float
    fallen: str | None
    since: str | None


class ConcludeRunInput(Invocation):
    """A run that has ended: its evaluation, or the failure and its stage.

    `digest` is that of the dataset's bytes; `source` and `train_seconds` are absent where an earlier version of the machine began the run.
    """

    model: str
    dataset: str
    source: NotRequired[DatasetFile]
    digest: str
    run: str
    folder: str
    spec: PublishedSpec
    evaluation: Evaluation | None
    train_seconds: NotRequired[float | None]
    failed_at: RunStage | None
    failure: FailureShape | None
    resources: StackResourcesShape
    ledger: str
    cause: EventContextShape


class RunDocument(TypedDict):
    """The document of a run in the ledger."""

    run: str
    dataset: str
    spec: str
    metrics: dict[str, float] | None
    champion: dict[str, float] | None
    rows: int | None
    quality_baseline: QualityBaselineShape | None
    train_seconds: float | None
    failed_at: RunStage | None
    reasons: list[ReasonShape]


class ConcludeRunResult(TypedDict):
    """The verdict; the registration of a version that passed, or null; the run's item and event."""

    outcome: str
    verdict: VerdictShape
    registration: Json | None
    record: Json
    entry: Json
