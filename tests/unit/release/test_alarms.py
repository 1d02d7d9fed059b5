"""Alarms on a champion."""

from noria.release.alarms import plan_alarms


def test_what_monitoring_finds_shows_as_an_alarm_and_starts_no_rollback():
    errors, causes = plan_alarms({"prefix": "noria", "model": "m", "endpoint": "noria-m"})["alarms"]
    assert errors["AlarmName"].startswith("noria/m/")
    assert (causes["AlarmName"], causes["MetricName"]) == ("noria-monitoring/m", "Causes")
    assert not causes["AlarmName"].startswith("noria/")
