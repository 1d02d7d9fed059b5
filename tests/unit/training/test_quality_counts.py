"""Quality from counts by day, the estimate from probabilities and the importance of columns: what each number is."""

import math

import pytest

from noria.training import bootstrap, cbpe, evaluation, metrics, quality
from noria.training.cbpe import Bin
from noria.training.quality_baseline import measure_baseline

DAYS = [f"2026-01-{day:02}" for day in range(1, 29)]


@pytest.mark.parametrize(
    ("task", "truth", "predicted", "kind"),
    [
        ("binary", "1", "1", "tp"),
        ("binary", "0", "1", "fp"),
        ("binary", "1", "0", "fn"),
        ("binary", "0", "0", "tn"),
        ("binary", "0", "other", "tn"),
        ("multiclass", "a", "a", "right"),
        ("multiclass", "a", "b", "wrong"),
        # Sixty-four bins up to the cap of 6.4: each a tenth wide.
        ("regression", "10", "10", "0"),
        ("regression", "10", "10.05", "0"),
        ("regression", "10", "9.85", "1"),
        ("regression", "10", "16.35", "63"),
        ("regression", "10", "99", "63"),
        ("regression", "10", "inf", "63"),
    ],
)
def test_an_answer_is_counted_by_what_it_was_and_what_was_true(task, truth, predicted, kind):
    assert quality.outcome_of(task, truth, predicted, 6.4) == kind


def test_without_a_cap_every_error_is_as_large_as_can_be():
    assert quality.outcome_of("regression", "1", "1", 0.0) == "63"


def test_answers_are_counted_under_their_day():
    days: dict[str, dict[str, float]] = {}
    for day, kind in (("a", "tp"), ("a", "tp"), ("b", "fp")):
        quality.count_outcome(days, day, kind)
    assert days == {"a": {"tp": 2}, "b": {"fp": 1}}
    assert quality.merge_counts({**days, "c": {"tp": 5}}) == {"tp": 7, "fp": 1}


def test_the_cap_is_twice_the_error_that_one_in_a_hundred_exceeds():
    assert quality.cap_of([float(number) for number in range(-50, 150)]) == 2 * sorted(abs(number) for number in range(-50, 150))[198]
    assert quality.cap_of([3.0]) == 6.0
    assert quality.cap_of([0.0, 0.0]) == 1.0


def test_the_error_of_a_bin_is_its_middle():
    # Of 64 bins up to 6.4 the tenth one is from 0.9 to 1.0.
    assert quality.value("mae", {"9": 5}, 6.4) == pytest.approx(0.95)
    assert quality.value("mae", {"9": 1, "29": 3}, 6.4) == pytest.approx((0.95 + 3 * 2.95) / 4)
    assert quality.value("rmse", {"9": 1, "29": 3}, 6.4) == pytest.approx(math.sqrt((0.95**2 + 3 * 2.95**2) / 4))
    assert quality.value("mae", {}, 6.4) is None


@pytest.mark.parametrize(
    ("metric", "counts", "value"),
    [
        ("accuracy", {"tp": 3, "tn": 4, "fp": 2, "fn": 1}, 0.7),
        ("accuracy", {"right": 3, "wrong": 1}, 0.75),
        ("precision", {"tp": 3, "fp": 2, "fn": 7, "tn": 9}, 0.6),
        ("recall", {"tp": 3, "fn": 1, "fp": 7, "tn": 9}, 0.75),
        ("f1", {"tp": 3, "fp": 2, "fn": 1, "tn": 9}, 6 / 9),
        ("precision", {"fn": 3}, None),
        ("recall", {"tn": 3}, None),
        ("accuracy", {}, None),
    ],
)
def test_a_metric_of_counts_is_that_of_its_definition(metric, counts, value):
    assert quality.value(metric, counts) == (None if value is None else pytest.approx(value))


def test_the_better_of_two_is_the_smaller_error_or_the_larger_share():
    pairs = (("mae", 1.0, 2.0), ("rmse", 3.0, 2.0), ("f1", 0.5, 0.6), ("f1", 0.7, 0.6), ("f1", 0.5, None))
    assert [quality.best_of(*pair) for pair in pairs] == [1.0, 2.0, 0.6, 0.7, 0.5]


