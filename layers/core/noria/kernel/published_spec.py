"""The shape of a published spec, generated from `noria.spec` (`make docs`). Only type checkers and tests import it."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict


class AnswersShape(TypedDict):
    """The contract of predictions: the valid first values."""

    between: list[float | None] | None
    values: list[str | int | float | bool] | None


class ApproveShape(TypedDict):
    """The `approve` block."""

    mode: Literal["automatic", "manual"]
    policy: PolicyShape
    approvers: list[str]
    two_person: bool
    expires_hours: float
    freeze: list[FreezeShape]


class AutoscaleShape(TypedDict):
    """Autoscaling: target tracking on requests an instance and minute."""

    min: int
    max: int
    requests: float
    out_seconds: int
    in_seconds: int


class BadRowsShape(TypedDict):
    """How many rows may break the contract before the whole file is quarantined."""

    at_most: float


class BudgetShape(TypedDict):
    """The budget of automatic retraining, in the currency of the price."""

    a_month: float
    per_hour: float


class CaptureShape(TypedDict):
    """Comparison of captured predictions that break their contract (`serve.answers`)."""

    percent: int
    harm: float
    margin: float
    tolerated: float | None
    drift: float | None


class ClipShape(TypedDict):
    """Limits to which values are clipped."""

    between: list[float | None] | None
    quantiles: list[float] | None


class ColumnShape(TypedDict):
    """One column: its type, whether it may be empty, and its valid values."""

    type: Literal["integer", "number", "string", "category", "text", "boolean", "timestamp", "list"]
    nullable: NotRequired[bool]
    nulls: NotRequired[float | None]
    missing: NotRequired[list[str] | None]
    between: NotRequired[list[float | str | None] | None]
    values: NotRequired[list[str] | None]
    pattern: NotRequired[str | None]
    length: NotRequired[list[int | None] | None]
    unique: NotRequired[bool]
    format: NotRequired[str | None]
    words: NotRequired[WordsShape | None]
    drift: NotRequired[Literal["watch", "ignore"]]


class ColumnStepsShape(TypedDict):
    """The steps of one column; numbers are imputed, then clipped, then scaled."""

    impute: ImputeShape | None
    clip: ClipShape | None
    scale: Literal["standard", "min_max", "robust"] | None
    one_hot: OneHotShape | None
    parts: list[Literal["year", "month", "day", "weekday", "day_of_year", "hour", "minute"]]
    drop: bool


class CsvDialectShape(TypedDict):
    """How CSV files are written; what is not named is read off each file."""

    delimiter: str | None
    quote: str | None
    encoding: str | None
    decimal: Literal[".", ","] | None
    thousands: Literal["", ".", ",", " ", "'", "_"] | None
    comment: str | None


class DataShape(TypedDict):
    """The `data` block of a model spec."""

    format: Literal["any", "csv", "parquet", "arrow", "jsonl", "xlsx"]
    csv: CsvDialectShape
    sheet: str | None
    time: str | None
    time_format: str | None
    ordered: bool
    fresh: str | None
    key: list[str]
    columns: dict[str, ColumnShape]
    missing: list[str]
    rules: list[str]
    extra_columns: Literal["keep", "reject"]
    bad_rows: BadRowsShape
    min_rows: int
    max_rows: int | None


class ErrorsShape(TypedDict):
    """Comparison of the requests that a model fails."""

    harm: float
    margin: float
    tolerated: float | None


class EvaluateShape(TypedDict):
    """The `evaluate` block."""

    instance: str
    split: SplitShape
    gates: list[GateShape]


class FreezeShape(TypedDict):
    """A window in which no release begins. All of its conditions must hold; times are UTC."""

    days: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]]
    hours: str | None
    since: str | None
    until: str | None


class GateShape(TypedDict):
    """A requirement on a candidate: a fixed limit of a metric, or a gain over the champion on the same rows."""

    metric: Literal["accuracy", "f1", "precision", "recall", "mae", "rmse", "r2"]
    at_least: float | None
    at_most: float | None
    against: Literal["champion"] | None
    margin: float
    confidence: float


class GuardShape(TypedDict):
    """The metrics that the guard compares while champion and challenger serve side by side."""

    confidence: float
    errors: ErrorsShape | None
    slow: SlowShape | None
    answers: CaptureShape | None
    metrics: list[MetricShape]


class HealShape(TypedDict):
    """The `heal` block: automatic retraining."""

    on: list[Literal["quality", "drift"]]
    drift_weight: float
    cooldown_days: float
    min_rows: int
    min_share: float
    a_day: int
    a_month: int
    budget: BudgetShape | None
    off_peak: str | None
    data: Literal["all", "recent", "backtest"]
    recent_days: float
    give_up_after: int


class ImputeShape(TypedDict):
    """The value that replaces a missing one."""

    by: Literal["mean", "median", "most_frequent"] | None
    value: bool | int | float | str | None


class InstanceShape(TypedDict):
    """The instances of a job."""

    type: str
    count: int
    volume_gb: int
    spot: bool


class LagShape(TypedDict):
    """The value that another row had some time ago: the newest that is at least so old, so no future leaks into it."""

    of: str
    back: str
    within: str | None
    per: list[str]
    name: str | None


class MetricShape(TypedDict):
    """A custom metric, sent by `PutMetricData` with the dimensions EndpointName and VariantName: 1 for a hit, 0 for none."""

    name: str
    namespace: str
    good: bool
    harm: float
    margin: float
    tolerated: float | None


class MonitorShape(TypedDict):
    """The `monitor` block."""

    capture: int
    quality: QualityShape
    truth_days: float
    silent_days: float
    persist: int


class OneHotShape(TypedDict):
    """A column of zeros and ones for each category, and one for all others, also those that come later."""

    at_most: int


class PolicyShape(TypedDict):
    """Conditions of an automatic approval besides the gates; where one is not met, a person decides."""

    most_mb: float | None
    most_days: float | None
    least_holdout_rows: int
    published_by: list[str]


class PreprocessShape(TypedDict):
    """The `preprocess` block."""

    script: ScriptShape | None
    columns: dict[str, ColumnStepsShape]
    lags: list[LagShape]


class QualityShape(TypedDict):
    """Which loss of quality is one."""

    metric: Literal["accuracy", "f1", "precision", "recall", "mae", "rmse", "r2"] | None
    margin: float
    at_least: float | None


class RolloutShape(TypedDict):
    """The `rollout` block."""

    strategy: Literal["progressive", "all_at_once", "canary", "linear", "rolling", "shadow", "ab"]
    steps: list[float]
    step_looks: int
    look_seconds: int
    minutes: int
    undecided: Literal["undo", "promote", "hold"]
    idle: Literal["promote", "undo", "hold", "wait"]
    sample: int
    bake_minutes: int
    dry_run: bool
    busy: Literal["wait", "supersede"]
    guard: GuardShape


class ScriptShape(TypedDict):
    """The project's own script, as a SageMaker Processing job before the holdout is split off."""

    entry: str
    image: str
    instance: InstanceShape
    arguments: dict[str, str | int | float | bool]
    max_minutes: float


