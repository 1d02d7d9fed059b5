"""CloudWatch: trimmed statistics, alarms by dimension and with missing data, and alarm state changes as events.

The emulator stores the data points and serves the API; it lacks `TC(:)` and its kin, an alarm's dimensions and missing data, its
events, and the namespace as a condition of `PutMetricData`. Sources: "CloudWatch statistics
definitions", "Configuring how CloudWatch alarms treat missing data" and "Alarm events and EventBridge", CloudWatch user guide.
"""

import json
import math
import re
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import cbor2
from ministack.core import iam_actions
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import cloudwatch, eventbridge

from local import clock

Json = dict[str, Any]
#: `TC(100:200)` is the count of values in a range, `TS` their sum, `PR` their share in percent.
RANGE_STATISTIC = re.compile(r"(TC|TS|PR)\(([\d.]*):([\d.]*)\)")
#: Time between two evaluations of an alarm (seconds); CloudWatch evaluates once a period, every ten seconds at most.
EVALUATION_SECONDS, SHORTEST_EVALUATION_SECONDS = 10.0, 0.5
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": lambda value, limit: value >= limit,
    "GreaterThanThreshold": lambda value, limit: value > limit,
    "LessThanThreshold": lambda value, limit: value < limit,
    "LessThanOrEqualToThreshold": lambda value, limit: value <= limit,
}
#: Accounts and regions with an alarm.
_scopes: set[tuple[str, str]] = set()


def install() -> None:
    """Replace the emulator's statistics and alarms, and evaluate alarms from now on."""
    _install_statistics()
    _install_alarms()
    _install_namespace_condition()
    threading.Thread(target=_evaluate_forever, daemon=True, name="alarms").start()


def _install_statistics() -> None:
    """Serve range statistics, and shorten the periods of `GetMetricData` by the speed."""
    emulator_stat, emulator_data = cloudwatch._stat_value, cloudwatch._get_metric_data

    def stat_value(stats: Json, name: str, points: list[Json] | None = None) -> Any:
        return _range_statistic(match, points or []) if (match := RANGE_STATISTIC.fullmatch(name)) else emulator_stat(stats, name, points)

    def get_metric_data(params: Any, data: Json, *protocol: Any, **more: Any) -> Any:
        for query in data.get("MetricDataQueries", []) if isinstance(data, dict) else []:
            if "MetricStat" in query:
                query["MetricStat"]["Period"] = clock.period(int(query["MetricStat"]["Period"]))
        return emulator_data(params, data, *protocol, **more)

    cloudwatch._stat_value, cloudwatch._get_metric_data = stat_value, get_metric_data


def _install_alarms() -> None:
    """Evaluate alarms by `evaluate`, and publish their state changes."""
    emulator_put, emulator_resource, emulator_actions = (
        cloudwatch._put_metric_alarm,
        cloudwatch.cloudformation_put_metric_alarm,
        cloudwatch._dispatch_alarm_actions,
    )

    def put_metric_alarm(*request: Any, **more: Any) -> Any:
        _scopes.add((get_account_id(), get_region()))
        return emulator_put(*request, **more)

    def put_alarm_resource(alarm: Json) -> None:
        _scopes.add((get_account_id(), get_region()))
        emulator_resource(alarm)

    def dispatch(alarm: Json, old_state: str, new_state: str, reason: str) -> None:
        _publish_state_change(alarm, old_state, new_state, reason)
        emulator_actions(alarm, old_state, new_state, reason)

    cloudwatch._put_metric_alarm, cloudwatch.cloudformation_put_metric_alarm = put_metric_alarm, put_alarm_resource
    cloudwatch._dispatch_alarm_actions, cloudwatch._evaluate_alarm = dispatch, evaluate


def _install_namespace_condition() -> None:
    """Give IAM `cloudwatch:namespace` of a `PutMetricData`."""
    emulator_context = iam_actions.request_tag_context

    def request_tag_context(service: str, action: str, body: bytes, query: Any) -> Any:
        context = emulator_context(service, action, body, query)
        return {**context, "cloudwatch:namespace": _namespace(body, query)} if action == "cloudwatch:PutMetricData" else context

    iam_actions.request_tag_context = request_tag_context


def _namespace(body: bytes, query: Any) -> str | None:
    """The namespace of a `PutMetricData`, in any of its protocols."""
    if namespace := query.get("Namespace"):
        return str(namespace[0] if isinstance(namespace, list) else namespace)
    try:
        request = json.loads(body) if body[:1] == b"{" else cbor2.loads(body)
    except (ValueError, cbor2.CBORDecodeError):
        return None
    return request.get("Namespace") if isinstance(request, dict) else None


def record(namespace: str, dimensions: dict[str, str], values: dict[str, tuple[float, str]]) -> None:
    """Store data points of now.

    Args:
        values: value and unit, by metric.
    """
    for metric, (value, unit) in values.items():
        cloudwatch.record_metric(namespace, metric, value, unit, dimensions)


