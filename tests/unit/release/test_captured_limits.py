"""Captured predictions at the edges: what is read of an answer, which look it belongs to, and of which kind it is."""

import base64
import json

import pytest

from noria.adapters import objects
from noria.kernel.errors import SmokeMismatchError
from noria.release import captured_predictions, read_captured, read_smoke_predictions, smoke_test, sticky

ANY = {"between": None, "values": None}


@pytest.mark.parametrize(
    ("data", "encoding", "finding"),
    [
        ("1,0.9\n0\n", "CSV", [("1", "0.9"), ("0", "")]),
        (" 1 , 0.9 \n\n", "CSV", [("1", "0.9")]),
        ("[[1, 0.9, 5], [0]]", "JSON", [("1", "0.9"), ("0", "")]),
        ('{"predictions": [1, 0]}', "JSON", [("1", ""), ("0", "")]),
        ('{"label": "yes", "score": 0.9}', "JSON", [("yes", "0.9")]),
        ('[{"label": "yes", "scores": [0.9, 0.1]}]', "JSON", [("yes", "")]),
        ("[[[7, 8], 9]]", "JSON", [("7", "8")]),
        ("[]", "JSON", []),
        ("[[]]", "JSON", []),
        ("", "BASE64", []),
        ("5", "JSON", [("5", "")]),
    ],
)
def test_an_answer_is_its_first_value_and_its_probability_the_second(data, encoding, finding):
    body = data if encoding != "BASE64" else "no base64!"
    assert captured_predictions.scored({"data": body, "encoding": encoding}) == finding


def test_base64_holds_csv():
    assert captured_predictions.scored({"data": base64.b64encode(b"1,0.5\n").decode(), "encoding": "BASE64"}) == [("1", "0.5")]
    assert captured_predictions.scored(None) == []


@pytest.mark.parametrize(
    ("value", "task", "contract", "broken"),
    [
        ("5", "regression", ANY, False),
        ("none", "binary", ANY, True),
        ("NULL", "binary", ANY, True),
        ("-inf", "binary", ANY, True),
        ("infinite", "binary", ANY, False),
        ("1e999", "regression", ANY, True),
        ("0", "binary", {"between": [0, 1], "values": None}, False),
        ("1", "binary", {"between": [0, 1], "values": None}, False),
        ("1.001", "binary", {"between": [0, 1], "values": None}, True),
        ("-0.001", "binary", {"between": [0, 1], "values": None}, True),
        ("1e9", "regression", {"between": [0, None], "values": None}, False),
        ("-1e9", "regression", {"between": [None, 0], "values": None}, False),
        ("1", "binary", {"between": None, "values": ["1"]}, False),
        ("1.0", "binary", {"between": None, "values": ["1"]}, True),
        ("2", "binary", {"between": None, "values": [1, 2]}, False),
        ("x", "binary", {"between": None, "values": [1, 2]}, True),
        ("True", "binary", {"between": None, "values": [True]}, False),
    ],
)
def test_a_prediction_is_one_by_the_contract_of_the_answers(value, task, contract, broken):
    assert captured_predictions.broken(value, task, contract) is broken


@pytest.fixture
def lake(monkeypatch):
    """Objects by key; what was listed from where is kept under `#after`."""
    held: dict[str, str] = {"expected": "\n".join(str(i / 10) for i in range(100))}
    request: list[str] = []

    def keys(bucket: str, prefix: str, after: str) -> list[str]:
        request.append(after)
        return sorted(key for key in held if key.startswith(prefix) and key > after)

    monkeypatch.setattr(objects, "read", lambda bucket, key: held[key].encode())
    monkeypatch.setattr(objects, "keys", keys)
    held["#after"] = request
    return held


def line(value: str, at: str) -> str:
    output = {"data": f"{value}\n", "encoding": "CSV"}
    return json.dumps({"captureData": {"endpointOutput": output}, "eventMetadata": {"inferenceTime": f"2026-11-24T{at}Z"}})


def look(read=(), results=(), kinds=0, since="08:30:00", began="08:00:00", task="regression"):
    request = {
        "bucket": "lake",
        "prefix": "capture/e/",
        "artifacts": "a",
        "expected": "expected",
        "task": task,
        "contract": ANY,
        "first_metric": 1,
        "kinds": kinds,
    }
    event = {"capture": request, "began": f"2026-11-24T{began}Z", "since": f"2026-11-24T{since}Z", "now": "2026-11-24T08:59:00Z", "files": read}
    return read_captured.count_captured({**event, "results": results})


def series(report):
    return {result["Id"]: result["Values"] for result in report["results"]}


@pytest.mark.parametrize(("at", "counted"), [("08:30:00", 1), ("08:29:59", 0), ("08:30:59", 1)])
def test_a_request_counts_from_the_second_in_which_the_first_look_begins(lake, at, counted):
    lake["capture/e/main/2026/11/24/08/31-00-000-a.jsonl"] = line("1", at)
    assert series(look())["champion_requests_1"] == [counted]


def test_files_are_listed_from_ten_minutes_before_the_look_and_not_from_before_the_release(lake):
    look(since="08:30:00", began="08:00:00")
    assert lake["#after"] == [f"capture/e/{side}/2026/11/24/08/20-00" for side in ("main", "challenger")]
    lake["#after"].clear()
    look(since="08:30:00", began="08:25:00")
    assert lake["#after"][0].endswith("/08/25-00")


