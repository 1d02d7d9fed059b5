"""The state that one monitoring run hands to the next, and the steps that change it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from noria.monitoring.causes import DRIFT, INCIDENT
from noria.release.variants import CHALLENGER
from noria.training import cbpe, quality

if TYPE_CHECKING:
    from collections.abc import Sequence

    from noria.monitoring.monitoring_run import MonitoringRun
    from noria.monitoring.predictions import Prediction
    from noria.monitoring.shapes import MonitoringState, WindowShape
    from noria.monitoring.truth import Truth

#: A window is complete once it has so many rows, or is so old.
WINDOW_ROWS, WINDOW_AGE = 1_000, timedelta(days=1)
#: Days of outcomes that the state holds, and ground truth that waits for its prediction, at most.
MOST_DAYS, MOST_WAITING = 4_000, 50_000


def first_state() -> MonitoringState:
    """The state before a model's first monitoring run."""
    return {
        "number": 0,
        "labelled": [],
        "release": None,
        "after": None,
        "read": [],
        "truths": [],
        "scored": [],
        "days": {},
        "history": {},
        "waiting": {},
        "recent": [],
        "window": empty_window(),
        "incidents": [],
        "last_prediction": None,
        "last_truth": None,
        "drifted_windows": 0,
        "trained_until": None,
        "trained_rows": 0,
    }


def empty_window() -> WindowShape:
    """A window without predictions."""
    return {"runs": [], "rows": 0, "since": None, "times": [], "scores": {}, "faults": {}, "broken": 0}


def begin_release(state: MonitoringState, release: str) -> None:
    """Drop what is known of an earlier release; a state of the same release is left as it is."""
    if state["release"] != release:
        state.update({"window": empty_window(), "release": release, "days": {}, "drifted_windows": 0, "trained_until": None})


def drop_old_runs(state: MonitoringState, run: MonitoringRun) -> None:
    """Forget runs whose predictions are older than ground truth is waited for."""
    horizon = (run.now - timedelta(days=run.spec["monitor"]["truth_days"])).isoformat()
    state["recent"] = [recent for recent in state["recent"] if recent["newest"] >= horizon]


def hold_waiting(state: MonitoringState, waiting: dict[str, Truth]) -> None:
    """Hold ground truth without a prediction for the next run: the newest of it."""
    state["waiting"] = {key: (truth.id, truth.value, truth.columns) for key, truth in list(waiting.items())[-MOST_WAITING:]}


def add_run(state: MonitoringState, run: MonitoringRun, fresh: Sequence[Prediction], pairs: Sequence[tuple[Prediction, Truth]]) -> None:
    """Remember a run that has read predictions, or has labelled some."""
    if fresh or pairs:
        newest = max(prediction.at for prediction in [*fresh, *(prediction for prediction, _ in pairs)])
        state["recent"].append({"run": run.name, "newest": newest, "predictions": len(fresh), "labelled": len(pairs)})
    if pairs:
        state["labelled"].append(run.name)
    if fresh:
        state["last_prediction"] = max(filter(None, [state["last_prediction"], *(prediction.at for prediction in fresh)]))
    state["history"] = dict(sorted(state["history"].items())[-MOST_DAYS:])


def add_to_window(window: WindowShape, run: MonitoringRun, fresh: Sequence[Prediction], broken: int, breaches: Counter[str]) -> None:
    """Add a run's predictions to the window.

    Args:
        broken: rows that break the contract; `breaches` counts by `<column> <code>`.
    """
    window["runs"].append(run.name)
    window["rows"] += len(fresh)
    window["since"] = window["since"] or run.event["now"]
    times = [*window["times"], *(prediction.at for prediction in fresh)]
    window["times"] = [min(times), max(times)]
    window["broken"] += broken
    window["faults"] = dict(Counter(window["faults"]) + breaches)
    for prediction in fresh:
        if prediction.variant != CHALLENGER and (key := cbpe.count_key(run.task, prediction.value, prediction.score)):
            window["scores"][key] = window["scores"].get(key, 0) + 1


def is_complete(window: WindowShape, now: datetime) -> bool:
    """Whether a window is large or old enough for a verdict."""
    is_old = window["since"] is not None and now - datetime.fromisoformat(window["since"]) >= WINDOW_AGE
    return bool(window["runs"]) and (window["rows"] >= WINDOW_ROWS or is_old)


def close_window(state: MonitoringState, verdict: str) -> None:
    """Begin the next window after a verdict on this one."""
    state["drifted_windows"] = state["drifted_windows"] + 1 if verdict == DRIFT else 0
    if verdict == INCIDENT:
        # A broken feed is nothing to learn from: retraining leaves out the requests of this time.
        state["incidents"].append(state["window"]["times"])
    state["window"] = empty_window()


def labelled_rows(state: MonitoringState, after: str = "") -> int:
    """Predictions with ground truth of all releases, or those of the days after one."""
    days = {day: counts for day, counts in state["history"].items() if day > after}
    return round(sum(quality.merge_counts(days).values()))
