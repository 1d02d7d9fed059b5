"""Causes for concern of a monitoring run, at their limits."""

import json

import pytest

from noria.monitoring.judge_window import judge_window
from tests.samples import sample


def judge(window=None, spec=None, **changed):
    """The sample's run with some facts changed; its quality is not judged unless outcomes are given."""
    event = sample("functions/monitoring/judge_window.json")
    for block, fields in (spec or {}).items():
        event["spec"][block] |= fields
    return judge_window({**event, **changed, "window": {**event["window"], "days": {}, **(window or {})}})


def document(judged):
    return json.loads(judged["record"]["Item"]["document"]["S"])


def drift(verdict="ok", broken=0, rows=1_000, estimate=None):
    """A verdict on a window with two columns, one of which has drifted where the verdict says so."""
    column = {"effect": 0.2, "measure": "distance", "evidence": 0.0, "limit": 0.1, "measures": {}}
    columns = {"tmin": {**column, "drifted": verdict == "drift"}, "hour": {**column, "effect": 0.05, "drifted": False}}
    contract = {"rows": rows, "broken": broken, "faults": {"tmin Range": broken}}
    facts = {"predictions": None, "pictures": {}, "estimate": estimate, "contract": contract, "rows": rows, "since": "s", "until": "u"}
    return {"verdict": verdict, "columns": columns, "reasons": [], **facts}


@pytest.mark.parametrize(("windows", "outcome"), [(1, "ok"), (2, "drift"), (3, "drift")])
def test_drift_is_a_cause_once_it_has_persisted(windows, outcome):
    assert judge({"drift": drift("drift"), "drifted_windows": windows}, {"monitor": {"persist": 2}})["outcome"] == outcome


def test_a_broken_feed_hides_the_quality_that_it_spoils():
    days = {f"2026-01-{day:02}": {"tp": 10, "fp": 40} for day in range(1, 29)}
    assert document(judge({"days": days, "drift": drift()}))["causes"] == ["degraded"]
    assert document(judge({"days": days, "drift": drift("incident")}))["causes"] == ["incident"]


@pytest.mark.parametrize(("broken", "outcome"), [(4, "ok"), (11, "ok"), (30, "contract")])
def test_requests_break_the_contract_where_they_are_more_than_chance_explains(broken, outcome):
    assert judge({"drift": drift(broken=broken)}, {"data": {"bad_rows": {"at_most": 0.01}}})["outcome"] == outcome


@pytest.mark.parametrize(("broken", "outcome"), [(4, "ok"), (5, "contract")])
def test_where_no_row_may_be_bad_five_are_a_cause(broken, outcome):
    assert judge({"drift": drift(broken=broken)}, {"data": {"bad_rows": {"at_most": 0.0}}})["outcome"] == outcome


@pytest.mark.parametrize(
    ("last_prediction", "last_truth", "capture", "outcome"),
    [
        ("2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z", 100, "undecided"),
        ("2026-11-01T00:00:00Z", "2026-10-01T00:00:00Z", 100, "no_truth"),
        ("2026-10-01T00:00:00Z", None, 100, "no_traffic"),
        ("2026-10-01T00:00:00Z", None, 0, "undecided"),
    ],
)
def test_missing_data_is_a_cause_after_the_silent_days_where_traffic_is_captured(last_prediction, last_truth, capture, outcome):
    release = {"id": "r", "time": "2026-09-01T00:00:00Z", "model_package_arn": "a"}
    window = {"last_prediction": last_prediction, "last_truth": last_truth, "drift": None}
    assert judge(window, {"monitor": {"capture": capture, "silent_days": 7}}, release=release)["outcome"] == outcome


def test_a_new_release_is_not_silent_yet():
    release = {"id": "r", "time": "2026-11-01T00:00:00Z", "model_package_arn": "a"}
    assert judge({"last_prediction": None, "last_truth": None, "drift": None}, release=release)["outcome"] == "undecided"


@pytest.mark.parametrize(
    ("metric", "limit", "before", "best"), [("accuracy", 0.9, 0.95, 0.95), ("accuracy", 0.9, 0.85, 0.9), ("mae", 2.0, 1.5, 1.5), ("mae", 2.0, 3.0, 2.0)]
)
def test_the_best_limit_of_all_versions_is_remembered(metric, limit, before, best):
    baseline = {"metric": metric, "value": limit, "limit": limit, "design_effect": 1.0, "cap": 10.0}
    previous = {"release": "before", "quality_baseline": baseline, "best_limit": before}
    assert document(judge(quality_baseline=baseline, previous=previous))["best_limit"] == best


def test_the_weight_of_a_drift_is_the_importance_of_the_drifted_columns():
    judged = judge({"drift": drift("drift"), "drifted_windows": 1}, importance={"tmin": 0.25, "hour": 0.75})
    assert document(judged)["weight"] == 0.25
    assert judged["verdict"]["reasons"][0]["text"] == "what has drifted is 25% of what moves this model's answers"
    assert document(judge({"drift": drift("drift"), "drifted_windows": 1}, importance=None))["weight"] is None


def test_a_verdict_on_drift_holds_until_the_next_window_of_the_same_release():
    earlier = {**drift("drift"), "weight": 0.5, "watched": 2}
    window = {"drift": None, "drifted_windows": 1}
    release = sample("functions/monitoring/judge_window.json")["release"]["id"]
    assert judge(window, previous={"release": release, "reported": ["drift"], "drift": earlier})["outcome"] == "drift"
    assert judge(window, previous={"release": "before", "reported": ["drift"], "drift": earlier})["outcome"] == "undecided"


@pytest.mark.parametrize(("previous", "page"), [(None, True), ("this", False), ("before", True)])
def test_a_cause_pages_once_a_release(previous, page):
    release = sample("functions/monitoring/judge_window.json")["release"]["id"]
    run = previous and {"release": release if previous == "this" else previous, "reported": ["drift"]}
    judged = judge({"drift": drift("drift"), "drifted_windows": 1}, previous=run)
    assert [entry["Detail"]["data"].get("page") for entry in judged["entries"]] == [page, None]
    assert document(judged)["reported"] == ["drift"]


def test_the_record_gives_way_to_a_run_that_was_recorded_meanwhile():
    record = judge(number=7)["record"]
    assert record["ExpressionAttributeValues"][":before"] == {"N": "6"}
    assert record["ExpressionAttributeValues"][":mine"] == record["Item"]["state"]


def test_more_reasons_than_a_person_reads_are_counted():
    reasons = judge({"faults": [f"file {number} cannot be read" for number in range(25)]})["verdict"]["reasons"]
    assert (len(reasons), reasons[-1]["text"]) == (21, "and 5 more")


def test_the_series_of_the_metric_stays_short():
    days = {f"20{year:02}-01-{day:02}": {"tp": 1.0} for year in range(10) for day in range(1, 26)}
    series = document(judge({"days": days}))["series"]
    assert (len(series), series[0], sum(point["rows"] for point in series)) == (84, {"from": "2000-01-01", "value": 1.0, "rows": 3.0}, 250)
