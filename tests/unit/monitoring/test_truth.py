"""Truth comes late, in part, twice, out of order and before its prediction; and captured traffic may be anything."""

import json
from collections import Counter

import pytest

from noria.data.contract import Column, DataContract
from noria.kernel.errors import UnreadableDatasetError
from noria.monitoring import truth
from noria.monitoring.predictions import KEYED, Prediction, parse_captured
from noria.monitoring.truth import Truth

CONTRACT = DataContract("csv", "at", ("id",), {"x": Column("number"), 'a "$ b': Column("number"), "y": Column("integer")}, 0.01, 1)


#: Of what the endpoint is sent, which is no key.
SENT = DataContract("csv", "at", ("id",), {"x": Column("number"), "z": Column("number"), "y": Column("integer")}, 0.01, 1)
#: The end of 2026.
LATEST = 1_800_000_000.0


def line(rows="1,2\n", answers="1\n", name="n", **more):
    data = {"endpointInput": {"data": rows, "encoding": "CSV"}, "endpointOutput": {"data": answers, "encoding": "CSV"}}
    return json.dumps({"captureData": data, "eventMetadata": {"eventId": "e", "inferenceTime": "2026-01-01T00:00:00Z", "inferenceId": name}, **more})


def prediction(name, value="1"):
    return Prediction(name, "2026-01-01T00:00:00Z", "main", value, ("1", "2"))


def parse(*given):
    faults = Counter()
    return list(truth.parse_truths(*given, faults)), faults


def test_each_row_of_a_request_is_a_prediction_of_its_own():
    result, unreadable = parse_captured("\n".join([line("1,2\n3,4\n", "0,0.2\n1,0.9\n"), line("5,6\n", "1\n", "m")]), "main", SENT, "y")
    assert [(p.id, p.value, p.features) for p in result] == [("n#0", "0", ("1", "2")), ("n#1", "1", ("3", "4")), ("m", "1", ("5", "6"))]
    assert unreadable == 0


@pytest.mark.parametrize(
    "bad",
    ["{", "[]", "null", '{"captureData": {}}', line(answers=""), line(rows="1,2,3\n"), line(rows="1,2\n3,4\n"), line(rows=""), line(captureData=None)],
)
def test_a_captured_request_that_cannot_be_read_is_counted_and_the_others_are_read(bad):
    result, unreadable = parse_captured(f"{bad}\n{line()}\n", "main", SENT, "y")
    assert (len(result), unreadable) == (1, 1)


def test_truth_is_joined_by_prediction_id_or_by_key():
    named, bad = parse(["prediction_id", "at", "y"], [["n#0", "2026-01-01", "1"]], CONTRACT, "y", "binary", LATEST)
    assert (named, bad.total()) == ([Truth("n#0", "1", {"at": "2026-01-01"})], 0)
    keyed, _ = parse(["id", "y", "other"], [["7", "0", "?"]], CONTRACT, "y", "binary", LATEST)
    assert keyed == [Truth(KEYED + "7", "0", {"id": "7"})]


def test_rows_without_a_truth_a_name_or_a_time_that_is_one_are_counted():
    rows = [
        ["a", "2026-01-01", ""],
        ["", "2026-01-01", "1"],
        ["a", "yesterday", "1"],
        ["a"],
        ["a", "1e30", "1"],
        ["a", "2099-01-01", "1"],
        ["a", "2026-01-01", "maybe"],
        ["a", "2026-01-01", "perhaps"],
        ["a", "2026-01-01", "1"],
    ]
    result, bad = parse(["id", "at", "y"], rows, CONTRACT, "y", "binary", LATEST)
    assert len(result) == 1
    assert bad == {
        "no y": 1,
        "no id": 1,
        "a at that is no time, or one to come": 3,
        "another number of fields than the header": 1,
        "a y that is none, such as 'maybe'": 2,
    }


@pytest.mark.parametrize("header", [["y"], ["id", "target"], []])
def test_a_file_that_names_neither_prediction_nor_target_says_what_it_should(header):
    with pytest.raises(UnreadableDatasetError, match="prediction_id"):
        parse(header, [], CONTRACT, "y", "binary", LATEST)


def test_late_repeated_conflicting_and_unknown_truth():
    first = truth.join([prediction("a"), prediction("b")], [Truth("a", "1", {}), Truth("c", "0", {})], {}, {})
    assert [(p.id, t.value) for p, t in first.pairs] == [("a", "1")]
    assert list(first.waiting) == ["c"]
    given = [Truth("a", "1", {}), Truth("a", "0", {}), Truth("b", "1", {}), Truth("b", "0", {}), Truth("c", "0", {})]
    second = truth.join([prediction("a"), prediction("b"), prediction("c")], given, first.waiting, {"a": "1"})
    assert sorted((p.id, t.value) for p, t in second.pairs) == [("b", "1"), ("c", "0")]
    assert (second.repeated, second.conflicting, second.waiting) == (2, 2, {})


@pytest.mark.parametrize(("task", "value", "tells"), [("regression", "1e3", 1), ("regression", "inf", 0), ("binary", "True", 1), ("multiclass", "maybe", 1)])
def test_what_is_no_value_of_the_task_tells_no_truth(task, value, tells):
    result, faults = parse(["prediction_id", "y"], [["a", value]], CONTRACT, "y", task, LATEST)
    assert (len(result), faults.total()) == (tells, 1 - tells)


def test_truth_by_key_meets_the_prediction_of_a_row_with_that_key_whatever_its_request_was_called():
    contract = DataContract("csv", None, ("shop", "id"), {"id": Column("integer"), "shop": Column("string"), "y": Column("integer")}, 0.01, 1)
    result, _ = parse_captured(line("7,north\n8,north\n", "1\n0\n", "made up"), "main", contract, "y")
    given, _ = parse(["shop", "id", "y"], [["north", "8", "1"], ["south", "8", "0"]], contract, "y", "binary", LATEST)
    joined = truth.join(result, given, {}, {})
    assert [(p.id, t.value) for p, t in joined.pairs] == [("made up#1", "1")]
    assert list(joined.waiting) == [KEYED + "south|8"]


def test_an_id_is_no_key_though_both_may_be_the_same_number():
    one, two = (Prediction(name, "2026-01-01T00:00:00Z", "main", "1", (key, "0"), key=key) for name, key in (("1", "2"), ("2", "7")))
    by_id = truth.join([one, two], [Truth("2", "1", {})], {}, {})
    assert [p.id for p, _ in by_id.pairs] == ["2"]
    both = truth.join([one, two], [Truth("1", "1", {}), Truth(KEYED + "2", "0", {})], {}, {})
    assert [(p.id, t.value) for p, t in both.pairs] == [("1", "1")]
    assert (both.conflicting, both.waiting) == (1, {})


def test_a_key_that_the_endpoint_is_not_sent_is_the_id_of_the_request():
    joined = truth.join([prediction("7")], [Truth(KEYED + "7", "0", {})], {}, {})
    assert [p.id for p, _ in joined.pairs] == ["7"]