def test_a_limit_is_worse_than_the_value_and_never_better_than_three_failures_more():
    shares = measure_baseline("accuracy", {day: {"right": 90.0 + number % 5, "wrong": 10.0 - number % 5} for number, day in enumerate(DAYS)})
    assert 0.9 < shares.limit < shares.value < 0.93
    errors = measure_baseline("mae", {day: {"9": 50.0, "19": 50.0 + number} for number, day in enumerate(DAYS)}, 6.4)
    assert errors.value < errors.limit < 1.1 * errors.value
    perfect = {day: {"tp": 1.0, "tn": 9.0} for day in DAYS}
    # Only rows that count for the metric make it certain: of 28 positive ones none was missed.
    assert measure_baseline("recall", perfect).limit == pytest.approx(1 - 3 / 28)
    assert measure_baseline("accuracy", perfect).limit == pytest.approx(1 - 3 / 280)
    assert measure_baseline("accuracy", {"a": {"tp": 2.0}}).limit == 0.0


def test_of_fewer_than_ten_days_single_answers_are_drawn():
    nine, ten = ({day: {"right": 100.0 - 10 * (number % 2), "wrong": 10.0 * (number % 2)} for number, day in enumerate(DAYS[:count])} for count in (9, 10))
    assert (measure_baseline("accuracy", nine).design_effect, measure_baseline("accuracy", ten).design_effect > 1) == (1.0, True)
    assert 0.91 < measure_baseline("accuracy", nine).limit < measure_baseline("accuracy", nine).value


def finding(share: float, days: int = 28, rows: int = 100, limit: float = 0.9, **level):
    at_release = quality.QualityBaseline("accuracy", 0.92, limit, **level)
    return quality.detect_degradation(at_release, {day: {"right": share * rows, "wrong": (1 - share) * rows} for day in DAYS[:days]}, 0.05)


def test_a_finding_counts_every_answer_and_needs_one_in_fifty():
    result = finding(0.95, 3)
    assert (result.rows, result.value, result.needed, result.fallen, result.since) == (300, pytest.approx(0.95), 50, None, None)
    assert quality.detect_degradation(quality.QualityBaseline("accuracy", 0.9, 0.9), {}).to_json() == {
        "rows": 0,
        "value": None,
        "evidence": 0.0,
        "needed": 50.0,
        "fallen": None,
        "since": None,
    }


def test_more_evidence_comes_of_more_answers_a_larger_loss_and_less_likeness():
    usual = finding(0.85, 10).evidence
    assert finding(0.85, 11).evidence > usual
    assert finding(0.84, 10).evidence > usual
    assert finding(0.85, 10, rows=101).evidence > usual
    assert finding(0.85, 10, limit=0.91).evidence > usual
    assert finding(0.85, 10, design_effect=1.5).evidence < usual


def test_the_margin_lets_the_loss_be_larger_than_at_the_limit():
    days = {day: {"right": 85.0, "wrong": 15.0} for day in DAYS}
    level = quality.QualityBaseline("accuracy", 0.92, 0.9)
    evidence = [quality.detect_degradation(level, days, margin).evidence for margin in (0.0, 0.2, 0.5)]
    assert evidence == sorted(evidence, reverse=True)
    # With half as much loss again, 15 in a hundred are just what is allowed.
    assert evidence[2] <= 1
    errors = {day: {"20": 100.0} for day in DAYS}
    allowed = quality.QualityBaseline("mae", 1.0, 2.05 / 1.5, cap=6.4)
    assert quality.detect_degradation(allowed, errors, 0.5).evidence <= 1.01
    assert quality.detect_degradation(allowed, errors, 0.0).evidence > 50


def test_one_day_of_evidence_is_what_the_bets_have_grown_to():
    # A third of the stake begins at the release; four bets share it in proportion to their roots.
    level = quality.QualityBaseline("recall", 0.9, 0.8)
    bets = (0.02, 0.04, 0.08, 0.16)
    stakes = [math.sqrt(bet) / sum(map(math.sqrt, bets)) for bet in bets]
    # The most that a right answer takes off is 0.2; a missed one adds 0.8.
    grown = sum(stake * (1 + bet / 0.2 * 0.8) ** 5 * (1 - bet / 0.2 * 0.2) ** 3 for stake, bet in zip(stakes, bets, strict=True))
    assert quality.detect_degradation(level, {"d": {"fn": 5.0, "tp": 3.0, "tn": 50.0}}).evidence == pytest.approx(grown / 3)
    first, second = ((1 + bet * 4) ** 5 for bet in bets), ((1 + bet * 4) ** 10 for bet in bets)
    after_one, after_two = (sum(stake * one for stake, one in zip(stakes, part, strict=True)) for part in (first, second))
    both = quality.detect_degradation(level, {"d1": {"fn": 5.0}, "d2": {"fn": 5.0}})
    assert both.evidence == pytest.approx(after_two / 3 + after_one / 6)


