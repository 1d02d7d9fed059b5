"""The `preprocess` block fits its data."""

import pytest

from cli.project.scripts import scripts_for
from tests.unit.preprocessing.rides import COLUMNS, spec


@pytest.mark.parametrize(
    ("preprocess", "message"),
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
def test_a_spec_that_does_not_fit_its_data_is_refused(preprocess, message):
    with pytest.raises(ValueError, match=message):
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


def test_the_scripts_that_stand_in_find_the_columns_that_preprocessing_makes():
    result = scripts_for(spec({"sky, now": {"one_hot": True}, "ts": {"drop": True}}))["train.py"]
    assert "WORDS = ['station', 'open']" in result
    assert "features = [name for name in rows.columns if name != TARGET]" in result
    plain = scripts_for(spec())["train.py"]
    assert "features = ['ts', 'station', 'heat', 'sky, now', 'open']" in plain
    assert "numbers = ['heat']" in plain
    for text in (result, plain):
        compile(text, "train.py", "exec")
