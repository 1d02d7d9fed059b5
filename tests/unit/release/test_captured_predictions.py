"""Captured predictions: which break their contract, of which kind the others are, and that no file is counted twice."""

import base64
import json

import pytest

from noria.adapters import objects
from noria.release import captured_predictions, read_captured
from noria.release.read_captured import count_captured

ANY = {"between": None, "values": None}


def captured(data: str, encoding: str = "CSV") -> dict:
    return {"data": base64.b64encode(data.encode()).decode() if encoding == "BASE64" else data, "encoding": encoding}


@pytest.mark.parametrize(
    ("data", "encoding", "result"),
    [
        ("1,0.93\n0,0.2\n", "CSV", ["1", "0"]),
        ('{"predictions": [{"label": "yes", "score": 0.9}, {"label": "no"}]}', "JSON", ["yes", "no"]),
        ("[[1, 0.2], [0, 0.8]]", "JSON", ["1", "0"]),
        ("3.5", "JSON", ["3.5"]),
        ("1\n", "BASE64", ["1"]),
        ("{", "JSON", []),
        ('{"predictions": [{}]}', "JSON", []),
        ("", "CSV", []),
    ],
)
def test_predictions_are_read_from_every_encoding_and_what_cannot_be_read_holds_none(data, encoding, result):
    assert captured_predictions.predictions(captured(data, encoding)) == result


@pytest.mark.parametrize(
    ("value", "task", "contract", "broken"),
    [
        ("1", "binary", ANY, False),
        ("yes", "binary", ANY, False),
        ("", "binary", ANY, True),
        ("NaN", "binary", ANY, True),
        ("nan", "regression", ANY, True),
        ("inf", "regression", ANY, True),
        ("much", "regression", ANY, True),
        ("-1", "regression", {"between": [0, None], "values": None}, True),
        ("0", "regression", {"between": [0, None], "values": None}, False),
        ("9", "regression", {"between": [None, 8.5], "values": None}, True),
        ("much", "binary", {"between": [0, 1], "values": None}, True),
        ("1.0", "binary", {"between": None, "values": [0, 1]}, False),
        ("7", "binary", {"between": None, "values": [0, 1]}, True),
        ("no", "multiclass", {"between": None, "values": ["yes", "no"]}, False),
    ],
)
def test_a_prediction_keeps_its_contract_or_breaks_it(value, task, contract, broken):
    assert captured_predictions.broken(value, task, contract) is broken


@pytest.fixture
def lake(monkeypatch):
    """Objects by key; S3's order and `StartAfter`."""
    held: dict[str, str] = {"expected": "\n".join(str(i / 10) for i in range(100))}
    monkeypatch.setattr(objects, "read", lambda bucket, key: held[key].encode())
    monkeypatch.setattr(objects, "keys", lambda bucket, prefix, after: sorted(key for key in held if key.startswith(prefix) and key > after))
    return held


def line(*values: str, at: str = "08:10:30") -> str:
    report = {"captureData": {"endpointOutput": captured("".join(f"{value}\n" for value in values))}}
    return json.dumps({**report, "eventMetadata": {"inferenceTime": f"2026-11-24T{at}Z"}})


def look(files=(), results=(), kinds: int = 0, since: str = "2026-11-24T08:10:00Z", now: str = "2026-11-24T08:11:00Z") -> dict:
    request = {"bucket": "lake", "prefix": "capture/e/", "artifacts": "a", "expected": "expected", "task": "regression", "contract": ANY}
    request |= {"first_metric": 1, "kinds": kinds}
    return count_captured({"capture": request, "began": "2026-11-24T08:10:00Z", "since": since, "now": now, "files": files, "results": results})


def series(record: dict) -> dict[str, list[float]]:
    return {result["Id"]: result["Values"] for result in record["results"]}


