"""CloudWatch as releases need it: counts of values in a range, alarms by dimension, and their state changes as events.

The emulator keeps the data points and answers the API; it knows neither `TC(:)` and its kin, nor an alarm's dimensions, its
missing data, a state change on the bus, or the namespace that policies bound `PutMetricData` by. Sources: "CloudWatch statistics
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
#: `TC(100:200)` counts the values in a range, `TS` sums them, `PR` is their share in percent.
RANGED = re.compile(r"(TC|TS|PR)\(([\d.]*):([\d.]*)\)")
#: How often alarms are evaluated (seconds); CloudWatch does it with each period, ten seconds at the least.
EVALUATION_SECONDS, SHORTEST_EVALUATION_SECONDS = 10.0, 0.5
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": lambda value, limit: value >= limit,
    "GreaterThanThreshold": lambda value, limit: value > limit,
    "LessThanThreshold": lambda value, limit: value < limit,
    "LessThanOrEqualToThreshold": lambda value, limit: value <= limit,
}
#: Accounts and regions in which an alarm was made: the evaluation goes through them.
_scopes: set[tuple[str, str]] = set()


def install() -> None:
    """Mend the emulator's statistics and alarms, and evaluate alarms as time goes by."""
    value, stored, reported, answered = cloudwatch._stat_value, cloudwatch._put_metric_alarm, cloudwatch._dispatch_alarm_actions, cloudwatch._get_metric_data

    def stat_value(stats: Json, name: str, points: list[Json] | None = None) -> Any:
        return _ranged(RANGED.fullmatch(name), points or []) if RANGED.fullmatch(name) else value(stats, name, points)

    def put_metric_alarm(*request: Any, **more: Any) -> Any:
        _scopes.add((get_account_id(), get_region()))
        return stored(*request, **more)

    def dispatch(alarm: Json, old_state: str, new_state: str, reason: str) -> None:
        _tell(alarm, old_state, new_state, reason)
        reported(alarm, old_state, new_state, reason)

    def get_metric_data(params: Any, data: Json, *protocol: Any, **more: Any) -> Any:
        for query in data.get("MetricDataQueries", []) if isinstance(data, dict) else []:
            if "MetricStat" in query:
                query["MetricStat"]["Period"] = clock.period(int(query["MetricStat"]["Period"]))
        return answered(params, data, *protocol, **more)

    cloudwatch._stat_value = stat_value
    cloudwatch._put_metric_alarm = put_metric_alarm
    cloudwatch._dispatch_alarm_actions = dispatch
    cloudwatch._get_metric_data = get_metric_data
    cloudwatch._evaluate_alarm = evaluate
    made = cloudwatch.cloudformation_put_metric_alarm

    def by_cloudformation(alarm: Json) -> None:
        _scopes.add((get_account_id(), get_region()))
        made(alarm)

    cloudwatch.cloudformation_put_metric_alarm = by_cloudformation
    context = iam_actions.request_tag_context

    def request_tag_context(service: str, action: str, body: bytes, query: Any) -> Any:
        found = context(service, action, body, query)
        return {**found, "cloudwatch:namespace": _namespace(body, query)} if action == "cloudwatch:PutMetricData" else found

    iam_actions.request_tag_context = request_tag_context
    threading.Thread(target=_keep_evaluating, daemon=True, name="alarms").start()


def _namespace(body: bytes, query: Any) -> str | None:
    """The namespace of a `PutMetricData`, in whichever protocol it was sent; policies bound it by that."""
    if named := query.get("Namespace"):
        return str(named[0] if isinstance(named, list) else named)
    try:
        told = json.loads(body) if body[:1] == b"{" else cbor2.loads(body)
    except (ValueError, cbor2.CBORDecodeError):
        return None
    return told.get("Namespace") if isinstance(told, dict) else None


def record(namespace: str, dimensions: dict[str, str], values: dict[str, tuple[float, str]]) -> None:
    """Data points of now, by metric: value and unit."""
    for metric, (value, unit) in values.items():
        cloudwatch.record_metric(namespace, metric, value, unit, dimensions)


def state_of(alarm: str) -> str | None:
    """`OK`, `ALARM` or `INSUFFICIENT_DATA`; nothing where there is no such alarm."""
    found = cloudwatch._alarms.get(alarm) or cloudwatch._composite_alarms.get(alarm)
    return found["StateValue"] if found else None


