"""Monitoring runs: requested, waited for, and the last one shown."""

import json
from types import SimpleNamespace

import pytest

from cli.base.errors import CliError
from cli.monitoring import runs
from cli.monitoring.truth import upload_truth

RUN = {
    "number": 1,
    "outcome": "ok",
    "causes": [],
    "counts": dict.fromkeys(("predictions", "labelled", "unreadable", "bad_truths", "waiting", "repeated", "conflicting"), 0),
    "reasons": [],
    "drift": None,
    "quality": None,
    "quality_baseline": None,
    "series": [],
}
SPEC = {"format": "csv", "time": None, "key": [], "columns": {"x": {"type": "number"}}, "bad_rows": {"at_most": 0}, "min_rows": 1}


@pytest.fixture
def served(stack, put):
    """A served model whose requested monitoring runs end at once."""
    put("SPEC", {"id": "s", "data": SPEC, "target": "y", "task": "binary"}, time="t")
    put("CHAMPION", {"endpoint": "e", "spec": "s"}, time="t", sagemaker_model="sm")
    requested: list[str] = []

    def put_events(Entries):
        requested.extend(entry["DetailType"] for entry in Entries)
        put("MONITOR", {**RUN, "number": 1 + len(requested)}, time="2026-01-01T00:00:00Z")
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "e"}]}

    stack.outputs["EventBus"] = "bus"
    stack.__dict__["events"] = SimpleNamespace(put_events=put_events)
    return requested


def test_a_requested_run_is_the_next_one_and_drift_shows_the_last(served, noria, tmp_path):
    assert json.loads(noria("monitor", "m", "--json").stdout)["number"] == 2
    assert noria("monitor", "m").stdout.startswith("look 3 at 2026-01-01T00:00:00: ok\n")
    assert served == ["MonitoringRequested"] * 2
    result = noria("drift", "m", "--html", tmp_path / "page.html")
    assert result.stdout.startswith(f"wrote {tmp_path / 'page.html'}\nlook 3")
    assert "No window is complete yet" in (tmp_path / "page.html").read_text()


def test_a_model_without_a_version_or_without_a_run_says_so(stack, put):
    with pytest.raises(CliError, match="no version of m serves yet"):
        runs.monitor(stack, "m")
    put("SPEC", {"id": "s"}, time="t")
    with pytest.raises(CliError, match="nobody has looked at m yet"):
        runs.last_run(stack, "m")


def test_a_run_that_never_ends_is_given_up(stack, served, monkeypatch):
    monkeypatch.setattr(runs, "LONGEST_SECONDS", 0.02)
    with pytest.raises(CliError, match="no look at m within"):
        runs.next_run(stack, "m", None)


def test_truth_waits_for_the_run_that_has_read_it(stack, put, served, noria, tmp_path):
    file = tmp_path / "truth.csv"
    file.write_text("prediction_id,y\na,1\nb,\n")
    sent = noria("truth", "m", file)
    assert sent.stdout.splitlines() == [f"sent 1 truth as s3://lake/{upload_truth(stack, 'm', file, wait=False).key}", "  1 other row has no y"]
    # The same content starts no run by its arrival, so the command requests one.
    again = noria("truth", "m", file, "--wait")
    assert "the same content is s3://lake/truth/m/truth-" in again.stdout
    assert "look 2 at" in again.stdout
    assert json.loads(noria("truth", "m", file, "--json").stdout)["faults"] == {"no y": 1}
