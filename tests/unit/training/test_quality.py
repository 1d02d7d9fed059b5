"""Loss of quality: found soon, with few false alarms however often it is looked at, and the same in whatever order truth comes."""

import random

import pytest

from noria.training import metrics, quality
from noria.training.quality_baseline import measure_baseline

#: Two hundred days of a hundred answers.
DAYS, ROWS = 200, 100


def stream(rate: float, days: int = DAYS, seed: int = 0, later: float | None = None, since: int = 0) -> dict[str, dict[str, float]]:
    """Answers by day, of which a share is wrong; from a day on another share."""
    drawn, result = random.Random(seed), {}
    for day in range(days):
        wrong = sum(drawn.random() < (later if later is not None and day >= since else rate) for _ in range(ROWS))
        result[f"d{day:04}"] = {"wrong": float(wrong), "right": float(ROWS - wrong)}
    return result


@pytest.fixture(scope="module")
def baseline() -> quality.QualityBaseline:
    result = measure_baseline("accuracy", stream(0.05, 60, seed=1))
    assert result is not None
    return result


def test_a_level_is_what_the_evaluation_shows_and_its_limit_is_a_little_worse(baseline):
    assert baseline.value == pytest.approx(0.95, abs=0.01)
    assert baseline.value - 0.02 < baseline.limit < baseline.value
    assert 1.0 <= baseline.design_effect < 1.5


def test_of_models_that_stay_as_good_as_they_were_hardly_any_is_flagged_at_any_time(baseline):
    flagged = sum(quality.detect_degradation(baseline, stream(1 - baseline.value, seed=100 + i)).fallen is not None for i in range(100))
    assert flagged <= 2


def test_a_loss_is_flagged_within_days_and_one_after_a_long_good_time_as_well(baseline):
    assert quality.detect_degradation(baseline, stream(0.12)).fallen <= "d0007"
    late = quality.detect_degradation(baseline, stream(0.05, later=0.15, since=150))
    assert "d0150" <= late.fallen <= "d0160"
    assert late.since >= "d0145"


def test_the_order_in_which_days_came_changes_nothing(baseline):
    days = stream(0.12)
    mixed = list(days.items())
    random.Random(3).shuffle(mixed)
    assert quality.detect_degradation(baseline, dict(mixed)) == quality.detect_degradation(baseline, days)


def test_answers_of_a_day_that_are_alike_count_for_less():
    drawn = random.Random(2)
    days = {f"d{day:03}": {"wrong": 50.0 if (bad := drawn.random() < 0.1) else 0.0, "right": 50.0 if bad else 100.0} for day in range(120)}
    assert measure_baseline("accuracy", days).design_effect > 10


def test_a_season_is_no_likeness_of_one_days_answers():
    days = stream(0.02, 60, seed=4) | {f"e{key}": counts for key, counts in stream(0.1, 60, seed=5).items()}
    assert measure_baseline("accuracy", days).design_effect < 1.5


@pytest.mark.parametrize("metric", ["f1", "precision", "recall", "accuracy"])
def test_metrics_of_a_binary_task_are_those_of_its_counts(metric):
    counts = {"tp": 40.0, "fp": 10.0, "fn": 20.0, "tn": 130.0}
    expected = {"f1": 80 / 110, "precision": 0.8, "recall": 2 / 3, "accuracy": 0.85}
    assert quality.value(metric, counts) == pytest.approx(expected[metric])
    baseline = quality.QualityBaseline(metric, expected[metric], expected[metric])
    worse = {f"d{i:02}": {"tp": 20.0, "fp": 30.0, "fn": 40.0, "tn": 110.0} for i in range(20)}
    assert quality.detect_degradation(baseline, worse).fallen
    assert not quality.detect_degradation(baseline, dict.fromkeys((f"d{i:02}" for i in range(20)), counts)).fallen


def test_errors_of_a_regression_are_told_apart_by_their_size():
    cap = quality.cap_of([1.0] * 98 + [5.0, 50.0])
    small, large = (quality.outcome_of("regression", "10", text, cap) for text in ("10.5", "16"))
    assert int(small) < int(large)
    assert quality.outcome_of("regression", "10", "nan", cap) == str(quality.BINS - 1)
    baseline = measure_baseline("rmse", {f"d{i:02}": {small: 100.0} for i in range(20)}, cap)
    assert quality.detect_degradation(baseline, {f"d{i:02}": {small: 60.0, large: 40.0} for i in range(9)}).fallen
    assert not quality.detect_degradation(baseline, {f"d{i:02}": {small: 100.0} for i in range(99)}, margin=0.05).fallen


def test_answers_that_do_not_tell_a_metric_make_no_level():
    assert measure_baseline("recall", {"d": {"tn": 9.0}}) is None
    assert measure_baseline("accuracy", {}) is None


def test_what_is_watched_of_metrics_that_counts_do_not_tell():
    assert [metrics.stand_in(*given) for given in (("r2", "regression"), ("f1", "multiclass"), ("f1", "binary"))] == ["rmse", "accuracy", "f1"]


def test_a_perfect_evaluation_does_not_make_the_first_mistake_a_fall():
    baseline = measure_baseline("accuracy", {f"d{i:02}": {"right": 10.0} for i in range(20)})
    assert baseline.limit == pytest.approx(1 - 3 / 200)
    assert not quality.detect_degradation(baseline, {"d1": {"right": 199.0, "wrong": 1.0}}).fallen
    assert quality.detect_degradation(baseline, {f"d{i}": {"right": 80.0, "wrong": 20.0} for i in range(5)}).fallen
