"""Labelled rows: predictions with their ground truth under the contract's columns, and their outcomes by day."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from noria.kernel.values import parse_timestamp
from noria.monitoring.incidents import is_during
from noria.monitoring.monitoring_run import AT, day_of
from noria.monitoring.predictions import KEY
from noria.release.variants import MAIN
from noria.training import quality
from noria.training.metrics import label

if TYPE_CHECKING:
    from noria.monitoring.monitoring_run import MonitoringRun
    from noria.monitoring.predictions import Prediction
    from noria.monitoring.shapes import MonitoringState
    from noria.monitoring.truth import Truth

#: The first columns of a file of labelled rows; the contract's columns follow, the target last.
COLUMNS = ("#prediction_id", AT, "#variant", "#prediction", KEY)


class LabelledRow(NamedTuple):
    """A prediction with its ground truth, as the row of a file, and the day that it counts for."""

    prediction: Prediction
    truth: Truth
    values: list[str]
    day: str


def header(run: MonitoringRun) -> list[str]:
    """The columns of a file of labelled rows."""
    return [*COLUMNS, *_required(run), run.target]


def label_rows(run: MonitoringRun, pairs: list[tuple[Prediction, Truth]]) -> list[LabelledRow]:
    """Predictions with their ground truth as labelled rows."""
    return [_label_row(run, prediction, truth) for prediction, truth in pairs]


def _required(run: MonitoringRun) -> list[str]:
    return [name for name in run.contract.required(run.target) if name != run.target]


def _label_row(run: MonitoringRun, prediction: Prediction, truth: Truth) -> LabelledRow:
    contract, p = run.contract, prediction
    values = {**dict(zip(run.features, p.features, strict=True)), **truth.columns}
    if contract.time:
        values.setdefault(contract.time, p.at)
    for name in contract.key:
        values.setdefault(name, (p.key if len(contract.key) == 1 else "") or p.id)
    row = [p.id, p.at, p.variant, p.value, p.key, *(values[name] for name in _required(run)), truth.value]
    return LabelledRow(p, truth, row, day_of(parse_timestamp(values[contract.time], contract.times_are) if contract.time else parse_timestamp(p.at)))


def count_outcomes(run: MonitoringRun, state: MonitoringState, rows: list[LabelledRow]) -> int:
    """Count the outcomes of labelled rows by day; the champion's are those of its release as well.

    Returns:
        How many rows have ground truth that is no value of the target.
    """
    bad = 0
    for row in rows:
        # While a feed is broken, wrong predictions say nothing of the model.
        if not is_during(state["incidents"], row.prediction.at):
            try:
                outcome = _outcome(run, row)
            except ValueError:
                bad += 1
                continue
            _count(run, state, row, outcome)
    return bad


def _outcome(run: MonitoringRun, row: LabelledRow) -> str:
    baseline = run.event["quality_baseline"]
    cap = baseline["cap"] if baseline else 0.0
    if run.task == "regression":
        return quality.outcome_of(run.task, row.truth.value, row.prediction.value, cap)
    return quality.outcome_of(run.task, label(row.truth.value), label(row.prediction.value), cap)


def _count(run: MonitoringRun, state: MonitoringState, row: LabelledRow, outcome: str) -> None:
    quality.count_outcome(state["history"], row.day, outcome)
    is_of_release = row.prediction.variant == MAIN and row.prediction.at >= run.event["release"]["time"][:19]
    if is_of_release and run.event["quality_baseline"] is not None:
        quality.count_outcome(state["days"], row.day, outcome)