def state_of(alarm: str) -> str | None:
    """`OK`, `ALARM` or `INSUFFICIENT_DATA`; None where there is no such alarm."""
    record = cloudwatch._alarms.get(alarm) or cloudwatch._composite_alarms.get(alarm)
    return record["StateValue"] if record else None


def recent_values(namespace: str, metric: str, dimensions: dict[str, str], statistic: str, periods: int) -> list[float | None]:
    """A statistic of the last whole minutes, newest first; None for a minute without data."""
    source = {"Namespace": namespace, "MetricName": metric, "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()]}
    return _period_values(source, time.time(), clock.period(60), periods + 1, statistic)[1:]


def evaluate(alarm: Json) -> None:
    """Set the state of one alarm by its data; an alarm on metric math keeps its state."""
    if not alarm.get("Namespace") or not alarm.get("MetricName"):
        return
    state, reason = _state(alarm, time.time())
    old = alarm["StateValue"]
    if state is None or state == old:
        return
    alarm.update(StateValue=state, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
    cloudwatch._record_history(alarm["AlarmName"], old, state, reason)
    cloudwatch._dispatch_alarm_actions(alarm, old, state, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def _state(alarm: Json, now: float) -> tuple[str | None, str]:
    length, periods = clock.period(int(alarm.get("Period", 60))), int(alarm.get("EvaluationPeriods", 1))
    needs = int(alarm.get("DatapointsToAlarm") or periods)
    name = alarm.get("ExtendedStatistic") or alarm.get("Statistic", "Average")
    breaches = COMPARISONS[alarm["ComparisonOperator"]]
    values = _period_values(alarm, now, length, periods, name)
    missing = alarm.get("TreatMissingData", "missing")
    present = [value for value in values if value is not None]
    if not present and missing in ("missing", "ignore"):
        return ("INSUFFICIENT_DATA" if missing == "missing" else None), "no data points were received"
    breaching = sum(breaches(value, alarm["Threshold"]) if value is not None else missing == "breaching" for value in values)
    points = ", ".join("missing" if value is None else f"{value:g}" for value in values)
    reason = f"Threshold Crossed: {breaching} of {periods} data points [{points}] ({name} of {alarm['MetricName']}), threshold {alarm['Threshold']:g}"
    return ("ALARM" if breaching >= needs else "OK"), reason


def _period_values(alarm: Json, now: float, length: int, periods: int, statistic: str) -> list[float | None]:
    """The statistic of the last periods, with the one under way, newest first; None for a period without data."""
    dimensions = cloudwatch._dims_key({item["Name"]: item["Value"] for item in alarm.get("Dimensions") or []})
    points = cloudwatch._metrics.get((alarm["Namespace"], alarm["MetricName"], dimensions), [])
    values: list[float | None] = []
    for back in range(periods):
        end = now - back * length
        inside = [point for point in points if end - length <= point["Timestamp"] < end]
        values.append(cloudwatch._stat_value(cloudwatch._calc_stats(inside), statistic, inside) if inside else None)
    return values


def _evaluate_forever() -> None:
    while True:
        time.sleep(max(SHORTEST_EVALUATION_SECONDS, clock.scaled(EVALUATION_SECONDS)))
        for account, region in list(_scopes):
            with request_scope(account, region):
                cloudwatch._evaluate_all_alarms()


def _range_statistic(match: re.Match[str], points: list[Json]) -> float:
    low, high = float(match[2] or -math.inf), float(match[3] or math.inf)
    parts = [(count, total) for count, total, least, most in map(cloudwatch._point_stats, points) if low < least and most <= high]
    count = sum(part[0] for part in parts)
    if match[1] == "PR":
        every = sum(cloudwatch._point_stats(point)[0] for point in points)
        return 100.0 * count / every if every else 0.0
    return float(count if match[1] == "TC" else sum(part[1] for part in parts))


def _publish_state_change(alarm: Json, old_state: str, new_state: str, reason: str) -> None:
    """Send `CloudWatch Alarm State Change` to the default bus."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+0000")
    metric = {"namespace": alarm.get("Namespace"), "name": alarm.get("MetricName")}
    metric["dimensions"] = {item["Name"]: item["Value"] for item in alarm.get("Dimensions") or []}
    metric_stat = {"metric": metric, "period": alarm.get("Period", 60), "stat": alarm.get("ExtendedStatistic") or alarm.get("Statistic")}
    detail = {
        "alarmName": alarm["AlarmName"],
        "state": {"value": new_state, "reason": reason, "timestamp": now},
        "previousState": {"value": old_state},
        "configuration": {
            "description": alarm.get("AlarmDescription", ""),
            "metrics": [{"id": str(uuid.uuid4()), "metricStat": metric_stat, "returnData": True}],
        },
    }
    entry = {"Source": "aws.cloudwatch", "DetailType": "CloudWatch Alarm State Change", "Detail": json.dumps(detail), "Resources": [alarm["AlarmArn"]]}
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