def test_the_day_of_a_fall_is_the_first_whose_evidence_suffices_and_the_loss_begins_where_it_shows_most():
    days = {**{day: {"right": 95.0, "wrong": 5.0} for day in DAYS[:14]}, **{day: {"right": 50.0, "wrong": 50.0} for day in DAYS[14:]}}
    result = quality.detect_degradation(quality.QualityBaseline("accuracy", 0.95, 0.93), days, 0.05)
    assert result.since == DAYS[14]
    assert DAYS[14] <= result.fallen <= DAYS[15]
    until = {day: days[day] for day in DAYS if day < result.fallen}
    assert quality.detect_degradation(quality.QualityBaseline("accuracy", 0.95, 0.93), until, 0.05).fallen is None


def test_evidence_beyond_all_measure_is_a_number_all_the_same():
    assert finding(0.0, 28, rows=10_000).evidence == pytest.approx(math.exp(100))


def test_a_limit_of_nothing_or_of_all_can_be_weighed():
    assert quality.detect_degradation(quality.QualityBaseline("accuracy", 1.0, 1.0), {"d": {"right": 5.0}}).fallen is None
    assert quality.detect_degradation(quality.QualityBaseline("accuracy", 0.0, 0.0), {"d": {"wrong": 5.0}}, 0.5).fallen is None
    assert quality.detect_degradation(quality.QualityBaseline("mae", 0.0, 0.0, cap=1.0), {"d": {"3": 50.0}}).fallen == "d"


def test_many_days_are_put_together_two_by_two_until_there_are_few_enough():
    days = {f"{number:04}": {"tp": 1.0} for number in range(9)}
    assert len(quality.pooled(days, 9)) == 9
    by_two = quality.pooled(days, 8)
    assert (list(by_two), by_two["0000"], by_two["0008"]) == (["0000", "0002", "0004", "0006", "0008"], {"tp": 2.0}, {"tp": 1.0})
    assert list(quality.pooled(days, 4)) == ["0000", "0004", "0008"]
    assert list(quality.pooled(dict(reversed(days.items())), 9)) == list(days)
    assert quality.pooled(days, 0) == {"0000": {"tp": 9.0}}
    year = {f"{number:04}": {"tp": 1.0} for number in range(401)}
    assert (len(quality.pooled(year)), len(quality.pooled(dict(list(year.items())[:400])))) == (201, 400)


@pytest.mark.parametrize(
    ("task", "answer", "score", "counted"),
    [
        ("binary", "1", "0.5", "1|0.0"),
        ("binary", "1.0", "0.9", "1|2.2"),
        ("binary", "0", "0.1", "0|-2.2"),
        ("binary", "1", "1", "1|16.0"),
        ("binary", "0", "0", "0|-16.0"),
        ("binary", "1", "0.99999999", "1|16.0"),
        ("multiclass", "a", "0.75", "|1.1"),
        ("binary", "1", "-0.1", None),
        ("binary", "1", "1.1", None),
    ],
)
def test_an_answer_is_counted_by_its_label_and_log_odds(task, answer, score, counted):
    assert cbpe.count_key(task, answer, score) == counted


def test_an_estimate_is_how_often_answers_of_such_a_probability_were_right():
    held = [("1" if number % 10 else "0", "1", "0.9") for number in range(200)] + [("0" if number % 5 else "1", "0", "0.2") for number in range(100)]
    calibration = cbpe.calibrate("binary", held)
    assert calibration == {"1": [(2.2, 200, 180)], "0": [(-1.4, 100, 80)]}
    result = cbpe.estimate("accuracy", calibration, {"1|2.2": 60, "0|-1.4": 40})
    right = 60 * 180.5 / 201, 40 * 80.5 / 101
    assert (result["value"], result["rows"], result["metric"]) == (pytest.approx(sum(right) / 100), 100, "accuracy")
    assert result["low"] < result["value"] < result["high"]
    # A right answer of label 0 is a true negative, a wrong one a positive that was missed.
    assert cbpe.estimate("precision", calibration, {"1|2.2": 60, "0|-1.4": 40})["value"] == pytest.approx(180.5 / 201)
    assert cbpe.estimate("recall", calibration, {"1|2.2": 60, "0|-1.4": 40})["value"] == pytest.approx(right[0] / (right[0] + 40 - right[1]))


def test_fifty_answers_are_a_sample_and_fewer_are_none():
    calibration = {"1": [Bin(0.0, 100, 90)]}
    assert cbpe.estimate("accuracy", calibration, {"1|0.0": 49}) is None
    assert cbpe.estimate("accuracy", calibration, {"1|0.0": 50}) is not None
    assert cbpe.estimate("recall", {"0": [Bin(0.0, 100, 100)]}, {"0|0.0": 0, "0|0.1": 0}) is None