class ServeShape(TypedDict):
    """The `serve` block."""

    kind: Literal["realtime"]
    instance: list[str]
    count: int
    autoscale: AutoscaleShape | None
    answers: AnswersShape


class SlowShape(TypedDict):
    """Comparison of the requests that take too long."""

    over_ms: float
    harm: float
    margin: float
    tolerated: float | None


class SplitShape(TypedDict):
    """How the holdout is split off the dataset."""

    by: Literal["time", "random", "group"]
    group: list[str]
    test: float


class TrainShape(TypedDict):
    """The `train` block."""

    image: str
    entry: str
    instance: InstanceShape
    hyperparameters: dict[str, str | int | float | bool]
    max_minutes: float
    on_upload: bool


class WordsShape(TypedDict):
    """The words of a truth value."""

    true: list[str]
    false: list[str]


class PublishedSpec(TypedDict):
    """A model project's declaration, complete with defaults for all but its first block."""

    name: str
    task: Literal["binary", "multiclass", "regression"]
    target: str
    data: DataShape
    preprocess: PreprocessShape
    train: TrainShape
    evaluate: EvaluateShape
    approve: ApproveShape
    serve: ServeShape
    rollout: RolloutShape
    monitor: MonitorShape
    heal: HealShape
    id: str
    source: str
    images: dict[str, str]
    region: str
    published_by: str
    digests: dict[str, str]
