"""What a monitoring run concludes of a served model, whom it tells, and what it leaves in the ledger and in CloudWatch."""

import json
from typing import Any

import pytest

from noria.monitoring.judge_window import judge_window
from tests.samples import sample

NOW = "2026-11-02T18:53:02.427Z"
GOOD = {f"2026-10-{day:02}": {"tn": 46, "fp": 4} for day in range(1, 29)}
BAD = {f"2026-10-{day:02}": {"tn": 30, "fp": 20} for day in range(1, 29)}
FINE = {"metric": "accuracy", "value": 0.925, "limit": 0.912, "design_effect": 1.0, "cap": 0}


def drift(verdict: str = "ok", columns: dict[str, bool] | None = None, **more: Any) -> dict[str, Any]:
    """A verdict on drift with columns that have drifted, or not."""
    finding = {
        name: {"drifted": drifted, "effect": 0.2 if drifted else 0.01, "measure": "distance", "evidence": 0.0, "limit": 0.1}
        for name, drifted in (columns or {"tmin": False, "pn": False}).items()
    }
    return {"verdict": verdict, "columns": finding, "reasons": [], "estimate": None, "contract": None, "weight": None, **more}


def event(look: dict[str, Any] | None = None, monitor: dict[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    """The sample, with a model that is as good as it was."""
    request = sample("functions/monitoring/judge_window.json")
    request["quality_baseline"] = FINE
    request["window"] |= {"days": GOOD, "drift": drift(), **(look or {})}
    request["spec"]["monitor"] |= monitor or {}
    return {**request, **changed}


def judged(*args: Any, **changed: Any) -> dict[str, Any]:
    return judge_window(event(*args, **changed))


def document(result: dict[str, Any]) -> dict[str, Any]:
    return json.loads(result["record"]["Item"]["document"]["S"])


def codes(result: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in result["verdict"]["reasons"]]


def events(result: dict[str, Any]) -> list[tuple[str, str | None, bool | None]]:
    """Of each event its name, its cause and whether it pages."""
    return [(entry["DetailType"], (data := entry["Detail"]["data"]).get("cause"), data.get("page")) for entry in result["entries"]]


def metrics(result: dict[str, Any]) -> dict[str, float]:
    return {datum["MetricName"]: datum["Value"] for datum in result["metrics"]["MetricData"]}


def test_a_model_that_is_as_good_as_it_was_and_is_asked_the_same_is_ok_and_nobody_is_paged():
    result = judged()
    assert (result["outcome"], result["verdict"]["reasons"]) == ("ok", [])
    assert events(result) == [("MonitoringCompleted", None, None)]


def test_quality_that_fell_is_told_with_the_metric_its_level_and_its_limit_and_pages():
    result = judged({"days": BAD})
    (reason,) = result["verdict"]["reasons"]
    assert (result["outcome"], reason["code"], reason["observed"], reason["limit"]) == ("degraded", "QualityFell", 0.6, 0.912)
    assert "accuracy is 0.600 on 1,400 answers whose truth is known; in the evaluation it was 0.925, and below 0.912" in reason["text"]
    assert events(result) == [("QualityDegraded", "degraded", True), ("MonitoringCompleted", None, None)]


def test_an_error_that_grew_is_above_its_limit_and_not_below():
    level = {"metric": "mae", "value": 1.0, "limit": 1.1, "design_effect": 1.0, "cap": 6.4}
    # Fifty answers a day, whose errors lie in the bins around 0.95, or around 3.05.
    small, large = ({day: {kind: 50} for day in GOOD} for kind in ("9", "30"))
    assert judged({"days": small}, quality_baseline=level)["outcome"] == "ok"
    result = judged({"days": large}, quality_baseline=level)
    assert result["outcome"] == "degraded"
    assert "and above 1.100 is more than chance explains" in result["verdict"]["reasons"][0]["text"]


def test_a_fixed_limit_of_the_owner_takes_the_place_of_the_level_of_the_evaluation():
    lenient, strict = ({"quality": {"metric": None, "margin": 0.0, "at_least": limit}} for limit in (0.5, 0.99))
    assert judged({"days": BAD}, lenient)["outcome"] == "ok"
    result = judged({"days": GOOD}, strict)
    assert (result["outcome"], result["verdict"]["reasons"][0]["limit"]) == ("degraded", 0.99)
    assert document(result)["quality"]["limit"] == 0.99


def test_without_a_level_or_without_answers_nothing_is_said_of_quality():
    for result in (judged({"days": BAD}, quality_baseline=None), judged({"days": {}})):
        assert (result["outcome"], document(result)["quality"], "Quality" in metrics(result)) == ("ok", None, False)


def test_what_a_version_fell_behind_of_an_earlier_one_is_a_cause_that_pages_nobody():
    previous = {"release": "another", "quality_baseline": FINE, "best_limit": 0.99, "reported": [], "drift": None}
    result = judged(previous=previous)
    assert (result["outcome"], codes(result)) == ("below_best", ["QualityBelowBest"])
    assert events(result) == [("QualityDegraded", "below_best", False), ("MonitoringCompleted", None, None)]
    assert document(result)["best_limit"] == 0.99


def test_a_version_is_not_held_against_what_it_can_do_itself_or_another_metric_of_an_earlier_one():
    same = {"release": "another", "quality_baseline": FINE, "best_limit": 0.912, "reported": []}
    other = {"release": "another", "quality_baseline": {**FINE, "metric": "f1"}, "best_limit": 0.99, "reported": []}
    for previous in (same, other):
        result = judged(previous=previous)
        assert (result["outcome"], document(result)["best_limit"]) == ("ok", 0.912)
    assert judged({"days": {}}, previous={**same, "best_limit": 0.99})["outcome"] == "ok"


def test_the_best_limit_that_a_model_has_had_is_remembered():
    lower = {"release": "another", "quality_baseline": FINE, "best_limit": 0.5, "reported": []}
    assert document(judged(previous=lower))["best_limit"] == 0.912
    assert document(judged(previous=lower, quality_baseline=None))["best_limit"] is None


@pytest.mark.parametrize(("looks", "outcome"), [(0, "ok"), (1, "ok"), (2, "drift"), (3, "drift")])
def test_drift_is_told_once_it_has_lasted_as_many_looks_as_the_spec_says(looks, outcome):
    result = judged({"drift": drift("drift", {"tmin": True}), "drifted_windows": looks}, {"persist": 2})
    assert result["outcome"] == outcome
    assert [cause for _, cause, _ in events(result) if cause] == ([outcome] if outcome == "drift" else [])


def test_drift_is_weighed_by_what_moves_the_models_answers():
    result = judged({"drift": drift("drift", {"tmin": True, "pn": False, "lag_week": True}), "drifted_windows": 1})
    (reason,) = result["verdict"]["reasons"]
    assert (reason["code"], reason["observed"], reason["limit"]) == ("DriftWeight", 0.22, 0.1)
    assert "22% of what moves" in reason["text"]
    assert (document(result)["weight"], result["entries"][0]["Detail"]["data"]["weight"]) == (0.22, 0.22)
    unknown = judged({"drift": drift("drift", {"tmin": True}), "drifted_windows": 1}, importance=None)
    assert (codes(unknown), document(unknown)["weight"]) == ([], None)
    assert document(judged({"drift": drift("drift", {"new": True}), "drifted_windows": 1}))["weight"] == 0


def test_the_reasons_of_the_drift_check_are_told_where_its_verdict_counts():
    reason = {"code": "ColumnDrifted", "text": "tmin moved", "observed": 0.2, "limit": 0.1}
    moved = drift("drift", {"tmin": True}, reasons=[reason])
    assert codes(judged({"drift": moved, "drifted_windows": 1})) == ["DriftWeight", "ColumnDrifted"]
    assert codes(judged({"drift": moved, "drifted_windows": 0})) == []
    for verdict in ("incident", "undecided"):
        result = judged({"drift": drift(verdict, reasons=[reason])})
        assert (result["outcome"], codes(result)) == (verdict, ["ColumnDrifted"])
    # An undecided look is no event of its own.
    assert events(judged({"drift": drift("undecided")})) == [("MonitoringCompleted", None, None)]


def test_while_a_feed_is_broken_wrong_answers_are_its_fault():
    result = judged({"days": BAD, "drift": drift("incident")})
    assert (result["outcome"], codes(result)) == ("incident", [])
    assert events(result) == [("DataIncident", "incident", True), ("MonitoringCompleted", None, None)]


def test_a_look_without_a_new_verdict_on_drift_goes_by_the_last_one_of_the_same_release():
    previous = {"release": event()["release"]["id"], "reported": [], "drift": drift("drift", {"tmin": True}, weight=0.05), "quality_baseline": None}
    assert judged({"drift": None, "drifted_windows": 1}, previous=previous)["outcome"] == "drift"
    assert document(judged({"drift": None, "drifted_windows": 1}, previous=previous))["weight"] == 0.05
    other = judged({"drift": None, "drifted_windows": 1}, previous={**previous, "release": "another"})
    assert (other["outcome"], document(other)["drift"]) == ("ok", None)


def test_a_cause_pages_once_a_release():
    same, other = ({"release": release, "reported": ["degraded", "drift"], "drift": None} for release in (event()["release"]["id"], "another"))
    again = judged({"days": BAD}, previous=same)
    assert events(again)[0] == ("QualityDegraded", "degraded", False)
    assert document(again)["reported"] == ["degraded", "drift"]
    first = judged({"days": BAD}, previous=other)
    assert events(first)[0] == ("QualityDegraded", "degraded", True)
    assert document(first)["reported"] == ["degraded"]


def test_each_cause_is_an_event_and_the_worst_one_is_the_outcome():
    look = {"days": BAD, "drift": drift("drift", {"tmin": True}), "drifted_windows": 1, "last_prediction": None, "last_truth": None}
    result = judged(look, release={**event()["release"], "time": "2026-10-01T00:00:00Z"})
    assert (result["outcome"], document(result)["causes"]) == ("degraded", ["degraded", "drift", "no_traffic"])
    names = [name for name, _, _ in events(result)]
    assert names == ["QualityDegraded", "DriftDetected", "MonitoringDataMissing", "MonitoringCompleted"]
    assert len({entry["Detail"]["metadata"]["id"] for entry in result["entries"]}) == len(names)


SILENT_SINCE = "2026-10-26T18:53:02.427Z"


@pytest.mark.parametrize(
    ("prediction", "truth", "release", "outcome"),
    [
        # Exactly seven days, and a moment more.
        (SILENT_SINCE, NOW, "2026-01-01T00:00:00Z", "ok"),
        ("2026-10-26T18:53:02.426Z", NOW, "2026-01-01T00:00:00Z", "no_traffic"),
        (NOW, SILENT_SINCE, "2026-01-01T00:00:00Z", "ok"),
        (NOW, "2026-10-26T18:53:02.426Z", "2026-01-01T00:00:00Z", "no_truth"),
        # A release is a new start, and the only one where nothing has come at all.
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", SILENT_SINCE, "ok"),
        (None, None, SILENT_SINCE, "ok"),
        (None, None, "2026-10-26T18:53:02.426Z", "no_traffic"),
        (NOW, None, "2026-10-26T18:53:02.426Z", "no_truth"),
    ],
)
def test_silence_is_told_after_the_days_that_the_spec_allows(prediction, truth, release, outcome):
    look = {"last_prediction": prediction, "last_truth": truth}
    result = judged(look, release={**event()["release"], "time": release})
    assert result["outcome"] == outcome
    if outcome != "ok":
        (reason,) = result["verdict"]["reasons"]
        assert (reason["limit"], "more than 7 days" in reason["text"]) == (7, True)
        assert events(result)[0] == ("MonitoringDataMissing", outcome, True)


def test_a_model_whose_requests_are_not_captured_is_never_silent():
    look = {"last_prediction": None, "last_truth": None}
    assert judged(look, {"capture": 0}, release={**event()["release"], "time": "2020-01-01T00:00:00Z"})["outcome"] == "ok"


def test_where_no_truth_comes_the_estimate_by_the_models_own_probabilities_is_told():
    estimate = {"metric": "accuracy", "value": 0.9, "low": 0.85, "high": 0.95}
    result = judged({"last_truth": "2026-01-01T00:00:00Z", "drift": drift(estimate=estimate)}, release={**event()["release"], "time": "2026-01-01T00:00:00Z"})
    assert "; by its own probabilities accuracy is about 0.900 (0.850 to 0.950)" in result["verdict"]["reasons"][0]["text"]
    assert metrics(result)["EstimatedQuality"] == 0.9
    assert "EstimatedQuality" not in metrics(judged())


def broken(count: int, rows: int = 1_000, faults: dict[str, int] | None = None) -> dict[str, Any]:
    return {"drift": drift(contract={"broken": count, "rows": rows, "faults": faults or {"pn Range": count}})}


@pytest.mark.parametrize(
    ("count", "rows", "most", "outcome"),
    [
        (10, 1_000, 0.01, "ok"),  # as many as the contract allows
        (23, 1_000, 0.01, "ok"),  # more, and no more than chance may make of it
        (24, 1_000, 0.01, "contract"),  # a chance of less than one in a thousand
        (4, 100, 0.0, "ok"),  # too few to speak of
        (5, 100, 0.0, "contract"),  # none is allowed
        (1_000, 1_000, 0.01, "contract"),  # every row
        (9, 9, 0.5, "ok"),  # all of a handful: a chance of 1 in 512
        (10, 10, 0.5, "contract"),  # 1 in 1,024
    ],
)
def test_too_many_rows_that_break_the_contract_are_an_incident_of_the_data(count, rows, most, outcome):
    request = event(broken(count, rows))
    request["spec"]["data"]["bad_rows"]["at_most"] = most
    result = judge_window(request)
    assert result["outcome"] == outcome
    if outcome == "contract":
        (reason,) = result["verdict"]["reasons"]
        assert (reason["code"], reason["observed"], reason["limit"]) == ("ContractBroken", round(count / rows, 4), most)
        assert events(result)[0] == ("DataIncident", "contract", True)


def test_the_most_frequent_faults_are_named_first_and_five_of_them():
    faults = {f"column {number}": number for number in range(1, 8)}
    (reason,) = judged(broken(100, 1_000, faults))["verdict"]["reasons"]
    assert reason["text"] == "10.0% of 1,000 rows that were asked break the contract: column 7 7, column 6 6, column 5 5, column 4 4, column 3 3"


@pytest.mark.parametrize(("count", "more"), [(19, None), (20, None), (21, 1), (25, 5)])
def test_a_person_reads_no_more_than_twenty_reasons_and_how_many_more_there_are(count, more):
    result = judged({"faults": [f"file {number}" for number in range(count)]})
    reasons = result["verdict"]["reasons"]
    # A file that cannot be read is a reason, and no state of the model.
    assert (result["outcome"], reasons[0]["text"]) == ("ok", "file 0")
    assert [reason["code"] for reason in reasons] == ["FileUnreadable"] * min(count, 20) + (["MoreReasons"] if more else [])
    if more:
        assert (reasons[-1]["observed"], reasons[-1]["text"]) == (more, f"and {more} more")


def test_the_columns_that_moved_most_for_their_limit_are_kept_and_counted():
    columns = {f"c{number}": {"drifted": True, "effect": number / 100, "measure": "distance", "evidence": 0.0, "limit": 0.1} for number in range(30)}
    columns["c0"] |= {"effect": 0.2, "limit": 0.01}
    reasons = [{"code": "ColumnDrifted", "text": str(number), "observed": None, "limit": None} for number in range(30)]
    remaining = document(judged({"drift": {**drift("drift"), "columns": columns, "reasons": reasons}}))["drift"]
    assert list(remaining["columns"])[:3] == ["c0", "c29", "c28"]
    assert (len(remaining["columns"]), len(remaining["reasons"]), remaining["watched"]) == (20, 20, 30)


def test_cloudwatch_gets_what_a_dashboard_shows():
    look = {"days": {**GOOD, "2026-10-30": {"tn": 3, "fp": 1}}, "drift": drift("drift", {"tmin": True, "tmax": True, "pn": False}), "drifted_windows": 1}
    look["counts"] = {**event()["window"]["counts"], "predictions": 12, "labelled": 7}
    result = judged(look)
    assert metrics(result) == {"Causes": 1, "NewPredictions": 12, "NewTruth": 7, "DriftedColumns": 2, "Quality": 0.75}
    assert all(datum["Dimensions"] == [{"Name": "Model", "Value": "bikeshare"}] for datum in result["metrics"]["MetricData"])
    assert metrics(judged({"days": {"2026-10-01": {"tn": 5}}}, quality_baseline={**FINE, "metric": "recall"})).get("Quality") is None


def test_a_look_is_recorded_after_the_one_before_it_and_twice_by_the_same_execution():
    record = judged(number=8)["record"]
    assert record["Item"]["number"] == {"N": "8"}
    assert record["ExpressionAttributeValues"] == {":before": {"N": "7"}, ":mine": {"S": record["Item"]["state"]["S"]}}
    assert record["ConditionExpression"] == "attribute_not_exists(pk) OR #number = :before OR #state = :mine"
    assert (record["Item"]["pk"], record["Item"]["sk"]) == ({"S": "MODEL#bikeshare"}, {"S": "MONITOR"})


def test_the_record_says_what_the_next_look_and_automatic_retraining_need():
    look = {"fresh_rows": 5, "labelled_rows": 6, "trained_rows": 7, "last_prediction": NOW, "last_truth": NOW}
    result = judged(look, number=3)
    output = document(result)
    assert {name: output[name] for name in look} == look
    assert (output["number"], output["release"], output["quality_baseline"]) == (3, "5e06cd60d734", FINE)
    assert output["state"] == result["record"]["Item"]["state"]["S"]
    data = result["entries"][-1]["Detail"]["data"]
    assert {name: data[name] for name in ("fresh_rows", "labelled_rows", "trained_rows")} == {"fresh_rows": 5, "labelled_rows": 6, "trained_rows": 7}
    assert data["model_package_arn"].endswith("noria-bikeshare/1")
