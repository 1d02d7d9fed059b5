"""The verdict of a monitoring run: causes, reasons, events, and whom they page."""

import json
import random

import pytest

from noria.healing.assemble_dataset import assemble_dataset
from noria.monitoring.judge_window import judge_window
from noria.training import quality
from tests.samples import sample
from tests.unit.monitoring.lake import new_spec, traffic, truths


def test_drift_is_reported_with_a_chart_and_a_broken_feed_is_an_incident(lake):
    lake.importance = {"x": 0.7, "kind": 0.3}
    traffic(lake, 1200, shift=1.0)
    moved = lake.run()
    assert moved["judged"]["outcome"] == "drift"
    (drifted,) = [entry["Detail"]["data"] for entry in moved["judged"]["entries"] if entry["DetailType"] == "DriftDetected"]
    assert (drifted["weight"], drifted["reasons"][0]["text"]) == (0.7, "what has drifted is 70% of what moves this model's answers")
    assert len(moved["drift"]["pictures"]["x"]["before"]) == 12
    traffic(lake, 1200, kind="", name="broken", at="2026-01-02T01:30:00Z")
    result = lake.run("2026-01-02T02:00:00.000Z")
    assert (result["judged"]["outcome"], result["drift"]["reasons"][0]["code"]) == ("incident", "ColumnEmpty")
    lake.upload_truth("a.csv", truths(1200) + truths(1200, name="broken").partition("\n")[2])
    labelled = lake.run("2026-01-02T03:00:00.000Z")
    event = {"bucket": "lake", "model": "m", "dataset": "new", "folder": "curated/m/new/", "base": "d", "state": labelled["state"], "spec": lake.spec}
    assert (labelled["labelled_rows"], assemble_dataset({**event, "recent_days": None, "backtest": False})["rows"]) == (1200, 5376 + 1200)


def test_a_fallen_quality_is_paged_once(lake):
    traffic(lake)
    lake.upload_truth("a.csv", truths(1200, wrong=600))
    first = lake.run()["judged"]
    second = lake.run("2026-01-02T02:00:00.000Z")["judged"]
    assert [judged["outcome"] for judged in (first, second)] == ["degraded", "degraded"]
    assert [judged["entries"][0]["Detail"]["data"]["page"] for judged in (first, second)] == [True, False]
    assert first["entries"][0]["DetailType"] == "QualityDegraded"


def test_silence_is_a_state_of_its_own_and_never_a_green_light(lake):
    assert lake.run("2026-01-10T00:00:00.000Z")["judged"]["outcome"] == "no_traffic"
    traffic(lake, 100, at="2026-01-11T00:00:00Z")
    assert lake.run("2026-01-12T00:00:00.000Z")["judged"]["outcome"] == "no_truth"


def test_a_header_as_long_as_one_may_be_makes_no_sentence_that_long(lake):
    lake.upload_truth("a.csv", f"{'x;' * 15_000}\n1\n")
    lake.upload_truth("b.csv", f"{'y;' * 15_000}\n1\n")
    assert len(json.dumps(lake.run()["judged"])) < 30_000


def test_an_error_that_has_risen_is_called_above_what_is_expected():
    event = sample("functions/monitoring/judge_window.json")
    baseline = quality.QualityBaseline("mae", 1.0, 1.1, cap=10.0).to_json()
    days = {f"2026-01-{day:02}": {"40": 50} for day in range(1, 20)}
    judged = judge_window({**event, "quality_baseline": baseline, "window": {**event["window"], "days": days}})
    assert "and above 1.100 is more than chance explains" in judged["verdict"]["reasons"][0]["text"]


