"""What is declared in the spec: fitted on the training set alone, and applied alike in front of training and of the endpoint."""

import ast
import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import noria
from noria.data.contract import DataContract
from noria.kernel.errors import ContractError
from noria.preprocessing import artefact, fitting, inference
from noria.preprocessing.transform import Transform
from noria.spec import ModelSpec

COLUMNS = {
    "ts": {"type": "timestamp"},
    "station": {"type": "string"},
    "heat": {"type": "number", "nullable": True},
    "sky, now": {"type": "string", "nullable": True},
    "open": {"type": "boolean", "nullable": True},
}
HEADER = ["ts", "station", "heat", "sky, now", "open", "rides"]
#: Python of the oldest container that the artefact is loaded into.
OLDEST = (3, 10)


def spec(columns: dict | None = None, lags: tuple = (), **changed) -> ModelSpec:
    document = {
        "name": "rides",
        "task": "regression",
        "target": "rides",
        "data": {"time": "ts", "columns": COLUMNS},
        "preprocess": {"columns": columns or {}, "lags": list(lags)},
        "evaluate": {"gates": [{"metric": "mae", "at_most": 1}]},
    }
    return ModelSpec.model_validate({**document, **changed})


def fit(rows: list[list[str]], columns: dict | None = None, lags: tuple = ()) -> tuple[Transform, dict, list[list[str]]]:
    """The transform as the endpoint reads it, its document, and the training set."""
    document = spec(columns, lags).model_dump(mode="json")
    result, train = fitting.fit(document["preprocess"], DataContract.of(document["data"]), "rides", HEADER, rows)
    return Transform(json.loads(json.dumps(result))), result, train


def hours(heats: list[str], skies: list[str] | None = None) -> list[list[str]]:
    skies = skies or ["clear"] * len(heats)
    return [[f"2024-01-{1 + i // 24:02}T{i % 24:02}:00:00", "A", heat, sky, "true", str(i)] for i, (heat, sky) in enumerate(zip(heats, skies, strict=True))]


def column(results: list[list[str]], transform: Transform, name: str) -> list[str]:
    return [row[transform.writes.index(name)] for row in results]


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


DAILY = {"of": "rides", "back": "24h", "per": ["station"], "name": "yesterday"}


def test_a_lag_is_the_newest_value_that_is_old_enough_in_its_own_series():
    rows = [[f"2024-01-{day:02}T12:00:00", station, "1", "", "", f"{day}{station}"] for day in (1, 2, 3) for station in "AB"]
    rows.append(["2024-01-03T11:59:00", "A", "1", "", "", "last"])
    transform, _, train = fit(rows, lags=(DAILY,))
    assert [(row[0][8:10], row[1], row[-1]) for row in train] == [
        ("01", "A", ""),
        ("01", "B", ""),
        ("02", "A", "1A"),
        ("02", "B", "1B"),
        ("03", "A", "2A"),
        ("03", "B", "2B"),
        ("03", "A", "1A"),
    ]
    later = [["2024-01-04T12:00:00", "A", "1", "", ""], ["2024-01-04T11:58:00", "A", "1", "", ""], ["2024-01-04T12:00:00", "new", "1", "", ""]]
    assert [row[-1] for row in transform.rows(later)] == ["3A", "2A", ""]


def test_a_value_that_is_older_still_by_more_than_within_is_none():
    rows = hours([str(i) for i in range(24)])
    transform, _, _ = fit(rows, lags=({"of": "rides", "back": "1h", "within": "2h", "name": "before"},))
    requests = [[f"2024-01-02T{hour:02}:00:00", "A", "1", "", ""] for hour in (0, 1, 2, 3)]
    assert [transform.rows([row])[0][-1] for row in requests] == ["23", "23", "23", ""]


