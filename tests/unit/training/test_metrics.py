"""Metrics are those of their definitions, and the catalogue is all that a new one needs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.kernel.errors import InvariantError
from noria.training import metrics, quality
from noria.training.evaluation import evaluate
from noria.training.gates import Gate
from noria.training.policy import judge


def test_binary_metrics_are_those_of_the_definition():
    result = metrics.measure("binary", ["1", "1", "0", "0", "1"], ["1", "0", "0", "1", "1.0"])
    assert result == pytest.approx({"accuracy": 0.6, "precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3})


def test_multiclass_metrics_are_macro_averages():
    result = metrics.measure("multiclass", ["a", "a", "b", "c"], ["a", "b", "b", "c"])
    assert result == pytest.approx({"accuracy": 0.75, "precision": (1 + 0.5 + 1) / 3, "recall": (0.5 + 1 + 1) / 3, "f1": (2 / 3 + 2 / 3 + 1) / 3})


def test_regression_metrics_are_those_of_the_definition():
    assert metrics.measure("regression", ["1", "2", "3"], ["1", "2", "5"]) == pytest.approx({"mae": 2 / 3, "rmse": (4 / 3) ** 0.5, "r2": -1.0})


LABELS = st.lists(st.tuples(st.sampled_from(["0", "1", "a"]), st.sampled_from(["0", "1", "a"])), min_size=1, max_size=40)
NUMBERS = st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=1, max_size=40)


@given(LABELS, NUMBERS)
def test_a_metric_is_within_the_range_by_which_a_spec_s_gates_are_checked(labels, numbers):
    for task, pairs in (("binary", labels), ("multiclass", labels), ("regression", numbers)):
        truth, predicted = zip(*[map(str, pair) for pair in pairs], strict=True)
        for name, value in metrics.measure(task, truth, predicted).items():
            lowest, highest = metrics.METRICS[name].lowest, metrics.METRICS[name].highest
            assert lowest is None or value >= lowest
            assert highest is None or value <= highest


@given(LABELS)
def test_a_perfect_model_has_the_best_value_of_every_metric(labels):
    truth = [true for true, _ in labels]
    assert set(metrics.measure("multiclass", truth, truth).values()) == {1.0}


def test_monitoring_follows_a_metric_that_counts_tell_and_of_the_same_task():
    for metric in metrics.METRICS.values():
        for task in metric.tasks:
            other = metrics.METRICS[metrics.stand_in(metric.name, task)]
            assert task in other.counted
            assert task in other.tasks


#: Outcome counts of each task, some of them good and some bad.
COUNTS = {"binary": {"tp": 5, "fp": 1, "fn": 2, "tn": 3}, "multiclass": {"right": 4, "wrong": 1}, "regression": {"0": 3, "20": 2}}


def test_counts_tell_every_metric_that_the_catalogue_says_they_tell():
    for metric in metrics.METRICS.values():
        for task in metric.counted:
            assert quality.value(metric.name, COUNTS[task], 1.0) is not None
            assert sum(quality.harms(metric.name, 0.5, 1.0)(outcome) != 0 for outcome in COUNTS[task]) > 0


@pytest.mark.parametrize("lower", [True, False])
def test_a_metric_that_counts_do_not_tell_is_refused_and_not_taken_for_another(lower, monkeypatch):
    monkeypatch.setitem(metrics.METRICS, "pinball", metrics.Metric("pinball", ("regression",), metrics.mae, counted=("regression",), less_is_better=lower))
    for compute in (lambda: quality.value("pinball", {"1": 1}, 1.0), lambda: quality.harms("pinball", 0.5, 1.0)):
        with pytest.raises(InvariantError, match="do not tell pinball"):
            compute()


def brier(rows: metrics.Labels) -> float:
    return sum((score - (true == "1")) ** 2 for true, score in zip(rows.truth, rows.scores, strict=True)) / len(rows.truth)


@pytest.fixture
def _brier(monkeypatch):
    row = metrics.Metric("brier", ("binary",), brier, less_is_better=True, needs_scores=True)
    monkeypatch.setitem(metrics.METRICS, "brier", row)


@pytest.mark.usefixtures("_brier")
def test_a_new_metric_is_one_row_and_its_formula():
    holdout, wrong = [[str(i % 2)] for i in range(100)], {"candidate": ["1"] * 100, "champion": ["1"] * 100}
    sure = {"candidate": [0.9 if i % 2 else 0.1 for i in range(100)], "champion": [0.6 if i % 2 else 0.4 for i in range(100)]}
    scores = evaluate("binary", holdout, wrong, [{"metric": "brier", "confidence": 0.95}], "s", "brier", sure)
    assert (scores["candidate"]["brier"], scores["champion"]["brier"]) == (pytest.approx(0.01), pytest.approx(0.16))
    assert scores["bounds"]["brier"] == pytest.approx(0.15)
    assert scores["quality_baseline"]["metric"] == "accuracy"
    assert judge(scores, (Gate("brier", at_most=0.05), Gate("brier", against="champion"))).outcome == "registered"
    assert judge(scores, (Gate("brier", at_most=0.005),)).outcome == "rejected"


@pytest.mark.usefixtures("_brier")
def test_a_metric_of_scores_is_left_out_where_a_model_gives_none_and_its_gate_is_missed():
    scores = evaluate("binary", [["1"], ["0"]], {"candidate": ["1", "0"]}, [], "s", "accuracy")
    assert set(scores["candidate"]) == {"accuracy", "f1", "precision", "recall"}
    assert [reason.code for reason in judge(scores, (Gate("brier", at_most=0.5),)).reasons] == ["GateUnknown"]
