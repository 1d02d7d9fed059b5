"""Alarms on a champion."""

from noria.release.alarms import plan_alarms


def test_what_monitoring_finds_shows_as_an_alarm_and_starts_no_rollback():
    errors, causes = plan_alarms({"prefix": "noria", "model": "m", "endpoint": "noria-m"})["alarms"]
    assert errors["AlarmName"].startswith("noria/m/")
    assert (causes["AlarmName"], causes["MetricName"]) == ("noria-monitoring/m", "Causes")
    assert not causes["AlarmName"].startswith("noria/")


def test_the_alarm_on_errors_goes_off_at_five_per_cent_in_three_of_five_minutes_and_not_for_silence():
    errors, _ = plan_alarms({"prefix": "noria", "model": "m", "endpoint": "noria-m"})["alarms"]
    assert (errors["Threshold"], errors["DatapointsToAlarm"], errors["EvaluationPeriods"], errors["Period"]) == (0.05, 3, 5, 60)
    assert (errors["Statistic"], errors["MetricName"], errors["TreatMissingData"]) == ("Average", "Invocation5XXErrors", "notBreaching")
    assert errors["Dimensions"] == [{"Name": "EndpointName", "Value": "noria-m"}, {"Name": "VariantName", "Value": "main"}]
    assert errors["ComparisonOperator"] == "GreaterThanThreshold"


def test_the_alarm_on_monitoring_shows_the_last_hour_s_causes_and_stays_in_silence():
    _, causes = plan_alarms({"prefix": "noria", "model": "m", "endpoint": "noria-m"})["alarms"]
    assert (causes["Namespace"], causes["Statistic"], causes["Threshold"], causes["Period"]) == ("Noria/Models", "Maximum", 1, 3600)
    assert (causes["Dimensions"], causes["TreatMissingData"]) == ([{"Name": "Model", "Value": "m"}], "ignore")