def test_a_row_is_answered_alike_alone_and_among_others():
    transform, _, _ = fit(hours(["1", "2"]), lags=({"of": "heat", "back": "1h", "name": "heat_before"},))
    requests = [["2024-01-01T02:30:00", "A", "5", "", ""], ["2024-01-01T03:30:00", "A", "6", "", ""], ["2024-03-01T00:00:00", "A", "7", "", ""]]
    assert [row[-1] for row in transform.rows(requests)] == [transform.rows([row])[0][-1] for row in requests] == ["2", "", ""]


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
    result, train = fitting.fit(block, DataContract.of(document["data"]), "rides", ["code", "ts", "rides"], rows)
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


WHOLE = {
    "ts": {"parts": ["hour", "weekday"]},
    "station": {"one_hot": True},
    "heat": {"impute": {"value": 1}, "clip": [-1e5, 1e5], "scale": "standard"},
    "sky, now": {"impute": {"value": "clear"}, "one_hot": {"at_most": 2}},
    "open": {"impute": {"value": "false"}},
    "yesterday": {"impute": {"value": 0}, "scale": "robust"},
}
numbers = st.floats(-1e6, 1e6).map(repr)
tables = st.lists(
    st.tuples(
        st.integers(0, 90), st.sampled_from("AB"), st.one_of(numbers, st.just("")), st.sampled_from(["clear", "fog", 'a "b", c', ""]), st.just("true"), numbers
    ),
    min_size=4,
    max_size=40,
).map(lambda rows: [[f"2024-01-{1 + row[0] // 24:02}T{row[0] % 24:02}:00:00", *row[1:]] for row in sorted(rows)])


@given(tables)
def test_each_row_alone_is_served_to_the_last_bit_as_it_was_trained_on(rows):
    transform, _, train = fit(rows, WHOLE, (DAILY,))
    newest = [(row[:5], item) for row, item in zip(rows, train, strict=True) if row[0][:10] == rows[-1][0][:10]]
    for row, item in newest:
        assert transform.rows([row]) == [item]
    request, expected = _csv([row for row, _ in newest]), _csv([item for _, item in newest])
    assert inference.output_fn(transform.rows(inference.input_fn(request, "text/csv")), "text/csv")[0] == expected


@given(tables, st.data())
def test_no_lag_knows_what_is_not_old_enough_yet(rows, data):
    lag = {"of": "rides", "back": "24h", "within": "90d", "name": "yesterday"}
    at = data.draw(st.integers(0, len(rows) - 1))
    day, clock = rows[at][0][:10], rows[at][0][10:]
    young = f"2024-01-{int(day[-2:]) - 1:02}{clock}"
    changed = [[*row[:5], "9e9"] if row[0] > young else row for row in rows]
    assert fit(rows, lags=(lag,))[2][at][-1] == fit(changed, lags=(lag,))[2][at][-1]


def _csv(rows: list[list[str]]) -> str:
    return inference.output_fn(rows, "text/csv")[0]


