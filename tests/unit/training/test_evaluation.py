"""The evaluation of a candidate, and of the champion on the same rows."""

import pytest

from noria.kernel.errors import EvaluationError
from noria.training.evaluation import evaluate


def test_answers_that_do_not_fit_the_rows_are_an_error_with_what_to_do():
    with pytest.raises(EvaluationError, match="one line a row"):
        evaluate("binary", [["1"], ["0"]], {"candidate": ["1"]}, [], "s", "f1")


def test_a_prediction_that_is_no_number_is_refused():
    for answer in ("nan", "inf", "-inf"):
        with pytest.raises(EvaluationError, match="finite"):
            evaluate("regression", [["1"], ["2"]], {"candidate": ["1", answer]}, [], "s", "mae")


def test_a_champion_that_answers_wrongly_is_left_out_and_a_candidate_that_does_is_refused():
    scores = evaluate("regression", [["1"], ["2"]], {"candidate": ["1", "2"], "champion": ["1"]}, [{"metric": "mae", "confidence": 0.95}], "s", "mae")
    assert (scores["champion"], scores["bounds"]) == (None, {})
    assert "the champion answered 1 lines" in scores["incomparable"]
    with pytest.raises(EvaluationError, match="the candidate answered 1 lines"):
        evaluate("regression", [["1"], ["2"]], {"candidate": ["1"]}, [], "s", "mae")


def test_the_quality_baseline_is_of_the_metric_that_counts_tell():
    held = [["1"], ["2"], ["3"]]
    assert evaluate("regression", held, {"candidate": ["1", "2", "5"]}, [], "s", "r2")["quality_baseline"]["metric"] == "rmse"
    assert evaluate("multiclass", held, {"candidate": ["1", "2", "5"]}, [], "s", "f1")["quality_baseline"]["metric"] == "accuracy"


def test_the_days_of_the_holdout_show_how_alike_their_predictions_are():
    held = [["1", f"2026-01-{1 + number // 4:02}T00:00:00"] for number in range(80)]
    predicted = {"candidate": ["1"] * 76 + ["0"] * 4}
    by_day, untimed = (evaluate("binary", rows, predicted, [], "s", "accuracy")["quality_baseline"] for rows in (held, [row[:1] for row in held]))
    assert (by_day["value"], untimed["value"]) == (0.95, 0.95)
    assert by_day["design_effect"] > 2 > untimed["design_effect"]


def test_the_same_seed_gives_the_same_bounds():
    held, predicted = [[str(i % 2)] for i in range(50)], {"candidate": ["1"] * 50, "champion": ["0"] * 50}
    bounds = [evaluate("binary", held, predicted, [{"metric": "f1", "confidence": 0.9}], seed, "f1")["bounds"] for seed in ("a", "a", "b")]
    assert bounds[0] == bounds[1] != bounds[2]
