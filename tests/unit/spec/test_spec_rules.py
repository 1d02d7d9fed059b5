"""Which model specs can be published: the rules that join several fields, each at its very edge."""

import copy
from typing import Any

import pytest
from pydantic import ValidationError

from noria.spec import ModelSpec
from noria.spec.data import Column

COLUMNS = {"ts": {"type": "timestamp"}, "x": {"type": "number"}, "n": {"type": "integer"}, "word": {"type": "string"}, "y": {"type": "integer"}}
GATE = {"metric": "accuracy", "at_least": 0.5}
DOCUMENT = {"name": "m", "task": "binary", "target": "y", "data": {"time": "ts", "columns": COLUMNS}, "evaluate": {"gates": [GATE]}}


def document(**blocks: Any) -> dict[str, Any]:
    return {**copy.deepcopy(DOCUMENT), **blocks}


def accepted(**blocks: Any) -> bool:
    try:
        ModelSpec.model_validate(document(**blocks))
    except ValidationError:
        return False
    return True


def faults(**blocks: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        ModelSpec.model_validate(document(**blocks))
    return str(caught.value)


@pytest.mark.parametrize(
    ("steps", "right"), [([0.1], True), ([0.1, 0.99], True), ([0.2, 0.1], False), ([0.1, 0.1], False), ([0.0, 0.5], False), ([0.5, 1.0], False)]
)
def test_steps_rise_from_above_nothing_to_below_all(steps, right):
    assert accepted(rollout={"steps": steps}) is right


@pytest.mark.parametrize(("strategy", "least"), [("canary", 0.01), ("linear", 0.1), ("rolling", 0.05)])
def test_sagemakers_own_strategies_begin_with_what_it_takes(strategy, least):
    assert accepted(rollout={"strategy": strategy, "steps": [least]})
    assert accepted(rollout={"strategy": strategy, "steps": [0.5]})
    assert not accepted(rollout={"strategy": strategy, "steps": [0.51]})
    report = faults(rollout={"strategy": strategy, "steps": [least - 0.001]})
    assert f"SageMaker's {strategy} begins with {least:.0%} to 50% of the fleet" in report


def test_a_progressive_release_may_begin_with_any_share():
    assert accepted(rollout={"strategy": "progressive", "steps": [0.001]})
    assert accepted(rollout={"strategy": "progressive", "steps": [0.9]})


@pytest.mark.parametrize(("minutes", "right"), [(700, True), (701, False)])
def test_a_release_has_no_more_looks_than_a_state_machine_has_room_for(minutes, right):
    assert accepted(rollout={"minutes": minutes}) is right
    assert accepted(rollout={"minutes": 1440, "look_seconds": 124})


@pytest.mark.parametrize(("metrics", "drift", "looks"), [(0, None, 700), (3, None, 300), (0, 2.0, 214)])
def test_the_more_is_watched_the_fewer_looks_there_are(metrics, drift, looks):
    # Four counters of each look and watch, 6,000 in all; errors and broken answers are two watches, drift is five more.
    guard = {"metrics": [{"name": f"m{number}", "namespace": "n"} for number in range(metrics)], "answers": {"drift": drift}}
    assert accepted(rollout={"minutes": looks, "guard": guard})
    assert f"a state machine has room for {looks}" in faults(rollout={"minutes": looks + 1, "guard": guard})


def test_a_guard_watches_something():
    nothing = {"errors": None, "answers": None}
    assert not accepted(rollout={"guard": nothing})
    for one in ({"errors": {}}, {"slow": {"over_ms": 1}}, {"answers": {}}, {"metrics": [{"name": "m", "namespace": "n"}]}):
        assert accepted(rollout={"guard": {**nothing, **one}})


@pytest.mark.parametrize(
    ("window", "right"),
    [
        ({"days": ["sat"]}, True),
        ({"hours": "00:00-23:59"}, True),
        ({"hours": "00:00-24:00"}, False),
        ({"hours": "00:00-24:00", "days": ["sat"]}, True),
        ({"hours": "12:00-12:00"}, False),
        ({"hours": "12:00-12:01"}, True),
        ({"until": "2026-01-02T00:00:00Z"}, True),
        ({"since": "2026-01-02T00:00:00Z", "until": "2026-01-02T00:00:00Z"}, False),
        ({"since": "2026-01-01T23:59:59Z", "until": "2026-01-02T00:00:00Z"}, True),
        ({"since": "2026-01-01T00:00:00Z"}, False),
    ],
)
def test_a_freeze_ends(window, right):
    assert accepted(approve={"freeze": [window]}) is right


@pytest.mark.parametrize(("least", "most", "right"), [(2, 2, True), (1, 2, True), (3, 2, False)])
def test_instances_scale_between_two_numbers_that_may_be_one(least, most, right):
    assert accepted(serve={"autoscale": {"min": least, "max": most, "requests": 1}}) is right


@pytest.mark.parametrize(("day", "month", "right"), [(4, 4, True), (5, 4, False)])
def test_a_day_has_no_more_healings_than_a_month(day, month, right):
    assert accepted(heal={"a_day": day, "a_month": month}) is right


@pytest.mark.parametrize(
    ("gate", "right"),
    [
        ({"metric": "accuracy", "at_least": 1}, True),
        ({"metric": "accuracy", "at_least": 1.001}, False),
        ({"metric": "accuracy", "at_most": 0}, True),
        ({"metric": "accuracy", "at_most": -0.001}, False),
        ({"metric": "accuracy"}, False),
        ({"metric": "accuracy", "at_least": 0.5, "against": "champion"}, False),
        ({"metric": "accuracy", "against": "champion"}, True),
    ],
)
def test_a_gate_has_one_limit_that_a_model_can_reach(gate, right):
    assert accepted(evaluate={"gates": [gate]}) is right


def test_errors_have_no_upper_bound_and_r2_no_lower_one():
    assert accepted(task="regression", evaluate={"gates": [{"metric": "rmse", "at_least": 5}]})
    assert accepted(task="regression", evaluate={"gates": [{"metric": "r2", "at_most": -3}]})
    assert not accepted(task="regression", evaluate={"gates": [{"metric": "r2", "at_least": 1.5}]})


@pytest.mark.parametrize(
    ("column", "right"),
    [
        ({"type": "number", "between": [1, 1]}, True),
        ({"type": "integer", "between": [1, 0]}, False),
        ({"type": "integer", "between": [5, None]}, True),
        ({"type": "number", "between": [None, 5]}, True),
        ({"type": "string", "between": [0, 1]}, False),
    ],
)
def test_bounds_are_of_numbers_and_in_order(column, right):
    assert accepted(data={"time": "ts", "columns": {**COLUMNS, "x": column}}) is right


def test_the_words_of_a_truth_value_are_named_as_yaml_reads_true_and_false_without_quotes():
    for names in ((True, False), ("true", "false")):
        column = Column.model_validate({"type": "boolean", "words": dict(zip(names, (["yes"], ["no"]), strict=True))})
        assert (column.words.true, column.words.false) == (("yes",), ("no",))


def test_a_model_has_something_to_predict_from():
    assert "names nothing but the target" in faults(data={"columns": {"y": {"type": "integer"}}}, evaluate={"split": {"by": "random"}, "gates": [GATE]})
    assert accepted(data={"columns": {"x": {"type": "integer"}}}, evaluate={"split": {"by": "random"}, "gates": [GATE]})


def test_groups_are_columns_that_every_file_has():
    def split(*names: str) -> dict[str, Any]:
        return {"data": {"time": "ts", "key": ["id"], "columns": COLUMNS}, "evaluate": {"split": {"by": "group", "group": names}, "gates": [GATE]}}

    assert accepted(**split("x", "id"))
    assert "found z, expected columns of data.columns or data.key" in faults(**split("x", "z"))
    assert not accepted(evaluate={"split": {"by": "group"}, "gates": [GATE]})
    assert not accepted(evaluate={"split": {"by": "time", "group": ["x"]}, "gates": [GATE]})


def columns(**steps: Any) -> dict[str, Any]:
    return {"preprocess": {"columns": steps}}


@pytest.mark.parametrize(
    ("name", "steps", "right"),
    [
        ("x", {"impute": "mean", "clip": [0, 1], "scale": "standard"}, True),
        ("x", {"impute": {"value": 0}}, True),
        ("x", {"impute": {"value": "none"}}, False),
        ("x", {"impute": {"value": True}}, False),
        ("n", {"impute": {"value": "none"}, "one_hot": True}, True),
        ("x", {"scale": "robust", "one_hot": True}, False),
        ("x", {"impute": "median", "one_hot": True}, False),
        ("x", {"impute": "most_frequent", "one_hot": True}, True),
        ("word", {"one_hot": True}, True),
        ("word", {"impute": "most_frequent"}, True),
        ("word", {"impute": {"value": "none"}}, True),
        ("word", {"impute": "mean"}, False),
        ("word", {"scale": "min_max"}, False),
        ("word", {"clip": [0, 1]}, False),
        ("word", {"parts": ["hour"]}, False),
        ("ts", {"parts": ["hour"]}, True),
        ("ts", {"drop": True}, True),
        ("ts", {"parts": ["hour"], "drop": True}, False),
        ("ts", {"impute": "most_frequent"}, False),
        ("ts", {"one_hot": True}, False),
        ("ts", {"scale": "standard"}, False),
        ("x", {"drop": True, "scale": "standard"}, False),
        ("x", {"drop": True, "impute": {"value": 0}}, False),
        ("x", {"drop": True, "one_hot": True}, False),
        ("z", {"drop": True}, False),
        ("y", {"scale": "standard"}, False),
        ("x", {"clip": [1, 1]}, False),
        ("x", {"clip": [None, 1]}, True),
        ("x", {"clip": {"quantiles": [0.1, 0.9]}}, True),
        ("x", {"clip": {"quantiles": [0.9, 0.1]}}, False),
        ("x", {"clip": {"between": [0, 1], "quantiles": [0.1, 0.9]}}, False),
        ("x", {"clip": {}}, False),
        ("x", {"impute": {"by": "mean", "value": 0}}, False),
        ("x", {"impute": {}}, False),
    ],
)
def test_a_step_suits_the_type_of_its_column(name, steps, right):
    assert accepted(**columns(**{name: steps})) is right


def lags(*declared: dict[str, Any], **blocks: Any) -> dict[str, Any]:
    return {"preprocess": {"lags": declared}, **blocks}


@pytest.mark.parametrize(
    ("lag", "right"),
    [
        ({"of": "x", "back": "1d"}, True),
        ({"of": "y", "back": "1d"}, True),
        ({"of": "z", "back": "1d"}, False),
        ({"of": "x", "back": "1d", "per": ["word"]}, True),
        ({"of": "x", "back": "1d", "per": ["y"]}, False),
        ({"of": "x", "back": "1d", "name": "word"}, False),
        ({"of": "x", "back": "1d", "name": "y"}, False),
        ({"of": "x", "back": "1d", "name": "before"}, True),
        ({"of": "x", "back": "0d"}, False),
        ({"of": "x", "back": "1w"}, False),
    ],
)
def test_a_lag_is_of_a_column_or_the_target_and_has_a_name_of_its_own(lag, right):
    assert accepted(**lags(lag)) is right


def test_two_lags_have_two_names():
    assert accepted(**lags({"of": "x", "back": "1d"}, {"of": "x", "back": "2d"}))
    assert not accepted(**lags({"of": "x", "back": "1d"}, {"of": "x", "back": "1d"}))


def test_lags_need_the_time_of_a_row_and_a_split_by_time():
    untimed = {name: column for name, column in COLUMNS.items() if name != "ts"}
    assert "needs the event time of a row" in faults(**lags({"of": "x", "back": "1d"}, data={"time": "ts", "columns": untimed}))
    assert "so evaluate.split.by must be time" in faults(**lags({"of": "x", "back": "1d"}, evaluate={"split": {"by": "random"}, "gates": [GATE]}))


def test_a_step_may_be_taken_with_a_lag_by_its_name():
    lag = {"of": "word", "back": "1d"}
    assert accepted(preprocess={"lags": [lag], "columns": {"word_1d_ago": {"one_hot": True}}})
    assert not accepted(preprocess={"lags": [lag], "columns": {"word_1d_ago": {"scale": "standard"}}})
    # A lag of the target, which the contract need not name, is taken for a number.
    unnamed = {name: column for name, column in COLUMNS.items() if name != "y"}
    block = {"lags": [{"of": "y", "back": "1d", "name": "before"}], "columns": {"before": {"scale": "standard"}}}
    assert accepted(data={"time": "ts", "columns": unnamed}, preprocess=block)


def test_what_is_watched_is_a_metric_of_the_task():
    assert accepted(monitor={"quality": {"metric": "f1", "at_least": 0.5}})
    assert "rmse is not for a binary task" in faults(monitor={"quality": {"metric": "rmse"}})
    report = faults(task="multiclass", monitor={"quality": {"metric": "f1", "at_least": 0.5}})
    assert "is a level of f1, in whose place accuracy is watched" in report
    assert accepted(task="multiclass", monitor={"quality": {"metric": "f1"}})


def test_a_script_runs_on_no_spot_instance():
    assert accepted(preprocess={"script": {}})
    assert not accepted(preprocess={"script": {"instance": {"spot": True}}})


def test_whether_anything_is_fitted_is_told_by_columns_and_lags():
    def declared(**block: Any) -> bool:
        return ModelSpec.model_validate(document(preprocess=block)).preprocess.declared

    assert [declared(), declared(script={}), declared(columns={"x": {"drop": True}}), declared(lags=[{"of": "x", "back": "1d"}])] == [False, False, True, True]


def test_an_instance_is_one_type_or_a_list_of_them():
    def instance(given: Any) -> tuple[str, ...]:
        return ModelSpec.model_validate(document(serve={"instance": given})).serve.instance

    assert (instance("ml.m5.large"), instance(["ml.m5.large", "ml.c5.large"])) == (("ml.m5.large",), ("ml.m5.large", "ml.c5.large"))