def test_the_artefact_needs_nothing_but_an_old_python(tmp_path):
    transform, document, _ = fit(hours(["1", "2", ""] * 20), WHOLE, (DAILY,))
    with tarfile.open(fileobj=io.BytesIO(artefact.packed(document))) as tar:
        tar.extractall(tmp_path, filter="data")
    script = "import sys; sys.path.insert(0, sys.argv[1] + '/code'); import inference as i; t = i.model_fn(sys.argv[1])\n"
    script += "sys.stdout.write(i.output_fn(i.predict_fn(i.input_fn(sys.stdin.read(), 'text/csv'), t), 'text/csv')[0])"
    requests = [["2024-01-03T13:00:00", "B", "", "hail", ""], ["2024-01-03T14:00:00Z", "A", "0.1", 'a "b", c', "true"]]
    ended = subprocess.run([sys.executable, "-I", "-S", "-c", script, str(tmp_path)], input=_csv(requests), capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == _csv(transform.rows(requests))
    for path in Path(tmp_path, "code").rglob("*.py"):
        ast.parse(path.read_text(), feature_version=OLDEST)


def test_the_same_fit_is_the_same_artefact():
    rows = hours(["1", "2", ""] * 20)
    assert artefact.packed(fit(rows, WHOLE, (DAILY,))[1]) == artefact.packed(fit(rows, WHOLE, (DAILY,))[1])
    assert {path.name for path in Path(noria.__path__[0], "preprocessing").glob("*.py")} >= {Path(name).name for name in artefact.SHIPPED if "prep" in name}


@pytest.mark.parametrize(
    ("rows", "columns", "lags", "record"),
    [
        (["", ""], {"heat": {"impute": "mean"}}, (), "heat has no value in the training set, so there is no mean"),
        (["", ""], {"heat": {"scale": "standard"}}, (), "heat has no value in the training set to be scaled by"),
        (["1"], {name: {"drop": True} for name in COLUMNS}, (), "drops every column"),
        (["1"], {"ts": {"parts": ["hour"]}}, ({"of": "heat", "back": "1h", "name": "ts_hour"},), "makes the column ts_hour more than once"),
    ],
)
def test_what_cannot_be_fitted_is_told_with_what_to_do(rows, columns, lags, record):
    with pytest.raises(ContractError, match=record):
        fit(hours(rows), columns, lags)


def test_more_history_than_an_artefact_may_hold_is_refused(monkeypatch):
    monkeypatch.setattr(fitting, "MOST_REMEMBERED", 10)
    with pytest.raises(ContractError, match="has 24 values to remember, at most 10"):
        fit(hours(["1"] * 24), lags=(DAILY,))


@pytest.mark.parametrize(
    ("preprocess", "record"),
    [
        ({"columns": {"cold": {"scale": "standard"}}}, "is neither a column that the endpoint is sent nor a lag"),
        ({"columns": {"rides": {"scale": "standard"}}}, "is neither a column"),
        ({"columns": {"station": {"scale": "standard"}}}, "are for integer and number"),
        ({"columns": {"heat": {"one_hot": True, "scale": "standard"}}}, "not together with one_hot"),
        ({"columns": {"heat": {"parts": ["hour"]}}}, "parts are of a timestamp, not of number"),
        ({"columns": {"ts": {"one_hot": True}}}, "of a timestamp there are parts, or drop"),
        ({"columns": {"heat": {"drop": True, "impute": "mean"}}}, "is dropped"),
        ({"columns": {"heat": {"impute": {"value": "warm"}}}}, "expected a number"),
        ({"columns": {"heat": {"impute": "middle"}}}, "median"),
        ({"columns": {"heat": {"clip": [3, 1]}}}, "not below its upper limit"),
        ({"lags": [{"of": "cold", "back": "1d"}]}, "expected the target or one of"),
        ({"lags": [{"of": "heat", "back": "soon"}]}, "should match pattern"),
        ({"lags": [{"of": "heat", "back": "1d", "per": ["town"]}]}, "found town"),
        ({"lags": [{"of": "heat", "back": "1d", "name": "station"}]}, "two columns would have one name"),
    ],
)
def test_a_spec_that_does_not_fit_its_data_is_refused(preprocess, record):
    with pytest.raises(ValueError, match=record):
        spec(preprocess=preprocess)


@pytest.mark.parametrize("split", [{"by": "random"}, {"by": "group", "group": ["station"]}])
def test_lags_go_with_a_split_by_time_alone(split):
    with pytest.raises(ValueError, match=r"so evaluate\.split\.by must be time"):
        spec(lags=({"of": "heat", "back": "1d"},), evaluate={"split": split, "gates": [{"metric": "mae", "at_most": 1}]})


def test_a_lag_needs_the_time_among_the_columns_that_are_sent():
    columns = {name: kind for name, kind in COLUMNS.items() if name != "ts"}
    with pytest.raises(ValueError, match=r"needs the event time of a row"):
        spec(data={"time": "ts", "columns": columns}, preprocess={"lags": [{"of": "heat", "back": "1d"}]})


@pytest.mark.parametrize("split", [{"by": "group"}, {"by": "time", "group": ["station"]}, {"by": "group", "group": ["town"]}])
def test_a_split_by_group_names_columns_that_every_file_has(split):
    with pytest.raises(ValueError, match=r"group|found town"):
        spec(evaluate={"split": split, "gates": [{"metric": "mae", "at_most": 1}]})