def recent(namespace: str, metric: str, dimensions: dict[str, str], statistic: str, periods: int) -> list[float | None]:
    """A statistic of the last minutes, the one under way apart, newest first; nothing where nothing was measured."""
    wanted = {"Namespace": namespace, "MetricName": metric, "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()]}
    return _windows(wanted, time.time(), clock.period(60), periods + 1, statistic)[1:]


def evaluate(alarm: Json) -> None:
    """Bring one alarm to the state that its data ask for; one of metric math, or with nothing to say, stays as it is."""
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
    needed = int(alarm.get("DatapointsToAlarm") or periods)
    name = alarm.get("ExtendedStatistic") or alarm.get("Statistic", "Average")
    breaches = COMPARISONS[alarm["ComparisonOperator"]]
    values = _windows(alarm, now, length, periods, name)
    missing = alarm.get("TreatMissingData", "missing")
    present = [value for value in values if value is not None]
    if not present and missing in ("missing", "ignore"):
        return ("INSUFFICIENT_DATA" if missing == "missing" else None), "no data points were received"
    breaching = sum(breaches(value, alarm["Threshold"]) if value is not None else missing == "breaching" for value in values)
    shown = ", ".join("missing" if value is None else f"{value:g}" for value in values)
    reason = f"Threshold Crossed: {breaching} of {periods} data points [{shown}] ({name} of {alarm['MetricName']}), threshold {alarm['Threshold']:g}"
    return ("ALARM" if breaching >= needed else "OK"), reason


def _windows(alarm: Json, now: float, length: int, periods: int, statistic: str) -> list[float | None]:
    """The statistic of the last periods, the one under way included, newest first."""
    dimensions = cloudwatch._dims_key({item["Name"]: item["Value"] for item in alarm.get("Dimensions") or []})
    points = cloudwatch._metrics.get((alarm["Namespace"], alarm["MetricName"], dimensions), [])
    values: list[float | None] = []
    for back in range(periods):
        end = now - back * length
        inside = [point for point in points if end - length <= point["Timestamp"] < end]
        values.append(cloudwatch._stat_value(cloudwatch._calc_stats(inside), statistic, inside) if inside else None)
    return values


def _keep_evaluating() -> None:
    while True:
        time.sleep(max(SHORTEST_EVALUATION_SECONDS, clock.scaled(EVALUATION_SECONDS)))
        for account, region in list(_scopes):
            with request_scope(account, region):
                cloudwatch._evaluate_all_alarms()


def _ranged(match: re.Match[str] | None, points: list[Json]) -> float:
    assert match
    low, high = float(match[2] or -math.inf), float(match[3] or math.inf)
    parts = [(count, total) for count, total, least, most in map(cloudwatch._point_stats, points) if low < least and most <= high]
    count = sum(part[0] for part in parts)
    if match[1] == "PR":
        every = sum(cloudwatch._point_stats(point)[0] for point in points)
        return 100.0 * count / every if every else 0.0
    return float(count if match[1] == "TC" else sum(part[1] for part in parts))


def _tell(alarm: Json, old_state: str, new_state: str, reason: str) -> None:
    """`CloudWatch Alarm State Change` on the default bus."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+0000")
    metric = {"namespace": alarm.get("Namespace"), "name": alarm.get("MetricName")}
    metric["dimensions"] = {item["Name"]: item["Value"] for item in alarm.get("Dimensions") or []}
    shown = {"metric": metric, "period": alarm.get("Period", 60), "stat": alarm.get("ExtendedStatistic") or alarm.get("Statistic")}
    detail = {
        "alarmName": alarm["AlarmName"],
        "state": {"value": new_state, "reason": reason, "timestamp": now},
        "previousState": {"value": old_state},
        "configuration": {
            "description": alarm.get("AlarmDescription", ""),
            "metrics": [{"id": str(uuid.uuid4()), "metricStat": shown, "returnData": True}],
        },
    }
    entry = {"Source": "aws.cloudwatch", "DetailType": "CloudWatch Alarm State Change", "Detail": json.dumps(detail), "Resources": [alarm["AlarmArn"]]}
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