def test_a_request_belongs_to_the_look_in_which_it_was_answered(lake):
    first = look(since="08:30:00")
    lake["capture/e/main/2026/11/24/08/31-00-000-a.jsonl"] = "\n".join(line("1", at) for at in ("08:30:30", "08:31:00", "08:31:59", "08:45:00"))
    second = look(first["files"], first["results"], since="08:31:00")
    assert series(second)["champion_requests_1"] == [1, 3]
    assert second["results"][0]["Timestamps"] == ["2026-11-24T08:30:00Z", "2026-11-24T08:31:00Z"]


def test_more_files_than_fit_into_one_look_wait_for_the_next(lake, monkeypatch):
    monkeypatch.setattr(read_captured, "MOST_FILES", 3)
    for number in range(5):
        lake[f"capture/e/main/2026/11/24/08/31-{number:02}-000-a.jsonl"] = line("1", "08:30:30")
    first = look()
    assert (series(first)["champion_requests_1"], len(first["files"])) == ([3], 3)
    second = look(first["files"], first["results"], since="08:31:00")
    assert (series(second)["champion_requests_1"], len(second["files"])) == ([5, 0], 5)


def test_of_the_kinds_of_predictions_each_is_counted_as_a_hit_of_its_own(lake):
    lake["capture/e/main/2026/11/24/08/31-00-000-a.jsonl"] = "\n".join(line(value, "08:30:30") for value in ("1.9", "2.0", "2.1", "7.9", "8.0", "nan"))
    report = series(look(kinds=5))
    # Fifths of what the holdout was answered begin at 2, 4, 6 and 8; what is no number is broken, and of no kind.
    assert [report[f"champion_hits_{number}"] for number in range(1, 7)] == [[1], [1], [2], [0], [1], [1]]
    assert all(report[f"champion_requests_{number}"] == [6] for number in range(1, 7))


@pytest.mark.parametrize(("different", "hits"), [(20, 0), (21, 1)])
def test_more_than_twenty_different_predictions_are_told_apart_by_their_range(lake, different, hits):
    lake["expected"] = "\n".join(str(number) for number in range(different))
    lake["capture/e/main/2026/11/24/08/31-00-000-a.jsonl"] = line("0.5", "08:30:30")
    # By its range 0.5 is of the lowest fifth; one by one it is none of those that are frequent.
    report = series(look(kinds=5))
    assert (report["champion_hits_2"], report["champion_hits_6"]) == ([hits], [1 - hits])


def test_words_are_told_apart_one_by_one_however_many_there_are(lake):
    lake["expected"] = "\n".join(["a"] * 3 + ["b"] * 2 + [f"w{number}" for number in range(30)])
    lake["capture/e/main/2026/11/24/08/31-00-000-a.jsonl"] = "\n".join(line(value, "08:30:30") for value in ("a", "b", "b", "w29", "5"))
    report = series(look(kinds=5, task="multiclass"))
    assert (report["champion_hits_2"], report["champion_hits_3"], report["champion_hits_6"]) == ([1], [2], [2])


def test_smoke_answers_may_differ_in_the_last_bit_and_by_no_more():
    smoke_test.compare([["1.0000000005"]], [["1"]], 1)
    for got, expected, report in ((["1.000000002"], ["1"], "row 1"), (["1", "2"], ["1"], "row 1"), (["a"], ["b"], "'a', its evaluation had 'b'")):
        with pytest.raises(SmokeMismatchError, match=report):
            smoke_test.compare([got], [expected], 1)
    with pytest.raises(SmokeMismatchError, match="row 2 of the holdout"):
        smoke_test.compare([["1"], ["2"]], [["1"], ["3"]], 2)
    for got, expected, rows in (([["1"]], [["1"]], 2), ([["1"], ["1"]], [["1"]], 2), ([["1"]], [["1"], ["1"]], 2)):
        with pytest.raises(SmokeMismatchError, match=f"{len(got)} answers to {rows} smoke rows, of which the evaluation has {len(expected)}"):
            smoke_test.compare(got, expected, rows)


def test_the_smoke_test_compares_as_many_rows_as_were_asked(monkeypatch):
    files = {"got": b"1\n2\n", "wanted": b"1\n2\n3\n4\n"}
    monkeypatch.setattr(objects, "read", lambda bucket, key: files[key])
    assert read_smoke_predictions.compare_predictions({"bucket": "b", "predictions": "got", "expected": "wanted", "rows": 2}) == {"outcome": "equal", "rows": 2}


def test_keys_are_spread_by_weight_over_any_number_of_variants():
    keys = [f"user {number}" for number in range(3_000)]
    chosen = [sticky.variant_for(key, {"a": 1, "b": 2, "c": 1}) for key in keys]
    assert [chosen.count(name) / len(keys) for name in "abc"] == [pytest.approx(share, abs=0.03) for share in (0.25, 0.5, 0.25)]
    assert {sticky.variant_for(key, {"a": 1, "b": 0}) for key in keys} == {"a"}
    assert {sticky.variant_for(key, {"a": 0, "b": 3}) for key in keys} == {"b"}
    with pytest.raises(ValueError, match="no variant has any weight"):
        sticky.variant_for("k", {})
