"""One monitoring run of the champion: reads its captured traffic and its ground truth since the last run.

Each run writes objects of its own under `monitor/<model>/<kind>/`, and changes none. The next run continues from the state of the run
that the ledger has recorded; of concurrent runs one is recorded, and the others run again.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from noria.adapters import objects
from noria.data.text_rows import count_breaches, typed_profile
from noria.monitoring import labelled
from noria.monitoring import window_state as states
from noria.monitoring.monitoring_run import LABELLED, PREDICTIONS, PROFILE, STATE, MonitoringRun
from noria.monitoring.read_earlier_runs import prediction_rows, read_labels, read_predictions
from noria.monitoring.read_new_files import NewRows, read_new_files
from noria.monitoring.read_reference import PREDICTION, compare, has_reference, is_typed, read_extent
from noria.monitoring.truth import Joined, Truth, join
from noria.profile.baseline import profile_rows
from noria.profile.dataset import Profile
from noria.training import quality

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from noria.monitoring.predictions import Prediction
    from noria.monitoring.shapes import MonitoringState, ReadWindowInput, ReadWindowResult, RowCounts, WindowDrift

#: Sentences on files that cannot be read, at most.
MOST_FAULTS = 5
#: Counts by day and outcome that a state machine passes on, at most.
MOST_COUNTS = 4_000
CSV, JSON, BYTES = "text/csv", "application/json", "application/octet-stream"


def read_window(event: ReadWindowInput) -> ReadWindowResult:
    """Read what is new, and leave the state for the next run."""
    run = MonitoringRun.of(event)
    state, referenced = _read_state(event), has_reference(run)
    states.begin_release(state, event["release"]["id"])
    new = read_new_files(run, state)
    states.drop_old_runs(state, run)
    joined = _join(run, state, new)
    new.bad_truths += _label(run, state, joined)
    states.hold_waiting(state, joined.waiting)
    states.add_run(state, run, new.predictions, joined.pairs)
    if new.predictions:
        _add_predictions(run, state, new.predictions)
    drift = _close_window(run, state) if referenced and states.is_complete(state["window"], run.now) else None
    if referenced and state["trained_until"] is None:
        state["trained_rows"], state["trained_until"] = read_extent(run)
    state["number"] = event["number"]
    key = run.path(STATE, "json")
    objects.write(run.bucket, key, json.dumps(state).encode(), JSON)
    return _result(state, key, drift, _counts(new, joined), new.faults)


def _read_state(event: ReadWindowInput) -> MonitoringState:
    state = states.first_state()
    if event["state"]:
        state.update(json.loads(objects.read(event["bucket"], event["state"])))
    return state


def _join(run: MonitoringRun, state: MonitoringState, new: NewRows) -> Joined:
    """Join the predictions that are new, and the earlier ones that new ground truth names, with their ground truth."""
    # Without new ground truth, only a new prediction can meet the ground truth that waits for it.
    names = {truth.id for truth in new.truths}
    predictions = [*read_predictions(run, state["recent"], names), *new.predictions]
    waiting = {name: Truth(*truth) for name, truth in state["waiting"].items()}
    return join(predictions, new.truths, waiting, read_labels(run, state["recent"], names))


def _label(run: MonitoringRun, state: MonitoringState, joined: Joined) -> int:
    """Write labelled rows and count their outcomes; returns how many have no valid ground truth."""
    rows = labelled.label_rows(run, joined.pairs)
    if rows:
        _write_csv(run, LABELLED, [labelled.header(run), *(row.values for row in rows)])
    return labelled.count_outcomes(run, state, rows)


def _add_predictions(run: MonitoringRun, state: MonitoringState, predictions: Sequence[Prediction]) -> None:
    """Write new predictions and their profile, and add them to the window."""
    _write_csv(run, PREDICTIONS, prediction_rows(run, predictions))
    names, rows = [*run.features, PREDICTION], [[*prediction.features, prediction.value] for prediction in predictions]
    profile = typed_profile(run.contract, names, rows) if is_typed(run) else profile_rows(names, rows)
    objects.write(run.bucket, run.path(PROFILE, "profile"), profile.to_bytes(), BYTES)
    breaches = count_breaches(run.contract, run.features, [prediction.features for prediction in predictions])
    states.add_to_window(state["window"], run, predictions, *breaches)


def _close_window(run: MonitoringRun, state: MonitoringState) -> WindowDrift:
    """The verdict on a complete window; the next one begins."""
    window, profile = state["window"], Profile()
    for body in objects.read_all(run.bucket, [run.path(PROFILE, "profile", name) for name in window["runs"]]):
        profile.merge(Profile.from_bytes(body))
    drift: WindowDrift = {
        **compare(run, profile, window["scores"]),
        "contract": {"rows": window["rows"], "broken": window["broken"], "faults": window["faults"]},
        "rows": profile.rows,
        "since": window["since"] or run.event["now"],
        "until": run.event["now"],
    }
    states.close_window(state, drift["verdict"])
    return drift


def _write_csv(run: MonitoringRun, kind: str, rows: Iterable[Sequence[str]]) -> None:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    objects.write(run.bucket, run.path(kind, "csv"), buffer.getvalue().encode(), CSV)


def _counts(new: NewRows, joined: Joined) -> RowCounts:
    return {
        "predictions": len(new.predictions),
        "unreadable": new.unreadable,
        "truths": len(new.truths),
        "bad_truths": new.bad_truths,
        "labelled": len(joined.pairs),
        "repeated": joined.repeated,
        "conflicting": joined.conflicting,
        "waiting": len(joined.waiting),
    }


def _result(state: MonitoringState, key: str, drift: WindowDrift | None, counts: RowCounts, faults: list[str]) -> ReadWindowResult:
    outcomes = {outcome for day in state["days"].values() for outcome in day}
    return {
        "outcome": "read",
        "state": key,
        "last_prediction": state["last_prediction"],
        "last_truth": state["last_truth"],
        "days": {day: dict(day_counts) for day, day_counts in quality.pooled(state["days"], MOST_COUNTS // max(1, len(outcomes))).items()},
        "drift": drift,
        "drifted_windows": state["drifted_windows"],
        "counts": counts,
        "faults": faults[:MOST_FAULTS],
        "fresh_rows": states.labelled_rows(state, state["trained_until"] or ""),
        "trained_rows": state["trained_rows"],
        "labelled_rows": states.labelled_rows(state),
    }
