"""CloudWatch's metrics of endpoints: names, units, dimensions and queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from types_boto3_cloudwatch.type_defs import DimensionTypeDef, MetricDataQueryTypeDef, MetricStatTypeDef, MetricTypeDef

NAMESPACE = "AWS/SageMaker"
#: CloudWatch counts endpoints by the minute.
PERIOD_SECONDS = 60
MICROSECONDS_PER_MS = 1_000


class Statistic(NamedTuple):
    """One statistic of one metric."""

    namespace: str
    metric: str
    statistic: str


INVOCATIONS = Statistic(NAMESPACE, "Invocations", "Sum")
MODEL_ERRORS = Statistic(NAMESPACE, "InvocationModelErrors", "Sum")
LATENCIES = Statistic(NAMESPACE, "ModelLatency", "SampleCount")


def slower_than(milliseconds: float) -> Statistic:
    """Requests for which the model takes longer: a trimmed count."""
    return Statistic(NAMESPACE, "ModelLatency", f"TC({milliseconds * MICROSECONDS_PER_MS:.0f}:)")


def variant_dimensions(endpoint: str, variant: str) -> list[DimensionTypeDef]:
    """The dimensions of one variant's metrics."""
    return [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": variant}]


def query(name: str, statistic: Statistic, dimensions: Sequence[DimensionTypeDef]) -> MetricDataQueryTypeDef:
    """One query of `GetMetricData`, by the minute."""
    metric: MetricTypeDef = {"Namespace": statistic.namespace, "MetricName": statistic.metric, "Dimensions": dimensions}
    counter: MetricStatTypeDef = {"Metric": metric, "Period": PERIOD_SECONDS, "Stat": statistic.statistic}
    return {"Id": name, "MetricStat": counter, "ReturnData": True}
