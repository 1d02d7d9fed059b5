"""What preprocessing learns of a training set, step by step, and what it does with rows that come later."""

import pytest

from noria.data.contract import DataContract
from noria.kernel.errors import ContractError
from noria.kernel.request_rows import RefusedRequestError
from noria.preprocessing import column_statistics, declaration, fitting, inference
from noria.preprocessing.transform import Transform

COLUMNS = {
    "at": {"type": "timestamp"},
    "x": {"type": "number", "nullable": True},
    "word": {"type": "string", "nullable": True},
    "shop": {"type": "string"},
}
CONTRACT = DataContract.of({"format": "csv", "time": "at", "key": [], "columns": COLUMNS, "bad_rows": {"at_most": 0}, "min_rows": 1})
HEADER = ["at", "x", "word", "shop", "y"]
NOTHING = {"impute": None, "clip": None, "scale": None, "one_hot": None, "parts": [], "drop": False}


def row(number: float, x: str = "1", word: str = "a", shop: str = "s") -> list[str]:
    """A row so many hours after the epoch."""
    return [str(number * 3600), x, word, shop, "0"]


def fit(rows, lags=(), **steps):
    block = {"columns": {name: {**NOTHING, **step} for name, step in steps.items()}, "lags": list(lags)}
    fitted = fitting.fit(block, CONTRACT, "y", lambda name: [row[HEADER.index(name)] for row in rows])
    return fitted.artifact, [row[:-1] for row in fitting.training_rows(fitted, "y", HEADER, rows)]


def learnt(values: list[str], name: str = "x", **step):
    """What is learnt of a column of these values, and the column as the model gets it."""
    rows = [row(number, **{name: value}) for number, value in enumerate(values)]
    document, output = fit(rows, **{name: step})
    at = Transform(document).writes.index(name)
    return next(column for column in document["columns"] if column["name"] == name), [line[at] for line in output]


MEAN, MEDIAN, MOST = ({"by": by, "value": None} for by in ("mean", "median", "most_frequent"))


@pytest.mark.parametrize(
    ("values", "impute", "fill"),
    [
        (["1", "2", "6", ""], MEAN, 3.0),
        (["1", "2", "6", "7", ""], MEDIAN, 4.0),
        (["2", "2", "1", "1", "1", "5", ""], MOST, 1.0),
        (["2", "2", "1", "1", "5", ""], MOST, 1.0),
        (["5", "5", "5", "1", "1", ""], MOST, 5.0),
        (["1", ""], {"by": None, "value": 0}, 0),
    ],
)
def test_what_stands_for_a_missing_number(values, impute, fill):
    column, output = learnt(values, impute=impute)
    assert (column["fill"], output[-1]) == (fill, repr(float(fill)))


@pytest.mark.parametrize(("words", "fill"), [(["b", "b", "a", ""], "b"), (["b", "a", ""], "a"), (["c", "c", "b", "b", "b", ""], "b")])
def test_what_stands_for_a_missing_word(words, fill):
    column, output = learnt(words, "word", impute=MOST)
    assert (column["kind"], column["fill"], output[-1]) == ("category", fill, fill)


@pytest.mark.parametrize(("share", "value"), [(0.0, 10.0), (0.25, 20.0), (0.5, 30.0), (0.6, 34.0), (1.0, 50.0)])
def test_a_quantile_lies_between_the_two_nearest_values(share, value):
    assert column_statistics.quantile([10.0, 20.0, 30.0, 40.0, 50.0], share) == pytest.approx(value)
    assert column_statistics.quantile([7.0], share) == 7.0


@pytest.mark.parametrize(
    ("scale", "learnt_as", "output"),
    [
        ("standard", [3.0, 2**0.5], [-2 / 2**0.5, -1 / 2**0.5, 0.0, 1 / 2**0.5, 2 / 2**0.5]),
        ("min_max", [1.0, 4.0], [0.0, 0.25, 0.5, 0.75, 1.0]),
        ("robust", [3.0, 2.0], [-1.0, -0.5, 0.0, 0.5, 1.0]),
    ],
)
def test_a_scale_is_an_offset_and_a_factor(scale, learnt_as, output):
    column, values = learnt(["1", "2", "3", "4", "5"], scale=scale)
    assert column["scale"] == pytest.approx(learnt_as)
    assert [float(value) for value in values] == pytest.approx(output)


@pytest.mark.parametrize("scale", ["standard", "min_max", "robust"])
def test_what_does_not_vary_is_left_at_zero_and_later_values_in_their_own_unit(scale):
    document, _ = fit([row(number, "7") for number in range(4)], x={**NOTHING, "scale": scale})
    assert [line[1] for line in Transform(document).rows([["0", "7", "a", "s"], ["0", "9", "a", "s"]])] == ["0.0", "2.0"]


