"""Errors of a model.yaml: line, field, what was found, what was expected, the nearest right word."""

import pytest

from cli.project import spec as spec_file
from noria.kernel.errors import SpecError
from tests.unit.cli.project.churn import GOOD


def refused(text: str) -> str:
    with pytest.raises(SpecError) as caught:
        spec_file.parse(text, "model.yaml")
    return str(caught.value)


def test_a_spec_has_defaults_for_all_but_its_first_block():
    spec = spec_file.parse(GOOD, "model.yaml")
    assert (spec.serve.instance, spec.approve.mode, spec.data.bad_rows.at_most) == (("ml.m5.large",), "automatic", 0.01)


@pytest.mark.parametrize(
    ("old", "new", "record"),
    [
        ("task: binary", "task: binry", 'model.yaml:2: task: found "binry", expected one of binary, multiclass, regression; did you mean binary?'),
        ("target: left", "traget: left", "did you mean target?"),
        ("{type: integer}", "{type: intger}", "did you mean integer?"),
        ("{type: integer}", "{type: integer, nulable: true}", "model.yaml:6: data.columns.age.nulable is no field here"),
        ("at_least: 0.5", "at_least: high", 'model.yaml:10: evaluate.gates.0.at_least: found "high"'),
        ("at_least: 0.5", "at_least: 0.5, at_most: 1", "exactly one of at_least, at_most and against"),
        ("metric: accuracy", "metric: rmse", "model.yaml:10: evaluate.gates.0.metric: rmse is not for a binary task"),
        ("{by: random}", "{by: time}", "model.yaml:8: evaluate.split.by: is time, and data.time names no column"),
        ("at_least: 0.5", "at_least: 95", "accuracy is never above 1"),
        ("metric: accuracy, at_least: 0.5", "metric: rmse, at_most: -1", "rmse is never below 0"),
        ("at_least: 0.5", "at_least: .nan", "evaluate.gates.0.at_least: found NaN, expected a finite number"),
        ("age: {type: integer}", "age: {type: integer, between: [0, .inf]}", "expected a finite number"),
        ("age: {type: integer}", "age: &a [*a]", "data.columns.age: found"),
        ("task: binary", "task: binary\ntask: regression", "model.yaml:3: task is written twice"),
        ("name: churn", "name: Churn Model", 'name: found "Churn Model", expected lower-case letters'),
        ("age: {type: integer}", "age: integer", 'data.columns.age: found "integer", expected a block of fields'),
        ("at_least: 0.5}", "at_least: 0.5}\ntrain: {max_minutes: soon}", 'train.max_minutes: found "soon", expected a number'),
        ("at_least: 0.5}", "at_least: 0.5}\nheal: {budget: {a_month: 5}}", "heal.budget.per_hour is missing"),
        ("at_least: 0.5}", "at_least: 0.5}\nheal: {off_peak: 22-6}", "expected two times of day, such as 22:00-06:00"),
        ("at_least: 0.5}", "at_least: 0.5}\npreprocess: {columns: {age: {impute: {valeu: 0}}}}", "expected one of by, value; did you mean value?"),
        ("at_least: 0.5}", "at_least: 0.5}\npreprocess: {columns: {age: {impute: [1]}}}", "expected mean or median or most_frequent or {value: 0}"),
        ("name: churn\n", "", "name is missing"),
    ],
)
def test_an_error_names_line_field_found_and_right(old, new, record):
    assert record in refused(GOOD.replace(old, new, 1))


def test_what_is_no_yaml_is_told_with_its_line():
    assert refused("name: [churn\ntask: x").startswith("model.yaml:2: is no YAML")
    assert "a mapping" in refused("- a")


def test_no_step_is_meant_by_false():
    spec = spec_file.parse(GOOD + "preprocess: {columns: {age: {scale: standard, one_hot: false}}}\n", "model.yaml")
    assert spec.preprocess.columns["age"].one_hot is None


def test_on_is_a_word_and_no_truth_value():
    spec = spec_file.parse(GOOD + "heal: {on: [quality, drift]}\ntrain: {on_upload: false}\n", "model.yaml")
    assert (spec.heal.on, spec.train.on_upload) == (("quality", "drift"), False)


def test_a_fixed_level_is_of_the_metric_that_is_watched():
    regression = GOOD.replace("task: binary", "task: regression").replace("metric: accuracy, at_least: 0.5", "metric: r2, at_least: 0.5")
    spec_file.parse(regression + "monitor: {quality: {metric: mae, at_least: 3}}\n", "model.yaml")
    report = refused(regression + "monitor: {quality: {at_least: 0.5}}\n")
    assert "monitor.quality.at_least: is a level of r2, in whose place rmse is watched: name monitor.quality.metric: rmse" in report
