"""Shapes of what the `heal` machine hands to its functions, of the results, of the ledger's document, and of a replay."""

from __future__ import annotations

from typing import Literal, TypedDict

from noria.kernel.json import Json
from noria.kernel.ledger import Item
from noria.kernel.published_spec import PublishedSpec
from noria.kernel.shapes import EventContextShape, Invocation, ReasonShape, VerdictShape
from noria.monitoring.shapes import MonitoringFacts
from noria.training.shapes import BacktestShape


class CauseForConcern(MonitoringFacts):
    """The data of `QualityDegraded` and `DriftDetected` (`noria.monitoring.events`)."""

    cause: str
    page: bool


class AttemptShape(TypedDict):
    """One automatic retraining: its time, run and dataset, the labelled rows of that time, and why."""

    time: str
    run: str
    dataset: str
    labelled: int
    reasons: list[ReasonShape]


class HealingDocument(TypedDict):
    """The automatic retrainings of a model in the ledger, oldest first, and their number at the last escalation."""

    attempts: list[AttemptShape]
    attempts_at_escalation: int | None


class RetrainingPlan(TypedDict):
    """What the machine does next: each is null where it is not needed.

    `assemble` is the input of `assemble_dataset`, `transaction` a request of `TransactWriteItems`, `entry` one of `PutEvents`.
    """

    outcome: str
    assemble: AssembleRequest | None
    transaction: Json | None
    entry: Json | None


class DecideHealingInput(Invocation):
    """An event of a cause for concern, and what the ledger has of the model.

    `heal` is the ledger's document, `runs` the items of the retrainings' runs and of the champion's, `requested_at` the time of a
    person's last request for a training; `run` and `dataset` are the champion's, `state` is the key of the monitoring state.
    """

    model: str
    name: Literal["QualityDegraded", "DriftDetected"]
    data: CauseForConcern
    event_id: str
    spec: PublishedSpec
    heal: HealingDocument | None
    requested_at: str | None
    runs: list[Item]
    run: str
    releasing: bool
    dataset: str
    state: str
    bucket: str
    ledger: str
    cause: EventContextShape


class DecideHealingResult(RetrainingPlan):
    """The decision, and the id of the dataset that a retraining gets."""

    verdict: VerdictShape
    dataset: str


class AssembleRequest(TypedDict):
    """Which rows a retraining is given, and where they are written.

    `base` is the champion's dataset, `state` the key of the monitoring state. `recent_days` null means all rows; with `backtest` it is
    the middle of the windows that are tried.
    """

    bucket: str
    model: str
    dataset: str
    folder: str
    base: str
    state: str
    recent_days: float | None
    backtest: bool
    spec: PublishedSpec


class AssembleDatasetInput(AssembleRequest, Invocation):
    """A request of `decide_healing`."""


class AssembledDataset(TypedDict):
    """The rows that were written; `missing` has columns that the spec needs and the rows lack.

    `since` is the time of the oldest row, as the data has it.
    """

    rows: int
    set_aside: int
    digest: str
    base: str
    since: str | None
    backtest: BacktestShape | None
    missing: list[str]


class AnnounceHealingInput(Invocation):
    """The assembled dataset, and the decision that requested it; `labelled` counts all labelled rows."""

    model: str
    dataset: str
    assembled: AssembledDataset
    labelled: int
    spec: PublishedSpec
    heal: HealingDocument | None
    requested_at: str | None
    verdict: VerdictShape
    bucket: str
    ledger: str
    cause: EventContextShape


class CourseEvent(TypedDict):
    """An alarm or a retraining of a replay."""

    time: str
    what: str


class Deferral(TypedDict):
    """Windows after which one reason deferred a retraining, and its last sentence."""

    reason: str
    windows: int
    last: str


class CourseShape(TypedDict):
    """One way through a history: the metric by window with its mean, and what was done."""

    mean: float | None
    series: list[float | None]
    retrainings: int
    alarms: int
    train_seconds: float
    events: list[CourseEvent]
    waited: list[Deferral]


class ReplayReport(TypedDict):
    """A history under automatic retraining by each policy, without any, and with one before every window."""

    metric: str
    windows: list[str]
    managed: CourseShape
    frozen: CourseShape
    every_window: CourseShape
    policies: dict[str, CourseShape]
