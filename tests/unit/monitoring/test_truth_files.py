"""Files of truth and of answered rows, and captured requests, at the edges of what they may be."""

import json
from collections import Counter

import pytest

from noria.data.contract import Column, DataContract
from noria.data.text_rows import count_breaches
from noria.kernel.errors import UnreadableDatasetError
from noria.monitoring import predictions, truth
from noria.monitoring.predictions import Prediction
from noria.monitoring.truth import Truth

COLUMNS = {"x": Column("number", between=(0, 10)), "z": Column("string"), "y": Column("integer")}
CONTRACT = DataContract("csv", "at", ("id", "shop"), COLUMNS, 0.01, 1)
BY_ID = DataContract("csv", None, (), COLUMNS, 0.01, 1)
LATEST = 1_800_000_000.0


def report(header, rows, contract=CONTRACT, task="binary", latest=LATEST):
    faults: Counter[str] = Counter()
    return list(truth.parse_truths(header, rows, contract, "y", task, latest, faults)), faults


def test_truth_by_key_carries_what_else_it_says_of_the_contracts_columns():
    (result,), faults = report(["shop", "id", "x", "other", "at", "y"], [["north", "7", "3", "?", "2026-01-01", "1"]])
    assert result == Truth(f"{predictions.KEYED}7|north", "1", {"x": "3", "id": "7", "shop": "north", "at": "2026-01-01"})
    assert not faults


def test_an_id_names_a_prediction_where_both_are_there():
    (result,), _ = report(["prediction_id", "id", "shop", "y"], [["p", "7", "north", "0"]])
    assert (result.id, result.columns) == ("p", {"id": "7", "shop": "north"})


@pytest.mark.parametrize(("header", "hint"), [(["id", "y"], "prediction_id (or id, shop)"), (["x"], "found: x"), (["prediction_id"], "found: prediction_id")])
def test_a_file_that_names_no_prediction_says_what_it_should_have(header, hint):
    with pytest.raises(UnreadableDatasetError) as caught:
        report(header, [])
    assert hint in str(caught.value)
    assert "without data.key" not in str(caught.value)


def test_without_a_key_in_the_spec_only_an_id_names_a_prediction():
    with pytest.raises(UnreadableDatasetError, match=r"without data\.key in the spec"):
        report(["id", "y"], [], BY_ID)


def test_a_wide_file_is_named_by_its_first_twenty_columns_and_long_names_by_their_beginning():
    with pytest.raises(UnreadableDatasetError) as caught:
        report([f"c{number:02}" + "x" * 60 for number in range(25)], [])
    assert "c19" + "x" * 37 in str(caught.value)
    assert "c20" not in str(caught.value)
    assert "x" * 38 not in str(caught.value)


@pytest.mark.parametrize(("at", "possible"), [("1970-01-01", True), ("-1", False), (str(LATEST), True), (str(LATEST + 1), False), ("soon", False), ("", False)])
def test_a_truth_is_of_a_time_between_the_epoch_and_now(at, possible):
    result, faults = report(["prediction_id", "at", "y"], [["p", at, "1"]])
    assert (len(result), faults.total()) == ((1, 0) if possible else (0, 1))


@pytest.mark.parametrize(
    ("task", "value", "tells"),
    [
        ("binary", "1", True),
        ("binary", "true", True),
        ("binary", "0.0", True),
        ("binary", "2", False),
        ("multiclass", "any word", True),
        ("regression", "-1.5e3", True),
        ("regression", "nan", False),
        ("regression", "word", False),
    ],
)
def test_a_truth_is_a_value_of_its_task(task, value, tells):
    result, faults = report(["prediction_id", "y"], [["p", value], ["q", value]], BY_ID, task)
    assert (len(result), faults.total()) == ((2, 0) if tells else (0, 2))


def test_each_reason_to_leave_a_row_out_counts_its_rows():
    rows = [["p"], ["p", "1", "1"], ["", "1"], ["p", "NA"], ["p", "x" * 50], ["p", "1"]]
    result, faults = report(["prediction_id", "y"], rows, BY_ID)
    assert len(result) == 1
    assert faults == {predictions.UNEVEN: 2, "no prediction_id": 1, "no y": 1, f"a y that is none, such as '{'x' * 40}'": 1}


def prediction(name, key=""):
    return Prediction(name, "2026-01-01", "main", "1", ("1", "a"), key=key)


def test_each_truth_that_says_something_else_than_the_known_one_is_a_conflict():
    known = {"a": "1"}
    joined = truth.join([], [Truth("a", "0", {}), Truth("a", "0", {}), Truth("a", "1", {})], {}, known)
    assert (joined.conflicting, joined.repeated, joined.waiting, joined.pairs) == (2, 1, {}, [])


def test_of_new_truth_for_one_prediction_the_first_counts():
    joined = truth.join([prediction("a")], [Truth("a", "1", {}), Truth("a", "0", {}), Truth("a", "1", {})], {}, {})
    assert [(one.id, result.value) for one, result in joined.pairs] == [("a", "1")]
    assert (joined.conflicting, joined.repeated) == (1, 1)


def test_what_is_known_already_is_not_joined_again():
    joined = truth.join([prediction("a", "k")], [Truth(f"{predictions.KEYED}k", "1", {})], {}, {"a": "0"})
    assert (joined.pairs, joined.waiting) == ([], {})