def test_each_look_is_a_period_and_no_file_is_counted_twice_nor_a_late_one_lost(lake):
    lake["capture/e/main/2026/11/24/08/10-10-000-a.jsonl"] = "\n".join([line("1", at="08:09:30"), line("1", at="08:10:05")])
    lake["capture/e/main/2026/11/24/08/10-30-000-b.jsonl"] = line("2")
    lake["capture/e/challenger/2026/11/24/08/10-40-000-c.jsonl"] = "\n".join([line("1"), line("much")])
    first = look()
    # It appears after the first look, with an earlier time in its name, and belongs to both.
    lake["capture/e/main/2026/11/24/08/10-20-000-d.jsonl"] = "\n".join([line("3"), line("3", at="08:11:05")])
    second = look(first["files"], first["results"], since="2026-11-24T08:11:00Z", now="2026-11-24T08:12:00Z")
    assert series(second) == {"champion_requests_1": [3, 1], "champion_hits_1": [0, 0], "challenger_requests_1": [2, 0], "challenger_hits_1": [1, 0]}


def test_predictions_are_told_apart_by_fifths_of_what_the_holdout_was_answered(lake):
    lake["capture/e/challenger/2026/11/24/08/10-40-000-c.jsonl"] = "\n".join(map(line, ("0.5", "1.5", "9.9", "1000")))
    report = series(look(kinds=5))
    assert [report[f"challenger_hits_{number}"][0] for number in range(2, 7)] == [2, 0, 0, 0, 2]


def test_few_different_predictions_are_told_apart_one_by_one(lake):
    lake["expected"] = "1\n1\n0\n"
    lake["capture/e/challenger/2026/11/24/08/10-40-000-c.jsonl"] = "\n".join(map(line, ("1", "0", "0", "5")))
    report = series(look(kinds=5))
    assert [report[f"challenger_hits_{number}"][0] for number in range(2, 7)] == [1, 2, 0, 0, 1]


def test_files_that_come_late_are_read_for_ten_minutes_and_none_from_before_the_release(lake, monkeypatch):
    asked_after = []
    monkeypatch.setattr(objects, "keys", lambda bucket, prefix, after: asked_after.append(after.removeprefix(prefix)) or [])
    look(since="2026-11-24T08:12:00Z", now="2026-11-24T08:13:00Z")
    look(since="2026-11-24T09:12:00Z", now="2026-11-24T09:13:00Z")
    assert asked_after == ["2026/11/24/08/10-00"] * 2 + ["2026/11/24/09/02-00"] * 2


def test_more_files_than_one_look_may_read_wait_for_the_next(lake, monkeypatch):
    monkeypatch.setattr(read_captured, "MOST_FILES", 3)
    for second in range(10, 15):
        lake[f"capture/e/main/2026/11/24/08/10-{second}-000-a.jsonl"] = line("1")
    lake["capture/e/challenger/2026/11/24/08/10-40-000-c.jsonl"] = line("1")
    first = look()
    assert (len(first["files"]), series(first)["champion_requests_1"], series(first)["challenger_requests_1"]) == (3, [3], [0])
    second = look(first["files"], first["results"], since="2026-11-24T08:11:00Z", now="2026-11-24T08:12:00Z")
    assert (len(second["files"]), series(second)["champion_requests_1"], series(second)["challenger_requests_1"]) == (6, [5, 0], [1, 0])


def test_a_request_is_a_hit_when_one_of_its_predictions_is_broken_and_when_it_holds_none(lake):
    lake["capture/e/main/2026/11/24/08/10-10-000-a.jsonl"] = "\n".join([line("1", "2"), line("1", "nan"), line()])
    assert series(look())["champion_hits_1"] == [2]


def test_a_request_in_the_second_in_which_a_look_begins_is_that_look_s(lake):
    lake["capture/e/main/2026/11/24/08/10-10-000-a.jsonl"] = "\n".join([line("1", at="08:10:00"), line("1", at="08:09:59")])
    assert series(look())["champion_requests_1"] == [1]