def test_an_interval_is_as_wide_as_the_rows_of_the_holdout_leave_it():
    # None, or all, of thirty rows were right: by Jeffreys' interval the share is below 8 %, or above 92 %.
    none, every = ({"": [Bin(0.0, 30, hits)]} for hits in (0, 30))
    low, high = cbpe.estimate("accuracy", none, {"|0.0": 100_000}), cbpe.estimate("accuracy", every, {"|0.0": 100_000})
    assert (low["low"], low["high"]) == (pytest.approx(0.0, abs=0.002), pytest.approx(0.08, abs=0.025))
    assert (high["low"], high["high"]) == (pytest.approx(0.92, abs=0.025), pytest.approx(1.0, abs=0.002))


def test_an_answer_belongs_to_the_bin_that_its_odds_reach_and_one_below_all_to_the_first():
    calibration = {"1": [Bin(0.0, 1_000, 500), Bin(1.0, 1_000, 700), Bin(2.0, 1_000, 900)]}
    values = [cbpe.estimate("accuracy", calibration, {f"1|{odds}": 100})["value"] for odds in ("-1.0", "0.9", "1.0", "1.9", "2.0", "9.0")]
    assert values == [pytest.approx(share, abs=0.001) for share in (0.5, 0.5, 0.7, 0.7, 0.9, 0.9)]


def test_a_bin_has_thirty_rows_or_a_twentieth_of_all():
    few = cbpe.calibrate("binary", [("1", "1", f"{0.5 + number / 200:.3f}") for number in range(90)])["1"]
    assert [rows for _, rows, _ in few[:-1]] == [pytest.approx(30, abs=9)] * (len(few) - 1)
    many = cbpe.calibrate("binary", [("1", "1", f"{1 / (1 + math.exp(-number / 10)):.6f}") for number in range(100) for _ in range(20)])["1"]
    assert [rows for _, rows, _ in many] == [100] * 20


def test_labels_have_one_spelling():
    given = ["1", "1.0", "true", "True", "TRUE", "0", "0.0", "false", "False", "FALSE", "2.5", "a", "-3.0"]
    assert [metrics.label(text) for text in given] == ["1"] * 5 + ["0"] * 5 + ["2.5", "a", "-3"]


def test_metrics_that_are_not_defined_are_zero():
    assert metrics.measure("binary", ["0", "0"], ["0", "0"]) == {"accuracy": 1.0, "precision": 0.0, "recall": 0.0, "f1": 0.0}
    assert metrics.measure("regression", ["1", "1"], ["1", "2"])["r2"] == 0.0


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_every_row_has_one_truth_and_one_prediction(task):
    for truth, predicted in ((["1", "0"], ["1"]), (["1"], ["1", "0"])):
        with pytest.raises(ValueError, match="zip"):
            metrics.measure(task, truth, predicted)


@pytest.mark.parametrize(("rows", "resamples"), [(1, 1_000), (2_000, 1_000), (4_000, 500), (10_000, 200), (1_000_000, 200)])
def test_large_holdouts_are_drawn_from_fewer_times(rows, resamples):
    assert bootstrap._resamples(rows) == resamples


def test_the_bound_of_a_gain_is_the_quantile_that_its_confidence_names():
    truth = ["1"] * 100
    candidate, champion = ["1"] * 90 + ["0"] * 10, ["1"] * 80 + ["0"] * 20
    ours, theirs = (metrics.parse("binary", truth, predicted) for predicted in (candidate, champion))
    bounds = [bootstrap.lower_bound("accuracy", ours, theirs, confidence, "s") for confidence in (0.5, 0.9, 0.99)]
    # Ten rows of a hundred are won: 0.1, with a standard error of 0.03.
    assert bounds == [pytest.approx(0.1, abs=0.01), pytest.approx(0.1 - 1.28 * 0.03, abs=0.015), pytest.approx(0.1 - 2.33 * 0.03, abs=0.02)]


def test_the_level_of_a_holdout_counts_its_answers_by_day():
    held = [["1", f"2026-01-{1 + number // 4:02}T00:00:00"] for number in range(80)]
    by_day = evaluation.evaluate("binary", held, {"candidate": ["1"] * 76 + ["0"] * 4}, [], "s", "accuracy")["quality_baseline"]
    # One of twenty days was all wrong: answers of a day are alike.
    assert (by_day["value"], by_day["metric"], by_day["design_effect"] > 2) == (0.95, "accuracy", True)
    untimed = evaluation.evaluate("binary", [row[:1] for row in held], {"candidate": ["1"] * 76 + ["0"] * 4}, [], "s", "accuracy")["quality_baseline"]
    assert untimed["value"] == 0.95
    regression = evaluation.evaluate("regression", [["1"], ["2"], ["3"]], {"candidate": ["1", "2", "5"]}, [], "s", "r2")["quality_baseline"]
    assert (regression["metric"], regression["cap"]) == ("rmse", 4.0)