def test_limits_of_quantiles_are_learnt_and_given_ones_taken():
    column, output = learnt([str(number) for number in range(11)], clip={"between": None, "quantiles": [0.1, 0.9]})
    assert (column["clip"], output[0], output[5], output[10]) == ([1.0, 9.0], "1.0", "5.0", "9.0")
    column, output = learnt(["1", "5", "9"], clip={"between": [None, 6], "quantiles": None})
    assert (column["clip"], output) == ([None, 6], ["1.0", "5.0", "6.0"])
    column, _ = learnt(["", ""], clip={"between": None, "quantiles": [0.1, 0.9]})
    assert column["clip"] is None


def test_the_most_frequent_categories_get_a_column_each_in_the_order_of_their_names():
    words = ["c"] * 3 + ["a"] * 2 + ["b"] * 2 + ["d"]
    document, output = fit([row(number, word=word) for number, word in enumerate(words)], word={"one_hot": {"at_most": 2}})
    assert Transform(document).writes == ["at", "x", "word=a", "word=c", "word=other", "shop"]
    assert [line[2:5] for line in output] == [["0", "1", "0"]] * 3 + [["1", "0", "0"]] * 2 + [["0", "0", "1"]] * 3


def test_a_value_that_stands_for_missing_ones_counts_as_often_as_it_stands():
    words = ["a", "a", "b", "", "", ""]
    document, output = fit(
        [row(number, word=word) for number, word in enumerate(words)], word={"impute": {"by": None, "value": "b"}, "one_hot": {"at_most": 1}}
    )
    assert (Transform(document).writes[2:4], output[-1][2:4]) == (["word=b", "word=other"], ["1", "0"])


@pytest.mark.parametrize(("text", "seconds"), [("1s", 1), ("30m", 1_800), ("24h", 86_400), ("7d", 604_800)])
def test_a_span_is_told_in_seconds_minutes_hours_or_days(text, seconds):
    assert fitting.seconds(text) == seconds


def test_a_lag_is_named_after_what_it_is_of():
    assert (declaration.lag_name(None, "x", "7d"), declaration.lag_name("before", "x", "7d")) == ("x_7d_ago", "before")


def lag(back="2h", within=None, per=(), of="x"):
    return {"of": of, "back": back, "within": within, "per": list(per), "name": "before"}


@pytest.mark.parametrize(
    ("hour", "within", "value"),
    [
        (3, None, "one"),
        (5, None, "three"),
        (5.99, None, "three"),
        (7, None, "three"),
        (7.01, None, ""),
        (5, "1h", "three"),
        (6, "1h", "three"),
        (6.01, "1h", ""),
        (2.99, None, ""),
    ],
)
def test_a_lag_is_the_newest_value_that_is_old_enough_and_not_too_old(hour, within, value):
    document, _ = fit([row(1, word="one"), row(3, word="three")], [lag(within=within, of="word")])
    assert Transform(document).rows([row(hour)[:4]])[0][-1] == value


def test_of_several_values_at_one_moment_the_greatest_counts():
    document, _ = fit([row(1, word="b"), row(1, word="c"), row(1, word="a")], [lag(of="word")])
    assert Transform(document).rows([row(3)[:4]])[0][-1] == "c"


def test_what_is_missing_is_no_value_of_a_lag():
    document, output = fit([row(1, word="one"), row(2, word=""), row(4)], [lag(of="word")])
    assert output[-1][-1] == "one"
    assert Transform(document).rows([["", "1", "a", "s"]])[0][-1] == ""


def test_series_are_told_apart_by_their_columns():
    document, _ = fit([row(1, word="north", shop="n"), row(1, word="south", shop="s")], [lag(of="word", per=["shop"])])
    request = [row(3, shop=shop)[:4] for shop in ("n", "s", "new")]
    assert [line[-1] for line in Transform(document).rows(request)] == ["north", "south", ""]


@pytest.mark.parametrize(("hour", "remaining"), [(3.9, False), (4, True)])
def test_an_artifact_remembers_what_rows_after_the_training_set_can_ask_for(hour, remaining):
    # Two hours back, within two more, and those two hours before the end of the training set.
    document, _ = fit([row(hour), row(10)], [lag()])
    (series,) = document["lags"][0]["history"].values()
    assert (len(series) == 2) is remaining


def test_a_lag_that_has_nothing_to_remember_remembers_no_series():
    document, _ = fit([row(0, shop="old"), row(100, shop="new")], [lag(per=["shop"])])
    assert list(document["lags"][0]["history"]) == ["new"]


