"""In a burst a status looks at the newest runs alone, so that it answers while they run."""

from types import SimpleNamespace

from cli.runs import activity


def test_only_the_newest_runs_that_have_not_ended_are_looked_at(monkeypatch):
    looked_at = []
    datasets = [{"dataset": f"d{hour}", "time": f"2026-01-01T{hour:02}:00:00Z", "claims": ["e"]} for hour in range(20)]
    record = SimpleNamespace(model="m", datasets=datasets, runs=[{"run": "run of d19"}])
    monkeypatch.setattr(activity, "_ingestions", lambda session, model: [])
    monkeypatch.setattr(activity, "run_of", lambda session, model, dataset, event: f"run of {dataset}")
    monkeypatch.setattr(activity, "_run", lambda session, model, dataset, run: looked_at.append(run))
    assert activity.activities(None, record, 3) == []
    assert looked_at == ["run of d18", "run of d17", "run of d16"]
    looked_at.clear()
    activity.activities(None, record)
    assert len(looked_at) == 19
