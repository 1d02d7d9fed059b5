"""Compares a complete window of traffic with the dataset that the champion was trained on, and with its evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.adapters import objects
from noria.kernel import lake
from noria.monitoring import drift
from noria.monitoring.charts import pictures
from noria.monitoring.monitoring_run import day_of
from noria.profile import baseline
from noria.profile.baseline import profile_rows
from noria.profile.dataset import Profile
from noria.training import cbpe, quality
from noria.training.predictions import lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from noria.monitoring.monitoring_run import MonitoringRun
    from noria.monitoring.shapes import DriftResult, ReferenceComparison
    from noria.training.shapes import EstimateShape

#: The column under which predictions are profiled.
PREDICTION = "#prediction"
#: The last day of a dataset without times: every day is later.
NEVER = "0000-00-00"
#: Predictions of the holdout in one block of time, at least.
LEAST_BLOCK = 24


def has_reference(run: MonitoringRun) -> bool:
    """Whether the champion's dataset has a profile."""
    folder = run.event["dataset_folder"]
    return folder + lake.PROFILE in objects.keys(run.bucket, folder, folder)


def is_typed(run: MonitoringRun) -> bool:
    """Whether the profile of the champion's dataset is of the contract's types; an earlier one is of what texts look like."""
    return has_reference(run) and _read_profile(run).is_typed


def read_extent(run: MonitoringRun) -> tuple[int, str]:
    """The rows of the champion's dataset, and their last day."""
    profile = _read_profile(run)
    column = profile.columns.get(run.contract.time or "")
    last = column.numbers.most if column and column.numbers.count else None
    return profile.rows, day_of(last) if last is not None else NEVER


def compare(run: MonitoringRun, window: Profile, scores: dict[str, int]) -> ReferenceComparison:
    """The verdict on a window's inputs, drift of its predictions, charts, and its metric as the probabilities estimate it.

    Args:
        scores: predictions of the window by `noria.training.cbpe.count_key`.
    """
    reference = _read_profile(run)
    inputs = _check_inputs(run, reference, window)
    predictions = lines(objects.read(run.event["artifacts"], f"{run.event['run_folder']}{lake.PREDICTIONS}/candidate/holdout.csv.out").decode())
    return {
        **inputs,
        "predictions": _check_predictions(run, [row[0] for row in predictions], window)["columns"].get(PREDICTION),
        "pictures": pictures(inputs, reference, window),
        "estimate": _estimate(run, predictions, scores),
    }


def _read_profile(run: MonitoringRun) -> Profile:
    return Profile.from_bytes(objects.read(run.bucket, run.event["dataset_folder"] + lake.PROFILE))


def _check_inputs(run: MonitoringRun, reference: Profile, window: Profile) -> DriftResult:
    contract, blocks = run.contract, None
    if contract.time:
        blocks = baseline.merge_blocks(baseline.unpack(objects.read(run.bucket, run.event["dataset_folder"] + lake.BLOCKS)), window.rows)
    watched = {name for name, column in contract.columns.items() if column.drift != "ignore" and name != run.target}
    return drift.check(reference, window, blocks, [name for name in reference.columns if name not in watched], tolerated=contract.bad_rows)


def _check_predictions(run: MonitoringRun, holdout: Sequence[str], window: Profile) -> DriftResult:
    """Drift of the window's predictions from those of the holdout, which are in the order of their times."""
    size = max(LEAST_BLOCK, len(holdout) // baseline.MOST_BLOCKS)
    parts = [_profile_predictions(holdout[begin : begin + size]) for begin in range(0, len(holdout), size)]
    blocks = baseline.merge_blocks(parts, window.rows) if run.contract.time else None
    return drift.check(_profile_predictions(holdout), window, blocks, run.features)


def _profile_predictions(predictions: Sequence[str]) -> Profile:
    return profile_rows([PREDICTION], [[prediction] for prediction in predictions])


def _estimate(run: MonitoringRun, predictions: list[list[str]], scores: dict[str, int]) -> EstimateShape | None:
    """The metric of the window without ground truth (`noria.training.cbpe`)."""
    if run.event["quality_baseline"] is None or not scores:
        return None
    at_release = quality.QualityBaseline.of(run.event["quality_baseline"])
    truth = lines(objects.read(run.event["artifacts"], run.event["run_folder"] + lake.HOLDOUT_TRUTH).decode())
    holdout = [(true[0], row[0], row[1] if len(row) > 1 else "") for true, row in zip(truth, predictions, strict=True)]
    calibration = cbpe.calibrate(run.task, holdout)
    return cbpe.estimate(at_release.metric, calibration, scores, at_release.design_effect) if calibration else None
