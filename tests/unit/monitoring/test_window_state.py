"""The state between monitoring runs: what begins anew with a release, a window, an incident."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from noria.monitoring import incidents
from noria.monitoring import window_state as states
from noria.monitoring.monitoring_run import LATEST_SECONDS, MonitoringRun, day_of
from noria.monitoring.predictions import Prediction
from tests.samples import sample

NOW = datetime(2026, 11, 2, 18, tzinfo=UTC)


def run(**changed):
    return MonitoringRun.of({**sample("functions/monitoring/read_window.json"), "now": NOW.isoformat(), **changed})


def prediction(hour, variant="main", score=""):
    return Prediction(f"p{hour}", f"2026-11-02T{hour:02}:00:00Z", variant, "1", ("1",) * 7, score)


def test_a_new_release_begins_its_window_and_its_outcomes_anew_and_an_old_one_goes_on():
    state = {**states.first_state(), "release": "a", "days": {"2026-11-01": {"tp": 1}}, "history": {"2026-11-01": {"tp": 1}}, "drifted_windows": 2}
    states.begin_release(state, "a")
    assert (state["days"], state["drifted_windows"]) == ({"2026-11-01": {"tp": 1}}, 2)
    states.begin_release(state, "b")
    assert (state["release"], state["days"], state["drifted_windows"], state["trained_until"]) == ("b", {}, 0, None)
    assert state["history"] == {"2026-11-01": {"tp": 1}}


@pytest.mark.parametrize(("rows", "age", "complete"), [(999, 23, False), (1_000, 0, True), (1, 24, True), (999, 24, True)])
def test_a_window_is_complete_by_its_rows_or_its_age(rows, age, complete):
    window = {**states.empty_window(), "runs": ["r"], "rows": rows, "since": (NOW - timedelta(hours=age)).isoformat()}
    assert states.is_complete(window, NOW) is complete


def test_a_window_without_predictions_is_never_complete():
    assert not states.is_complete(states.empty_window(), NOW)


def test_a_window_gathers_runs_and_counts_the_probabilities_of_the_champion_alone():
    window = states.empty_window()
    first = [prediction(3, score="0.9"), prediction(2, variant="challenger", score="0.9")]
    states.add_to_window(window, run(number=1), first, 1, Counter({"x Range": 1}))
    states.add_to_window(window, run(number=2), [prediction(5, score="0.9")], 2, Counter({"x Range": 1, "y Type": 1}))
    assert (len(window["runs"]), window["rows"], window["broken"], window["faults"]) == (2, 3, 3, {"x Range": 2, "y Type": 1})
    assert window["times"] == ["2026-11-02T02:00:00Z", "2026-11-02T05:00:00Z"]
    assert list(window["scores"].values()) == [2]


def test_consecutive_drifted_windows_are_counted_and_an_incident_is_remembered():
    state = states.first_state()
    counts = []
    for verdict in ("drift", "drift", "ok", "drift", "incident"):
        state["window"]["times"] = ["a", "b"]
        states.close_window(state, verdict)
        counts.append(state["drifted_windows"])
    assert (counts, state["incidents"], state["window"]) == ([1, 2, 0, 1, 0], [["a", "b"]], states.empty_window())


def test_an_incident_includes_its_first_and_its_last_request():
    times = [["2026-01-02", "2026-01-04"]]
    assert [incidents.is_during(times, f"2026-01-0{day}") for day in range(1, 6)] == [False, True, True, True, False]


def test_runs_are_forgotten_once_no_ground_truth_of_theirs_is_awaited():
    event = sample("functions/monitoring/read_window.json")
    event["spec"]["monitor"]["truth_days"] = 30
    state, horizon = states.first_state(), NOW - timedelta(days=30)
    state["recent"] = [
        {"run": name, "newest": (horizon + timedelta(seconds=s)).isoformat(), "predictions": 1, "labelled": 0} for name, s in (("old", -1), ("new", 0))
    ]
    states.drop_old_runs(state, MonitoringRun.of({**event, "now": NOW.isoformat()}))
    assert [recent["run"] for recent in state["recent"]] == ["new"]


def test_labelled_rows_are_counted_after_a_day_or_in_all():
    state = {**states.first_state(), "history": {"2026-01-01": {"tp": 2}, "2026-01-02": {"tn": 3, "fp": 1}}}
    assert (states.labelled_rows(state), states.labelled_rows(state, "2026-01-01"), states.labelled_rows(state, "2026-01-02")) == (6, 4, 0)


def test_a_run_is_named_by_its_number_and_token():
    first, again, other = run(number=3, token="t"), run(number=3, token="t"), run(number=3, token="u")
    assert first.name == again.name != other.name
    assert first.path("state", "json") == f"monitor/bikeshare/state/{first.name}.json"
    assert first.path("profile", "profile", "earlier") == "monitor/bikeshare/profile/earlier.profile"


def test_a_time_that_no_calendar_has_counts_for_the_nearest_day():
    assert [day_of(seconds) for seconds in (-1.0, 0.0, 86_400.0)] == ["1970-01-01", "1970-01-01", "1970-01-02"]
    assert day_of(1e30) == day_of(LATEST_SECONDS)
