"""A monitoring run as a page, and on a terminal."""

import json

import pytest

from cli.base import report
from cli.monitoring import page, view
from noria.monitoring.judge_window import judge_window
from tests.samples import sample
from tests.unit.cli.reading import Page

CHAMPION = {"spec": "aaa111", "run": "run-7", "endpoint": "e"}


def look(name="<b>", verdict="drift", **columns) -> dict:
    event = sample("functions/monitoring/judge_window.json")
    drift = {"verdict": verdict, "rows": 1, "predictions": None, "reasons": [], "estimate": None}
    drift |= {"since": "2026-01-01T00:00:00+00:00", "until": "2026-01-02T12:00:00+00:00", "contract": {"rows": 1, "broken": 0, "faults": {}}}
    drift["columns"] = {name: {"drifted": True, "effect": 0.2, "measure": "distance", "evidence": 0.0, "limit": 0.1, "measures": {"ks": 0.2}, **columns}}
    drift["pictures"] = {name: {"from": 0.0, "to": 1.0, "before": [0.5, 0.5], "now": [0.0, 1.0]}}
    judged = judge_window({**event, "window": {**event["window"], "drift": drift, "drifted_windows": 1}})
    return {**json.loads(judged["record"]["Item"]["document"]["S"]), "time": "2026-01-01T00:00:00Z"}


def read(run, champion=None):
    return Page(report.render(page.run_page("m", run, champion)))


def test_a_page_says_what_was_looked_at_then_the_verdict_with_its_two_numbers_then_plots_and_counts():
    run = look()
    shown = read(run, {**CHAMPION, "release": run["release"]})
    quality, level = run["quality"], run["quality_baseline"]
    rows = f"{round(quality['rows']):,}"
    parts = [
        f"m: monitoring run {run['number']} model m run {run['number']}, 2026-01-01 release {run['release']} spec aaa111 training run run-7",
        "window 1 prediction, 2026-01-01 to 2026-01-02 12:00 UTC",
        f"quality fell {quality['metric']} is {quality['value']:.3f} on {rows} predictions with ground truth, where at least {quality['limit']:.3f} is expected",
        f"({level['value']:.3f} in the evaluation)",
        "Quality since the release",
        "beginning of the period (UTC)",
        f"{quality['metric']} (more is better) by period evaluation limit",
        "Inputs: drift 1 of 1 column has moved, <b> most: distance of the distributions 0.200; a difference counts from 0.100 on.",
        "<b> moved 0.200 0.100 2.00 <0.0001 distance of the distributions",
        "share of values training data window",
        "What arrived since the run before what number predictions captured",
    ]
    assert shown.missing(parts) == []


def test_a_page_takes_no_name_for_markup():
    shown = read(look("<script>"))
    assert shown.elements["script"] == 0
    assert "<script>" in shown.text


def test_a_spec_of_another_release_is_not_named():
    assert "aaa111" not in read(look(), {**CHAMPION, "release": "another"}).text


@pytest.mark.parametrize(
    ("outcome", "code", "reason"),
    [
        ("incident", "ColumnEmpty", "x is empty in all of 720 rows; in the reference 98% are filled"),
        ("contract", "ContractBroken", "4.0% of 1,000 rows that were asked break the contract: x range 40"),
        ("no_traffic", "NoTraffic", "nobody has asked this model for more than 1 day: nothing can be said of it"),
        ("undecided", "ReferenceTooShort", "the reference has 1 block of time as long as this one; a verdict needs 4"),
    ],
)
def test_an_outcome_without_a_measure_has_its_reason_for_a_verdict_once(outcome, code, reason):
    run = {**look(), "outcome": outcome, "reasons": [{"code": code, "text": reason, "observed": 1, "limit": 4}]}
    text = read(run).text
    assert text.count(reason) == 1
    assert f"{page.OUTCOMES[outcome][0].capitalize()}: {reason}." in text


def test_a_run_before_any_window_says_what_it_has():
    run = {**look(), "outcome": "ok", "drift": None, "quality": None, "series": [], "reasons": []}
    run["counts"] = {**run["counts"], "predictions": 1, "labelled": 0}
    text = read(run).text
    assert "as expected Nothing to judge yet: 1 prediction, 0 of them with ground truth." in text
    assert "No window is complete yet" in text


def test_words_of_a_column_are_compared_value_by_value():
    run = look()
    run["drift"]["pictures"]["<b>"] = {"values": ["red", "<i>"], "before": [0.5, 0.5], "now": [0.0, 1.0]}
    shown = read(run)
    assert {"red", "<i>"} <= set(shown.text.split())
    assert shown.elements["i"] == 0


def test_a_run_in_words_has_its_reasons_its_quality_and_the_columns_that_moved(capsys):
    run = look()
    run["drift"]["estimate"] = {"metric": "accuracy", "value": 0.8, "low": 0.7, "high": 0.9, "rows": 1_000, "method": "CBPE"}
    view.monitoring_run(run)
    text = capsys.readouterr().out
    assert text.startswith(f"look {run['number']} at 2026-01-01T00:00:00: degraded\n")
    assert all(reason["text"] in text for reason in run["reasons"])
    assert "estimated without truth: accuracy 0.800 (0.700 to 0.900)" in text
    assert f"{run['quality']['metric']} {run['quality']['value']:.3f} since the release" in text
    assert "(1 row up to" in text
    assert "<b>  before |▄▄|  now | █|  0 … 1" in text
    view.monitoring_run({**run, "drift": None, "quality": None})
    assert "no window is complete yet" in capsys.readouterr().out
    assert "Estimated without ground truth accuracy is about 0.800, between 0.700 and 0.900" in read(run).text


def test_one_of_each_count_is_singular_on_a_terminal(capsys):
    run = look()
    run["counts"] = dict.fromkeys(run["counts"], 1)
    view.monitoring_run(run)
    text = capsys.readouterr().out
    assert "1 prediction and 1 truth since the look before; 1 captured request could not be read; 1 row of truth tells none" in text
    assert "1 truth contradicts an earlier one, which stays" in text
    run["counts"] = dict.fromkeys(run["counts"], 2)
    view.monitoring_run(run)
    assert "2 rows of truth tell none" in capsys.readouterr().out
