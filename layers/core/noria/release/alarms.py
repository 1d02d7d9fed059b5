"""Alarms on a champion: on its errors, which start a rollback, and on its monitoring, which only show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.release.variants import MAIN
from noria.sagemaker.metrics import NAMESPACE, PERIOD_SECONDS, variant_dimensions

if TYPE_CHECKING:
    from types_boto3_cloudwatch.type_defs import PutMetricAlarmInputTypeDef

    from noria.release.shapes.deployment import PlanAlarmsInput, PlanAlarmsResult

#: Share of requests that fail, in three of five minutes, at which the alarm goes off.
ALARM_ERRORS = 0.05
#: Between two monitoring runs of a champion.
MONITORING_SECONDS = 3_600


def plan_alarms(event: PlanAlarmsInput) -> PlanAlarmsResult:
    """Plan the alarms on the champion of a model."""
    prefix, model = event["prefix"], event["model"]
    return {"outcome": "planned", "alarms": [error_alarm(alarm_name(prefix, model), event["endpoint"]), monitoring_alarm(prefix, model)]}


def error_alarm(name: str, endpoint: str) -> PutMetricAlarmInputTypeDef:
    """`PutMetricAlarm`: the endpoint fails requests."""
    return {
        "AlarmName": name,
        "AlarmDescription": f"{endpoint} fails requests; the release before it is restored",
        "Namespace": NAMESPACE,
        "MetricName": "Invocation5XXErrors",
        "Dimensions": variant_dimensions(endpoint, MAIN),
        "Statistic": "Average",
        "Period": PERIOD_SECONDS,
        "EvaluationPeriods": 5,
        "DatapointsToAlarm": 3,
        "Threshold": ALARM_ERRORS,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }


def monitoring_alarm(prefix: str, model: str) -> PutMetricAlarmInputTypeDef:
    """`PutMetricAlarm`: the last monitoring run has a cause for concern. It shows a state; the event pages, once a cause."""
    return {
        "AlarmName": f"{prefix}-monitoring/{model}",
        "AlarmDescription": f"the last look at {model} found a cause for concern: noria drift {model}",
        "Namespace": "Noria/Models",
        "MetricName": "Causes",
        "Dimensions": [{"Name": "Model", "Value": model}],
        "Statistic": "Maximum",
        "Period": MONITORING_SECONDS,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "ignore",
    }


def alarm_name(prefix: str, model: str) -> str:
    """The alarm on errors. Any alarm whose name begins with stack and model starts a rollback; an owner's may end otherwise."""
    return f"{prefix}/{model}/errors"
