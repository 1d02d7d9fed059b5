"""Quality while no truth has come: right as long as only the questions change, and said to be an estimate."""

import math
import random
from functools import cache

import pytest

from noria.training import cbpe, quality

Row = tuple[str, str, str]


@cache
def answered(rows: int, spread: float, seed: int, bias: float = 0.0) -> list[Row]:
    """Truth, prediction and probability: the smaller the spread of the questions, the harder they are."""
    drawn = random.Random(seed)
    results = []
    for _ in range(rows):
        x = drawn.gauss(0, spread)
        true = drawn.random() < 1 / (1 + math.exp(-2 * (x + bias)))
        # The model is overconfident: its probabilities have to be calibrated.
        report = 1 / (1 + math.exp(-6 * x))
        results.append((str(int(true)), str(int(report >= 0.5)), f"{report:.6f}"))
    return results


def counted(rows: list[Row], task: str = "binary") -> dict[str, int]:
    result: dict[str, int] = {}
    for _, message, score in rows:
        kind = cbpe.count_key(task, message, score)
        assert kind
        result[kind] = result.get(kind, 0) + 1
    return result


def truly(metric: str, rows: list[Row]) -> float:
    counts: dict[str, float] = {}
    for truth, message, _ in rows:
        kind = quality.outcome_of("binary", truth, message, 0.0)
        counts[kind] = counts.get(kind, 0) + 1
    result = quality.value(metric, counts)
    assert result is not None
    return result


@pytest.mark.parametrize("metric", ["accuracy", "f1", "precision", "recall"])
@pytest.mark.parametrize(("spread", "least"), [(0.3, 17), (1.0, 17), (2.0, 10)])
def test_the_interval_holds_the_truth_and_little_is_missed_of_questions_easier_than_any_before(metric, spread, least):
    within, errors = 0, []
    for seed in range(20):
        calibration = cbpe.calibrate("binary", answered(2_000, 1.0, seed))
        live = answered(1_000, spread, 1_000 + seed)
        result = cbpe.estimate(metric, calibration, counted(live))
        errors.append(result["value"] - truly(metric, live))
        within += result["low"] <= truly(metric, live) <= result["high"]
    assert within >= least
    assert abs(sum(errors) / len(errors)) < 0.02


def test_answers_that_grow_harder_are_estimated_worse_and_a_changed_world_is_not_seen():
    calibration = cbpe.calibrate("binary", answered(4_000, 1.0, 1))
    usual, harder, other = (cbpe.estimate("accuracy", calibration, counted(answered(2_000, *how, 2))) for how in ((1.0,), (0.3,), (1.0,)))
    assert harder["high"] < usual["low"]
    changed = cbpe.estimate("accuracy", calibration, counted(answered(2_000, 1.0, 2, bias=2.0)))
    assert changed["low"] < other["value"] < changed["high"]


def test_days_that_resemble_each_other_make_the_interval_wider():
    calibration, live = cbpe.calibrate("binary", answered(2_000, 1.0, 1)), counted(answered(1_000, 1.0, 2))
    alone, design_effect = (cbpe.estimate("accuracy", calibration, live, design_effect) for design_effect in (1.0, 10.0))
    assert design_effect["high"] - design_effect["low"] > 1.5 * (alone["high"] - alone["low"])


def test_a_multiclass_answer_tells_the_probability_of_its_own_label():
    drawn = random.Random(0)
    rows = [("a" if drawn.random() < score else "b", "a", f"{score}") for score in (drawn.uniform(0.4, 1) for _ in range(4_000))]
    calibration = cbpe.calibrate("multiclass", rows)
    assert cbpe.estimate("accuracy", calibration, {cbpe.count_key("multiclass", "a", "0.95"): 500})["value"] == pytest.approx(0.94, abs=0.04)


@pytest.mark.parametrize(
    ("task", "score"), [("binary", ""), ("binary", "high"), ("binary", "1.5"), ("binary", "nan"), ("binary", "inf"), ("regression", "0.5")]
)
def test_what_is_no_probability_is_not_taken_for_one(task, score):
    assert cbpe.count_key(task, "1", score) is None
    assert cbpe.calibrate(task, [("1", "1", "0.5"), ("1", "1", score)]) is None


def test_too_few_answers_and_labels_that_the_holdout_has_not_tell_nothing():
    calibration = cbpe.calibrate("binary", [row for row in answered(500, 1.0, 1) if row[1] == "1"])
    assert cbpe.estimate("accuracy", calibration, {"1|2.2": cbpe.LEAST_PREDICTIONS - 1}) is None
    assert cbpe.estimate("accuracy", calibration, {"1|2.2": 500, "0|-2.2": 1}) is None
    assert cbpe.calibrate("binary", []) is None


def test_a_bin_has_enough_rows_and_equal_probabilities_are_in_one():
    calibration = cbpe.calibrate("binary", [("1", "1", "0.9")] * 400 + [("1", "1", f"{0.5 + i / 250:.3f}") for i in range(90)])
    bins = calibration["1"]
    assert sum(rows for _, rows, _ in bins) == 490
    assert all(rows >= cbpe.LEAST_ROWS for _, rows, _ in bins)
    assert len([low for low, _, _ in bins if low == 2.2]) <= 1
