"""Lags: the newest value that is old enough, and nothing younger."""

import pytest

from noria.kernel.errors import ContractError
from noria.preprocessing import fitting
from tests.unit.preprocessing.rides import DAILY, fit, hours


def test_a_lag_is_the_newest_value_that_is_old_enough_in_its_own_series():
    rows = [[f"2024-01-{day:02}T12:00:00", station, "1", "", "", f"{day}{station}"] for day in (1, 2, 3) for station in "AB"]
    rows.append(["2024-01-03T11:59:00", "A", "1", "", "", "last"])
    transform, _, train = fit(rows, lags=(DAILY,))
    assert [(row[0][8:10], row[1], row[-1]) for row in train] == [
        ("01", "A", ""),
        ("01", "B", ""),
        ("02", "A", "1A"),
        ("02", "B", "1B"),
        ("03", "A", "2A"),
        ("03", "B", "2B"),
        ("03", "A", "1A"),
    ]
    later = [["2024-01-04T12:00:00", "A", "1", "", ""], ["2024-01-04T11:58:00", "A", "1", "", ""], ["2024-01-04T12:00:00", "new", "1", "", ""]]
    assert [row[-1] for row in transform.rows(later)] == ["3A", "2A", ""]


def test_a_value_that_is_older_still_by_more_than_within_is_none():
    rows = hours([str(i) for i in range(24)])
    transform, _, _ = fit(rows, lags=({"of": "rides", "back": "1h", "within": "2h", "name": "before"},))
    requests = [[f"2024-01-02T{hour:02}:00:00", "A", "1", "", ""] for hour in (0, 1, 2, 3)]
    assert [transform.rows([row])[0][-1] for row in requests] == ["23", "23", "23", ""]


def test_a_row_is_answered_alike_alone_and_among_others():
    transform, _, _ = fit(hours(["1", "2"]), lags=({"of": "heat", "back": "1h", "name": "heat_before"},))
    requests = [["2024-01-01T02:30:00", "A", "5", "", ""], ["2024-01-01T03:30:00", "A", "6", "", ""], ["2024-03-01T00:00:00", "A", "7", "", ""]]
    assert [row[-1] for row in transform.rows(requests)] == [transform.rows([row])[0][-1] for row in requests] == ["2", "", ""]


def test_more_history_than_an_artifact_may_hold_is_refused(monkeypatch):
    monkeypatch.setattr(fitting, "MOST_REMEMBERED", 10)
    with pytest.raises(ContractError, match="has 24 values to remember, at most 10"):
        fit(hours(["1"] * 24), lags=(DAILY,))