@pytest.mark.parametrize(("most", "refused"), [(3, False), (2, True)])
def test_an_artifact_remembers_no_more_than_it_has_room_for(monkeypatch, most, refused):
    monkeypatch.setattr(fitting, "MOST_REMEMBERED", most)
    rows = [row(number) for number in range(3)]
    if refused:
        with pytest.raises(ContractError, match="before has 3 values to remember, at most 2"):
            fit(rows, [lag()])
    else:
        fit(rows, [lag()])


@pytest.mark.parametrize(("most", "refused"), [(4, False), (3, True)])
def test_a_model_gets_no_more_columns_than_it_can_have(monkeypatch, most, refused):
    monkeypatch.setattr(fitting, "MOST_COLUMNS", most)
    if refused:
        with pytest.raises(ContractError, match="preprocess makes 4 columns, at most 3"):
            fit([row(0)], x={"scale": "min_max"})
    else:
        fit([row(0)], x={"scale": "min_max"})


@pytest.mark.parametrize(
    ("steps", "report"),
    [
        ({name: {"drop": True} for name in COLUMNS}, "drops every column"),
        ({"x": {"impute": MEAN}}, "x has no value in the training set, so there is no mean"),
        ({"x": {"scale": "standard"}}, "x has no value in the training set to be scaled by"),
    ],
)
def test_a_training_set_that_does_not_tell_what_was_asked_is_refused(steps, report):
    with pytest.raises(ContractError, match=report):
        fit([row(0, x="")], **steps)


def test_a_column_that_would_come_twice_is_refused():
    contract = DataContract.of(
        {"format": "csv", "time": None, "key": [], "columns": {"a": {"type": "string"}, "a=b": {"type": "string"}}, "bad_rows": {"at_most": 0}, "min_rows": 1}
    )
    block = {"columns": {"a": {**NOTHING, "one_hot": {"at_most": 5}}}, "lags": []}
    with pytest.raises(ContractError, match="makes the column a=b more than once"):
        fitting.fit(block, contract, "y", {"a": ["b"], "a=b": ["c"], "y": ["0"]}.__getitem__)


def test_whether_there_is_anything_to_fit():
    assert [declaration.is_declared({"columns": columns, "lags": lags}) for columns, lags in (({}, []), ({"x": {}}, []), ({}, [{}]))] == [False, True, True]


def test_a_training_set_is_what_the_model_gets_with_the_target_last():
    block = {"columns": {"x": {**NOTHING, "scale": "min_max"}, "at": {**NOTHING, "drop": True}}, "lags": []}
    _, text = fitting.training_set(block, CONTRACT, "y", HEADER, [row(0, "1"), row(1, "3")])
    assert text == "x,word,shop,y\n0.0,a,s,0\n1.0,a,s,0\n"


def test_a_row_of_another_width_is_refused_with_what_is_expected():
    document, _ = fit([row(0)], x={"scale": "min_max"})
    with pytest.raises(ValueError, match="found 2 values in a row, expected 4: at, x, word, shop"):
        Transform(document).rows([["0", "1"]])


REQUESTS = {
    "text/csv": "2024-01-01T00:00:00,1,a,s\n",
    "text/csv; charset=utf-8": b"2024-01-01T00:00:00,1,a,s\n\n",
    "application/json": '{"shop": "s", "at": "2024-01-01T00:00:00", "x": 1, "word": "a"}',
    "application/jsonlines": '["2024-01-01T00:00:00", "1", "a", "s"]\n',
}


@pytest.mark.parametrize("kind", REQUESTS)
def test_the_container_in_front_gives_the_model_the_same_row_in_whatever_form_it_comes(kind):
    document, _ = fit([row(0)], x={"scale": "min_max"})
    transform = Transform(document)
    whole = transform.rows([["2024-01-01T00:00:00", "1", "a", "s"]])
    assert inference.transform_fn(transform, REQUESTS[kind], kind, "") == (",".join(whole[0]) + "\n", "text/csv")


@pytest.mark.parametrize(
    ("kind", "body", "reason"),
    [
        ("text/csv", "1,2\n", "row 1 has 2 values, expected 4, in this order: at, x, word, shop"),
        ("text/csv", "soon,1,a,s\n", "soon"),
        ("image/png", "", "found the content type image/png, expected text/csv"),
    ],
)
def test_what_the_container_in_front_cannot_read_is_refused_as_the_clients_error(kind, body, reason):
    document, _ = fit([row(0)], x={"scale": "min_max"}, at={"parts": ["hour"]})
    with pytest.raises(RefusedRequestError, match=reason):
        inference.transformed(Transform(document), body, kind)