def test_a_version_below_the_best_one_is_a_reason_to_retrain_and_pages_nobody(lake):
    event = sample("functions/monitoring/judge_window.json")
    baseline = {"metric": "accuracy", "value": 0.9, "limit": 0.85, "design_effect": 1.0, "cap": 0.0}
    days = {f"2026-01-{day:02}": {"right": 88.0, "wrong": 12.0} for day in range(1, 29)}
    event |= {"quality_baseline": baseline, "previous": {"release": "before", "quality_baseline": baseline, "best_limit": 0.95, "reported": []}}
    judged = judge_window({**event, "window": {**event["window"], "days": days, "drift": None}})
    assert judged["outcome"] == "below_best"
    assert [(entry["DetailType"], entry["Detail"]["data"].get("page")) for entry in judged["entries"]] == [
        ("QualityDegraded", False),
        ("MonitoringCompleted", None),
    ]
    other = {"release": "before", "quality_baseline": {**baseline, "metric": "f1"}, "best_limit": 0.95, "reported": []}
    assert judge_window({**event, "previous": other, "window": {**event["window"], "days": days, "drift": None}})["outcome"] == "ok"


def test_without_truth_the_quality_is_estimated_from_the_probabilities_and_said_to_be(lake):
    lake.evaluate("1,0.9\n0,0.1\n", wrong=40)
    drawn = random.Random(1)
    lake.capture("n", [f"{drawn.gauss(0, 1)},{'ab'[i % 2]}" for i in range(1200)], ["1,0.9", "0,0.1"] * 600)
    result = lake.run()
    estimate = result["drift"]["estimate"]
    assert estimate["value"] == pytest.approx(0.9, abs=0.005)
    assert estimate["low"] < 0.9 < estimate["high"]
    assert (estimate["metric"], estimate["rows"]) == ("accuracy", 1200)
    assert result["judged"]["outcome"] in ("ok", "undecided")
    lake.capture("later", ["0.1,a"], ["1,0.9"], at="2026-03-01T00:00:00Z")
    silent = lake.run("2026-03-02T00:00:00.000Z")["judged"]
    (reason,) = [reason for reason in silent["verdict"]["reasons"] if reason["code"] == "NoTruth"]
    assert "by its own probabilities accuracy is about 0.898 (" in reason["text"]
    assert not [entry for entry in silent["entries"] if entry["DetailType"] == "QualityDegraded"]
    assert {"EstimatedQuality"} <= {metric["MetricName"] for metric in silent["metrics"]["MetricData"]}


def test_answers_without_probabilities_are_not_estimated(lake):
    traffic(lake)
    assert lake.run()["drift"]["estimate"] is None


def test_requests_that_break_the_contract_are_an_incident(lake, monkeypatch):
    bounded = new_spec()
    bounded["data"]["columns"]["x"]["between"] = [-4, 4]
    bounded["data"]["bad_rows"] = {"at_most": 0.01}
    lake.spec = bounded
    drawn = random.Random(1)
    rows = [f"{drawn.gauss(0, 1):.3f},{'ab'[i % 2]}" for i in range(1200)]
    lake.capture("n", [*rows[:1188], *["9,a"] * 12], ["1"] * 1200)
    assert "contract" not in lake.run()["judged"]["verdict"]["outcome"]
    lake.capture("m", [*rows[:1150], *["9,a"] * 20, *["high,b"] * 30], ["1"] * 1200, at="2026-01-02T01:30:00Z")
    judged = lake.run("2026-01-02T02:00:00.000Z")["judged"]
    (reason,) = [reason for reason in judged["verdict"]["reasons"] if reason["code"] == "ContractBroken"]
    assert reason["text"] == "4.2% of 1,200 rows that were asked break the contract: x Type 30, x Range 20"
    assert [entry["Detail"]["data"]["cause"] for entry in judged["entries"] if entry["DetailType"] == "DataIncident"] == ["contract"]


def test_how_much_a_drift_matters_is_not_forgotten_between_two_windows(lake):
    lake.importance = {"x": 0.7, "kind": 0.3}
    traffic(lake, 1200, shift=1.0)
    first = lake.run()
    lake.importance = None
    for item in (first, lake.run("2026-01-02T02:00:00.000Z")):
        (drifted,) = [entry["Detail"]["data"] for entry in item["judged"]["entries"] if entry["DetailType"] == "DriftDetected"]
        assert drifted["weight"] == 0.7
