"""Requests to endpoints without a pause, the metrics of them, and the guardrails of an update."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from tests.local.aws.waiting import until

#: More than a server has threads.
CLIENTS = 12


@contextmanager
def steady_requests(endpoints, name: str) -> Iterator[list[bytes | ClientError]]:
    """Threads that ask without a pause; yields their responses, errors among them."""
    responses, done = [], threading.Event()

    def ask():
        while not done.is_set():
            try:
                responses.append(endpoints.ask(name, "x")["Body"])
            except ClientError as error:
                responses.append(error)

    threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        until(lambda: responses)
        yield responses
    finally:
        done.set()
        for thread in threads:
            thread.join()


def metric_sum(cloudwatch: Any, endpoint: str, variant: str, metric: str, statistic: str, **more: str) -> float:
    """The sum over the last minutes of a metric's statistic, by more dimensions where they are given."""
    dimensions = [{"Name": name, "Value": value} for name, value in {"EndpointName": endpoint, "VariantName": variant, **more}.items()]
    stat = {"Metric": {"Namespace": "AWS/SageMaker", "MetricName": metric, "Dimensions": dimensions}, "Period": 60, "Stat": statistic}
    now = datetime.now(UTC)
    response = cloudwatch.get_metric_data(MetricDataQueries=[{"Id": "m", "MetricStat": stat}], StartTime=now - timedelta(minutes=5), EndTime=now)
    return sum(response["MetricDataResults"][0]["Values"])


def canary(alarm: str, bake: int) -> dict[str, Any]:
    """`DeploymentConfig`: half of the traffic bakes for so many seconds, and an alarm undoes the update."""
    size = {"Type": "CAPACITY_PERCENT", "Value": 50}
    routing = {"Type": "CANARY", "WaitIntervalInSeconds": bake, "CanarySize": size}
    rollback = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm}]}}
    return {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": 0}, **rollback}


def scalable_target(endpoint: str, variant: str = "only") -> dict[str, str]:
    """The members by which Application Auto Scaling names a variant."""
    resource = f"endpoint/{endpoint}/variant/{variant}"
    return {"ServiceNamespace": "sagemaker", "ScalableDimension": "sagemaker:variant:DesiredInstanceCount", "ResourceId": resource}
