"""Metrics, the comparison with the champion, and the gates."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.kernel.errors import EvaluationError
from noria.training import metrics, policy, score_holdout
from noria.training.gates import Gate, gates_of


def test_binary_metrics_are_those_of_the_definition():
    result = metrics.quality("binary", ["1", "1", "0", "0", "1"], ["1", "0", "0", "1", "1.0"])
    assert result == pytest.approx({"accuracy": 0.6, "precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3})


def test_multiclass_metrics_are_macro_averages():
    result = metrics.quality("multiclass", ["a", "a", "b", "c"], ["a", "b", "b", "c"])
    assert result == pytest.approx({"accuracy": 0.75, "precision": (1 + 0.5 + 1) / 3, "recall": (0.5 + 1 + 1) / 3, "f1": (2 / 3 + 2 / 3 + 1) / 3})


def test_regression_metrics_are_those_of_the_definition():
    assert metrics.quality("regression", ["1", "2", "3"], ["1", "2", "5"]) == pytest.approx({"mae": 2 / 3, "rmse": (4 / 3) ** 0.5, "r2": -1.0})


@given(st.lists(st.sampled_from(["0", "1"]), min_size=1, max_size=50))
def test_a_model_is_never_better_than_itself(truth):
    assert metrics.lower_bound("binary", "accuracy", truth, truth, truth, 0.95, False, "seed") == 0


def test_a_much_better_candidate_has_a_positive_bound_and_a_worse_one_a_negative():
    drawn = random.Random(1)
    truth = [drawn.choice("01") for _ in range(500)]
    worse = [value if drawn.random() < 0.7 else "0" for value in truth]
    for metric in ("accuracy", "f1"):
        assert metrics.lower_bound("binary", metric, truth, truth, worse, 0.95, False, "s") > 0
        assert metrics.lower_bound("binary", metric, truth, worse, truth, 0.95, False, "s") < 0


def test_less_is_better_for_errors():
    truth = [str(i) for i in range(200)]
    off = [str(i + 1) for i in range(200)]
    assert metrics.lower_bound("regression", "mae", truth, truth, off, 0.95, True, "s") == pytest.approx(1)


def test_answers_that_do_not_fit_the_rows_are_an_error_with_what_to_do():
    with pytest.raises(EvaluationError, match="one line a row"):
        score_holdout.evaluate("binary", [["1"], ["0"]], {"candidate": ["1"]}, [], "s", "f1")


EVALUATION = {"candidate": {"accuracy": 0.9, "f1": 0.8}, "champion": {"accuracy": 0.88, "f1": 0.8}, "bounds": {"accuracy": 0.01}}


def test_a_candidate_that_reaches_every_gate_passes():
    assert policy.judge(EVALUATION, (Gate(metric="accuracy", at_least=0.9), Gate(metric="accuracy", against="champion"))).outcome == "registered"


def test_a_missed_gate_is_told_with_what_it_got_and_what_it_asked():
    verdict = policy.judge(EVALUATION, (Gate(metric="f1", at_least=0.85),))
    assert verdict.outcome == "rejected"
    assert (verdict.reasons[0].observed, verdict.reasons[0].limit) == (0.8, 0.85)


@pytest.mark.parametrize(
    ("bound", "margin", "outcome"), [(0.0, 0.0, "rejected"), (0.001, 0.0, "registered"), (0.01, 0.02, "rejected"), (-0.01, -0.02, "registered")]
)
def test_the_champion_must_be_beaten_by_the_margin(bound, margin, outcome):
    evaluation = {**EVALUATION, "bounds": {"accuracy": bound}}
    assert policy.judge(evaluation, (Gate(metric="accuracy", against="champion", margin=margin),)).outcome == outcome


def test_an_answer_that_is_no_number_passes_no_gate():
    for answer in ("nan", "inf", "-inf"):
        with pytest.raises(EvaluationError, match="finite"):
            score_holdout.evaluate("regression", [["1"], ["2"]], {"candidate": ["1", answer]}, [], "s", "mae")
    for gate in (Gate(metric="mae", at_most=1), Gate(metric="mae", at_least=0)):
        assert policy.judge({"candidate": {"mae": float("nan")}, "champion": None, "bounds": {}}, (gate,)).outcome == "rejected"


def test_without_a_champion_only_fixed_limits_count():
    assert policy.judge({**EVALUATION, "champion": None, "bounds": {}}, (Gate(metric="accuracy", against="champion"),)).outcome == "registered"


def test_the_first_metric_is_held_against_the_champion_where_no_gate_is():
    gates = gates_of({"gates": [{"metric": "f1", "at_least": 0.5}]})
    assert [(gate.metric, gate.against) for gate in gates] == [("f1", None), ("f1", "champion")]


def test_a_champion_that_answers_wrongly_is_left_out_and_a_candidate_that_does_is_refused():
    report = score_holdout.evaluate(
        "regression", [["1"], ["2"]], {"candidate": ["1", "2"], "champion": ["1"]}, [{"metric": "mae", "confidence": 0.95}], "s", "mae"
    )
    assert (report["champion"], report["bounds"]) == (None, {})
    assert "the champion answered 1 lines" in report["incomparable"]
    with pytest.raises(EvaluationError, match="the candidate answered 1 lines"):
        score_holdout.evaluate("regression", [["1"], ["2"]], {"candidate": ["1"]}, [], "s", "mae")
