"""Captured answers: what is none by its contract, of which kind the others are, and that no file is counted twice."""

import base64
import json

import pytest

from noria.adapters import objects
from noria.release import captured_predictions, sticky
from noria.release.analysis import weigh_traffic
from noria.release.analysis_plan import plan_observation
from tests.samples import sample

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


def look(read=(), results=(), kinds: int = 0, since: str = "2026-11-24T08:10:00Z", now: str = "2026-11-24T08:11:00Z") -> dict:
    request = {"bucket": "lake", "prefix": "capture/e/", "artifacts": "a", "expected": "expected", "task": "regression", "contract": ANY}
    request |= {"first": 1, "kinds": kinds}
    return captured_predictions.count_captured(
        {"answers": request, "began": "2026-11-24T08:10:00Z", "since": since, "now": now, "read": read, "results": results}
    )


def series(record: dict) -> dict[str, list[float]]:
    return {result["Id"]: result["Values"] for result in record["results"]}


def test_each_look_is_a_period_and_no_file_is_counted_twice_nor_a_late_one_lost(lake):
    lake["capture/e/main/2026/11/24/08/10-10-000-a.jsonl"] = "\n".join([line("1", at="08:09:30"), line("1", at="08:10:05")])
    lake["capture/e/main/2026/11/24/08/10-30-000-b.jsonl"] = line("2")
    lake["capture/e/challenger/2026/11/24/08/10-40-000-c.jsonl"] = "\n".join([line("1"), line("much")])
    first = look()
    # It appears after the first look, with an earlier time in its name, and belongs to both.
    lake["capture/e/main/2026/11/24/08/10-20-000-d.jsonl"] = "\n".join([line("3"), line("3", at="08:11:05")])
    second = look(first["read"], first["results"], since="2026-11-24T08:11:00Z", now="2026-11-24T08:12:00Z")
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


def test_a_key_is_always_answered_by_the_same_version_and_a_growing_challenger_keeps_its_keys():
    keys = [f"user-{number}" for number in range(2000)]
    before, after = ([sticky.variant_for(key, {"main": 1 - share, "challenger": share}) for key in keys] for share in (0.1, 0.25))
    assert 0.08 < before.count("challenger") / len(keys) < 0.12
    assert all(later == "challenger" for earlier, later in zip(before, after, strict=True) if earlier == "challenger")
    with pytest.raises(ValueError, match="no variant"):
        sticky.variant_for("k", {"main": 0.0})


@pytest.mark.parametrize(("share", "outcome"), [(0.6, "undo"), (0.25, "promote")])
def test_predictions_that_have_shifted_beyond_what_the_spec_allows_are_harm_and_others_are_not(share, outcome):
    spec = sample("functions/release/plan_rollout.json")["spec"]["rollout"]
    rollout = {**spec, "guard": {**spec["guard"], "answers": {**spec["guard"]["answers"], "drift": 2.0}}}
    observe = plan_observation("e", "c", "progressive", rollout, {})
    assert (observe["answers"]["first"], observe["answers"]["kinds"], len(observe["guard"]["watches"])) == (1, 5, 7)
    times = [f"2026-11-24T08:{minute}:00Z" for minute in range(11, 21)]
    # Of one kind; whatever the others are, it is this one that has grown.
    seen = {"champion": (900, 900 * 0.2), "challenger": (100, 100 * share)}
    results = [
        {"Id": f"{side}_{kind}_{number}", "Timestamps": times, "Values": [requests if kind == "requests" else (hits if number == 2 else 0)] * len(times)}
        for side, (requests, hits) in seen.items()
        for kind in ("requests", "hits")
        for number in range(7)
    ]
    event = {"observe": observe, "results": results, "endpoint": {"EndpointStatus": "InService", "EndpointConfigName": "c"}, "lock": None}
    event |= {"look": 1, "share": 0.1, "looks_at_share": 1, "changes": ["2026-11-24T08:10:00Z"], "now": "2026-11-24T08:30:00Z"}
    weighed = weigh_traffic(event)
    assert weighed["outcome"] == outcome
    assert any("predictions, kind 1" in reason["text"] for reason in weighed["verdict"]["reasons"])