def test_truth_by_id_and_by_key_for_one_prediction_is_told_twice():
    same = truth.join([prediction("a", "k")], [Truth("a", "1", {}), Truth(f"{predictions.KEYED}k", "1", {})], {}, {})
    assert (len(same.pairs), same.repeated, same.conflicting) == (1, 1, 0)
    other = truth.join([prediction("a", "k")], [Truth("a", "1", {}), Truth(f"{predictions.KEYED}k", "0", {})], {}, {})
    assert ([result.value for _, result in other.pairs], other.repeated, other.conflicting) == (["1"], 0, 1)


def test_truth_that_waited_meets_its_prediction():
    joined = truth.join([prediction("a"), prediction("b")], [], {"a": Truth("a", "1", {}), "c": Truth("c", "1", {})}, {})
    assert ([one.id for one, _ in joined.pairs], list(joined.waiting)) == (["a"], ["c"])


SENT = ("id", "shop", "x", "z")
KEYED = DataContract("csv", None, ("id", "shop"), {**{name: Column("string") for name in ("id", "shop")}, **COLUMNS}, 0.01, 1)


def request(rows, answers, **about):
    data = {"endpointInput": {"data": rows, "encoding": "CSV"}, "endpointOutput": {"data": answers, "encoding": "CSV"}}
    return json.dumps({"captureData": data, "eventMetadata": {"eventId": "e", "inferenceTime": "t", **about}})


def test_a_captured_row_has_its_answer_its_probability_and_its_key():
    result, unreadable = predictions.parse_captured(request("7,n,1,a\n8,s,2,b\n", "1,0.9\n0,0.2\n", inferenceId="r"), "main", KEYED, "y")
    assert unreadable == 0
    assert [(one.id, one.value, one.score, one.key, one.features) for one in result] == [
        ("r#0", "1", "0.9", "7|n", ("7", "n", "1", "a")),
        ("r#1", "0", "0.2", "8|s", ("8", "s", "2", "b")),
    ]


def test_a_request_without_an_id_of_its_own_has_its_events():
    (result,), _ = predictions.parse_captured(request("1,a\n", "1\n"), "challenger", BY_ID, "y")
    assert (result.id, result.variant, result.key, result.at) == ("e", "challenger", "", "t")
    assert result.names == ("e", f"{predictions.KEYED}e")


def test_each_request_that_cannot_be_read_counts():
    text = "\n".join(["{", request("1,a\n2,b\n", "1\n"), request("1\n", "1\n"), request("", ""), request("1,a\n", "1\n")])
    result, unreadable = predictions.parse_captured(text, "main", BY_ID, "y")
    assert (len(result), unreadable) == (1, 4)


def test_rows_of_a_batch_are_called_by_id_by_key_or_by_file_and_place():
    header = ["x", "z", "prediction", "probability", "prediction_id"]
    result, faults = predictions.parse_scored(header, [["1", "a", "1", "0.9", "p"], ["2", "b", "0", "", ""], ["3"]], BY_ID, "y", "now", "f.csv")
    assert [(one.id, one.value, one.score, one.variant, one.at) for one in result] == [("p", "1", "0.9", "batch", "now"), ("f.csv#1", "0", "", "batch", "now")]
    assert faults == {predictions.UNEVEN: 1}
    (keyed,), _ = predictions.parse_scored([*SENT, "prediction"], [["7", "n", "1", "a", "1"]], KEYED, "y", "now", "f.csv")
    assert (keyed.id, keyed.key) == ("7|n", "7|n")


def test_a_batch_names_what_was_sent_and_what_was_answered():
    with pytest.raises(UnreadableDatasetError, match="needs the columns z, prediction"):
        predictions.parse_scored(["x"], [], BY_ID, "y", "now", "f.csv")


@pytest.mark.parametrize(("rows", "refused"), [(3, False), (4, True)])
def test_a_batch_has_no_more_rows_than_are_read_at_once(monkeypatch, rows, refused):
    monkeypatch.setattr(predictions, "MOST_SCORED", 3)
    given = [["1", "a", "1"]] * rows
    if refused:
        with pytest.raises(UnreadableDatasetError, match="more than 3 of them"):
            predictions.parse_scored(["x", "z", "prediction"], given, BY_ID, "y", "now", "f.csv")
    else:
        assert len(predictions.parse_scored(["x", "z", "prediction"], given, BY_ID, "y", "now", "f.csv")[0]) == 3


def test_rows_of_earlier_looks_are_found_by_id_or_by_key():
    header, rows = ["#id", "x", "#key"], [["a", "1", "k1"], ["b", "2", "k2"], ["c", "3", ""]]
    assert [row[0] for row, _ in predictions.select_named(header, rows, {"b"}, CONTRACT)] == ["b"]
    assert [(row[0], key) for row, key in predictions.select_named(header, rows, {f"{predictions.KEYED}k1", f"{predictions.KEYED}c"}, CONTRACT)] == [
        ("a", "k1"),
        ("c", ""),
    ]
    # A look of before keys were written down has them in its columns.
    assert [key for _, key in predictions.select_named(["#id", "id", "shop"], [["a", "7", "n"]], {f"{predictions.KEYED}7|n"}, CONTRACT)] == ["7|n"]


def test_rows_that_break_the_contract_are_counted_once_and_each_of_their_faults():
    broken, faults = count_breaches(CONTRACT, ["x", "z"], [("1", "a"), ("11", ""), ("-1", "a"), ("word", "b")])
    assert (broken, faults) == (3, {"x Range": 2, "z Null": 1, "x Type": 1})
    assert count_breaches(CONTRACT, ["x"], []) == (0, {})
