"""A monitoring run as a page, and on a terminal."""

import json

from cli.monitoring import page, view
from noria.monitoring.judge_window import judge_window
from tests.samples import sample


def look() -> dict:
    event = sample("functions/monitoring/judge_window.json")
    drift = {"verdict": "drift", "rows": 2, "since": "s", "until": "u", "predictions": None, "reasons": [], "estimate": None}
    drift["contract"] = {"rows": 2, "broken": 0, "faults": {}}
    drift["columns"] = {"<b>": {"drifted": True, "effect": 0.2, "measure": "distance", "evidence": 0.0, "limit": 0.1, "measures": {}}}
    drift["pictures"] = {"<b>": {"from": 0.0, "to": 1.0, "before": [0.5, 0.5], "now": [0.0, 1.0]}}
    judged = judge_window({**event, "window": {**event["window"], "drift": drift, "drifted_windows": 1}})
    return {**json.loads(judged["record"]["Item"]["document"]["S"]), "time": "2026-01-01T00:00:00Z"}


def test_a_page_shows_the_verdict_its_reasons_and_plots_and_takes_no_name_for_markup():
    html = page.run_page("m", look())
    assert "degraded" in html
    assert html.count("<svg") == 2
    assert "&lt;b&gt;" in html
    assert "<b>" not in html


def test_a_run_in_words_has_its_reasons_its_quality_and_the_columns_that_moved(capsys):
    run = look()
    run["drift"]["estimate"] = {"metric": "accuracy", "value": 0.8, "low": 0.7, "high": 0.9, "rows": 1_000, "method": "CBPE"}
    view.monitoring_run(run)
    text = capsys.readouterr().out
    assert text.startswith(f"look {run['number']} at 2026-01-01T00:00:00: degraded\n")
    assert all(reason["text"] in text for reason in run["reasons"])
    assert "estimated without truth: accuracy 0.800 (0.700 to 0.900)" in text
    assert f"{run['quality']['metric']} {run['quality']['value']:.3f} since the release" in text
    assert "<b>  before |▄▄|  now | █|  0 … 1" in text
    view.monitoring_run({**run, "drift": None, "quality": None})
    assert "no window is complete yet" in capsys.readouterr().out
    assert "Estimated without truth" in page.run_page("m", run)
    assert "No window is complete yet" in page.run_page("m", {**run, "drift": None, "quality": None})
