"""Steps of a spec: fitted on the training set alone, and applied alike in front of training and of the endpoint."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.data.contract import DataContract
from noria.kernel.errors import ContractError
from noria.preprocessing import fitting
from noria.preprocessing.transform import Transform
from tests.unit.preprocessing.rides import COLUMNS, column, fit, hours, spec


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ({"impute": "mean"}, ["1.0", "2.0", "3.0", "6.0", "3.0"]),
        ({"impute": "median"}, ["1.0", "2.0", "2.5", "6.0", "3.0"]),
        ({"impute": "most_frequent"}, ["1.0", "2.0", "1.0", "6.0", "3.0"]),
        ({"impute": {"value": -1}}, ["1.0", "2.0", "-1.0", "6.0", "3.0"]),
        ({}, ["1.0", "2.0", "", "6.0", "3.0"]),
        ({"clip": [1.5, 4]}, ["1.5", "2.0", "", "4.0", "3.0"]),
        ({"clip": [None, 4]}, ["1.0", "2.0", "", "4.0", "3.0"]),
        ({"clip": {"quantiles": [0.5, 1]}}, ["2.5", "2.5", "", "6.0", "3.0"]),
        ({"scale": "min_max"}, ["0.0", "0.2", "", "1.0", "0.4"]),
        ({"scale": "robust"}, ["-0.75", "-0.25", "", "1.75", "0.25"]),
        ({"impute": "mean", "scale": "min_max"}, ["0.0", "0.2", "0.4", "1.0", "0.4"]),
        ({"clip": [0, 4], "scale": "min_max"}, ["0.0", "0.3333333333333333", "", "1.0", "0.6666666666666666"]),
    ],
)
def test_numbers_are_imputed_then_clipped_then_scaled(steps, expected):
    transform, _, train = fit(hours(["1", "2", "NA", "6", "3"]), {"heat": steps})
    assert column(train, transform, "heat") == expected


def test_a_standard_scale_has_mean_0_and_deviation_1_and_a_constant_column_stays_at_0():
    transform, _, train = fit(hours(["1", "2", "3", "4"]), {"heat": {"scale": "standard"}})
    values = [float(value) for value in column(train, transform, "heat")]
    assert sum(values) == pytest.approx(0)
    assert sum(value**2 for value in values) / 4 == pytest.approx(1)
    transform, _, train = fit(hours(["7", "7", "7"]), {"heat": {"scale": "standard"}})
    assert column(train, transform, "heat") == ["0.0"] * 3


def test_categories_get_a_column_each_and_the_rare_the_unseen_and_the_missing_are_told_apart():
    transform, _, train = fit(hours(["1"] * 6, ["clear", "rain", "clear", "rain", "fog", ""]), {"sky, now": {"one_hot": {"at_most": 2}}})
    assert transform.writes[3:6] == ["sky, now=clear", "sky, now=rain", "sky, now=other"]
    assert [row[3:6] for row in train[3:]] == [["0", "1", "0"], ["0", "0", "1"], ["0", "0", "0"]]
    assert transform.rows([["2024-02-01", "A", "1", "hail", "true"]])[0][3:6] == ["0", "0", "1"]


def test_a_missing_category_can_be_the_most_frequent_one():
    transform, _, train = fit(hours(["1"] * 4, ["rain", "rain", "clear", ""]), {"sky, now": {"impute": "most_frequent", "one_hot": True}})
    assert train[3][3:6] == ["0", "1", "0"]
    transform, _, train = fit(hours(["1"] * 2, ["", "clear"]), {"sky, now": {"impute": {"value": "none known"}}})
    assert column(train, transform, "sky, now") == ["none known", "clear"]


def test_times_become_parts_in_utc():
    parts = ["year", "month", "day", "weekday", "day_of_year", "hour", "minute"]
    rows = hours(["1"])
    rows[0][0] = "2024-03-01T01:30:00+02:00"
    transform, _, train = fit(rows, {"ts": {"parts": parts}})
    assert transform.writes[:7] == [f"ts_{part}" for part in parts]
    assert train[0][:7] == ["2024", "2", "29", "3", "60", "23", "30"]
    assert transform.rows([["1709249400", "A", "1", "", ""]])[0][:7] == train[0][:7]


def test_what_is_not_named_stays_as_it_is_and_what_is_dropped_goes():
    transform, _, train = fit(hours(["01.50", "2"]), {"ts": {"drop": True}})
    assert transform.writes == ["station", "heat", "sky, now", "open"]
    assert train[0] == ["A", "01.50", "clear", "true"]


@given(st.floats(-1e9, 1e9), st.integers(1, 200))
def test_a_column_that_does_not_vary_stays_at_0_whatever_its_value(value, rows):
    for scale in ("standard", "min_max", "robust"):
        transform, _, train = fit(hours([repr(value)] * rows), {"heat": {"scale": scale}})
        assert {float(scaled) for scaled in column(train, transform, "heat")} == {0}


@pytest.mark.parametrize(("value", "expected"), [(0, ["1", "0", "0", "0"]), (9, ["0", "0", "1", "0"])])
def test_a_number_can_stand_for_a_missing_category(value, expected):
    document = spec(data={"time": "ts", "columns": {"code": {"type": "integer", "nullable": True}, "ts": {"type": "timestamp"}}}).model_dump(mode="json")
    block = spec({"heat": {"impute": {"value": value}, "one_hot": True}}).model_dump(mode="json")["preprocess"]
    block["columns"] = {"code": block["columns"]["heat"]}
    rows = [["5", "2024-01-01", "1"], ["0", "2024-01-01", "1"], ["9", "2024-01-01", "1"], ["", "2024-01-01", "1"]]
    header = ["code", "ts", "rides"]
    fitted = fitting.fit(block, DataContract.of(document["data"]), "rides", lambda name: [row[header.index(name)] for row in rows])
    result, train = fitted.artifact, [row[:-1] for row in fitting.training_rows(fitted, "rides", header, rows)]
    assert Transform(result).writes[:4] == ["code=0", "code=5", "code=9", "code=other"]
    assert train[3][:4] == expected


def test_a_truth_value_can_stand_for_a_missing_one():
    rows = hours(["1", "2"])
    rows[1][4] = ""
    transform, _, train = fit(rows, {"open": {"impute": {"value": True}}})
    assert column(train, transform, "open") == ["true", "true"]


def test_a_category_that_is_called_other_is_one_of_all_others():
    transform, _, train = fit(hours(["1"] * 4, ["clear", "other", "clear", "rain"]), {"sky, now": {"one_hot": True}})
    assert transform.writes[3:6] == ["sky, now=clear", "sky, now=rain", "sky, now=other"]
    assert train[1][3:6] == ["0", "0", "1"]


@pytest.mark.parametrize(
    ("rows", "columns", "lags", "message"),
    [
        (["", ""], {"heat": {"impute": "mean"}}, (), "heat has no value in the training set, so there is no mean"),
        (["", ""], {"heat": {"scale": "standard"}}, (), "heat has no value in the training set to be scaled by"),
        (["1"], {name: {"drop": True} for name in COLUMNS}, (), "drops every column"),
        (["1"], {"ts": {"parts": ["hour"]}}, ({"of": "heat", "back": "1h", "name": "ts_hour"},), "makes the column ts_hour more than once"),
    ],
)
def test_what_cannot_be_fitted_is_told_with_what_to_do(rows, columns, lags, message):
    with pytest.raises(ContractError, match=message):
        fit(hours(rows), columns, lags)
