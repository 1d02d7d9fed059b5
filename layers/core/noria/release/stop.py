"""Stops a release under way: the reason, and the alarm by which SageMaker's deployment guardrails go back at once.

SageMaker has no call that ends an `UpdateEndpoint`, and refuses another one meanwhile; it goes back when an alarm of the update's
`AutoRollbackConfiguration` goes off. `SetAlarmState` alone lasts until the next evaluation, so the alarm is put anew as well: its
metric has no data points, and `TreatMissingData` decides its state for as long as is wanted. Sources: "Auto-Rollback Configuration and
Monitoring", SageMaker developer guide; "SetAlarmState", CloudWatch API reference; "Configuring how CloudWatch alarms treat missing data",
CloudWatch user guide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.kernel.verdict import Reason
from noria.sagemaker import metrics

if TYPE_CHECKING:
    from noria.release.shapes.deployment import StopAlarm

#: What a newer version writes into the lock of the release under way.
SUPERSEDE = "supersede"
#: Codes of the reasons for which a release is stopped.
SUPERSEDED, REQUESTED = "Superseded", "RollbackRequested"


def stop_reason(request: str | None) -> Reason | None:
    """Why a release shall end early, by the request in its lock; nothing where nobody has asked."""
    if not request:
        return None
    if request == SUPERSEDE:
        return Reason(SUPERSEDED, "a newer version was approved, and rollout.busy is supersede", request)
    return Reason(REQUESTED, f"a rollback was asked for: {request}", request)


def stop_alarm_name(prefix: str, model: str) -> str:
    """The alarm that stops a release by guardrails; its name is none by which a rollback is started."""
    return f"{prefix}-stop/{model}"


def stop_alarm(prefix: str, model: str, on: bool) -> StopAlarm:
    """The requests that switch a model's stop alarm on or off, for good and at once."""
    name = stop_alarm_name(prefix, model)
    return {
        "put": {
            "AlarmName": name,
            "AlarmDescription": f"a release of {model} by deployment guardrails shall go back; switched by a rollback",
            "Namespace": "Noria/Models",
            "MetricName": "StopRequested",
            "Dimensions": [{"Name": "Model", "Value": model}],
            "Statistic": "Maximum",
            "Period": metrics.PERIOD_SECONDS,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "breaching" if on else "notBreaching",
        },
        "set": {
            "AlarmName": name,
            "StateValue": "ALARM" if on else "OK",
            "StateReason": f"the release of {model} under way was asked to end" if on else f"no release of {model} was asked to end",
        },
    }
