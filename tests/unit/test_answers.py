"""Captured answers: what is none by its contract, of which kind the others are, and that no file is counted twice."""

import base64
import json

import pytest

from noria.adapters import objects
from noria.release import answers, sticky

ANY = {"between": None, "values": None}


def captured(data: str, encoding: str = "CSV") -> dict:
    return {"data": base64.b64encode(data.encode()).decode() if encoding == "BASE64" else data, "encoding": encoding}


@pytest.mark.parametrize(
    ("data", "encoding", "found"),
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
def test_predictions_are_read_from_every_encoding_and_what_cannot_be_read_holds_none(data, encoding, found):
    assert answers.predictions(captured(data, encoding)) == found


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
    assert answers.broken(value, task, contract) is broken


@pytest.fixture
def lake(monkeypatch):
    """Objects by key; S3's order and `StartAfter`."""
    held: dict[str, str] = {"expected": "\n".join(str(i / 10) for i in range(100))}
    monkeypatch.setattr(objects, "read", lambda bucket, key: held[key].encode())
    monkeypatch.setattr(objects, "keys", lambda bucket, prefix, after, most: sorted(key for key in held if key.startswith(prefix) and key > after)[:most])
    return held


def line(*values: str) -> str:
    return json.dumps({"captureData": {"endpointOutput": captured("".join(f"{value}\n" for value in values))}})


def look(read=(), results=(), kinds: int = 0, since: str = "2026-11-24T08:10:00Z", now: str = "2026-11-24T08:11:00Z") -> dict:
    asked = {"bucket": "lake", "prefix": "capture/e/", "artifacts": "a", "expected": "expected", "task": "regression", "contract": ANY}
    asked |= {"first": 1, "kinds": kinds}
    return answers.count_answers({"answers": asked, "began": "2026-11-24T08:10:00Z", "since": since, "now": now, "read": read, "results": results})


def series(told: dict) -> dict[str, list[float]]:
    return {result["Id"]: result["Values"] for result in told["results"]}


def test_each_look_is_a_period_and_no_file_is_counted_twice_nor_a_late_one_lost(lake):
    lake["capture/e/main/2026/11/24/08/09-59-000-a.jsonl"] = line("1")
    lake["capture/e/main/2026/11/24/08/10-30-000-b.jsonl"] = "\n".join([line("1"), line("2")])
    lake["capture/e/challenger/2026/11/24/08/10-40-000-c.jsonl"] = "\n".join([line("1"), line("much")])
    first = look()
    # It appears after the first look, with an earlier time in its name.
    lake["capture/e/main/2026/11/24/08/10-20-000-d.jsonl"] = line("3")
    second = look(first["read"], first["results"], since="2026-11-24T08:11:00Z", now="2026-11-24T08:12:00Z")
    assert series(second) == {"champion_requests_1": [2, 1], "champion_hits_1": [0, 0], "challenger_requests_1": [2, 0], "challenger_hits_1": [1, 0]}


def test_predictions_are_told_apart_by_fifths_of_what_the_holdout_was_answered(lake):
    lake["capture/e/challenger/2026/11/24/08/10-40-000-c.jsonl"] = "\n".join(map(line, ("0.5", "1.5", "9.9", "1000")))
    told = series(look(kinds=5))
    assert [told[f"challenger_hits_{number}"][0] for number in range(2, 7)] == [2, 0, 0, 0, 2]


def test_few_different_predictions_are_told_apart_one_by_one(lake):
    lake["expected"] = "1\n1\n0\n"
    lake["capture/e/challenger/2026/11/24/08/10-40-000-c.jsonl"] = "\n".join(map(line, ("1", "0", "0", "5")))
    told = series(look(kinds=5))
    assert [told[f"challenger_hits_{number}"][0] for number in range(2, 7)] == [1, 2, 0, 0, 1]


def test_a_key_is_always_answered_by_the_same_version_and_a_growing_challenger_keeps_its_keys():
    keys = [f"user-{number}" for number in range(2000)]
    before, after = ([sticky.variant_for(key, {"main": 1 - share, "challenger": share}) for key in keys] for share in (0.1, 0.25))
    assert 0.08 < before.count("challenger") / len(keys) < 0.12
    assert all(later == "challenger" for earlier, later in zip(before, after, strict=True) if earlier == "challenger")
    with pytest.raises(ValueError, match="no variant"):
        sticky.variant_for("k", {"main": 0.0})
