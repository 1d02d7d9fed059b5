"""The state of an endpoint during a release: its variants' traffic, errors and latency, and the guard's findings."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cli.base import ledger
from cli.base.errors import CliError
from cli.base.session import Session
from noria.kernel.published_spec import PublishedSpec
from noria.release.analysis import weigh_traffic
from noria.release.analysis_plan import plan_observation
from noria.release.shapes.observation import Finding
from noria.sagemaker.metrics import MICROSECONDS_PER_MS, NAMESPACE

if TYPE_CHECKING:
    from types_boto3_sagemaker.type_defs import DescribeEndpointOutputTypeDef, ProductionVariantSummaryTypeDef

#: Counters of one metric: requests and hits of both variants.
COUNTERS = 4
#: How far back the counters go where no release is under way.
WINDOW = timedelta(hours=1)
PERIOD_SECONDS = 60
#: CloudWatch's metrics of a variant, with the statistic of a period.
METRICS = {"requests": ("Invocations", "Sum"), "errors": ("InvocationModelErrors", "Sum"), "p99": ("ModelLatency", "p99")}


@dataclass(frozen=True)
class VariantState:
    """One production variant, with its counters since the release began; `weight` is nothing for a shadow variant."""

    variant: str
    weight: float | None
    instances: int | None
    requests: float
    errors: float
    p99_ms: float


@dataclass(frozen=True)
class ReleaseState:
    """An endpoint at one moment.

    Attributes:
        findings: of the guard, while two variants serve.
        under_way: the ARN of the version that is released at this moment.
    """

    model: str
    endpoint: str
    status: str
    config: str | None
    variants: list[VariantState]
    findings: list[Finding]
    under_way: str | None


def release_state(session: Session, model: str) -> ReleaseState:
    """The state of a model's endpoint.

    Raises:
        CliError: no version serves, and no release is under way.
    """
    record = ledger.read(session, model)
    if record.champion is None and record.lock is None:
        raise CliError(f"no version of {model} serves yet; see: noria status {model}")
    description = session.sagemaker.describe_endpoint(EndpointName=session.endpoint(model))
    began = datetime.fromisoformat(record.lock["began"]) if record.lock else datetime.now(UTC) - WINDOW
    variants = [*description.get("ProductionVariants", []), *description.get("ShadowProductionVariants", [])]
    spec = record.spec if len(variants) > 1 else None
    return ReleaseState(
        model,
        description["EndpointName"],
        description["EndpointStatus"],
        description.get("EndpointConfigName"),
        [_variant(session, description["EndpointName"], variant, began) for variant in variants],
        guard_findings(session, spec, description, began) if spec else [],
        record.lock["package"] if record.lock else None,
    )


def _variant(session: Session, endpoint: str, variant: "ProductionVariantSummaryTypeDef", began: datetime) -> VariantState:
    name = variant["VariantName"]
    dimensions = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": name}]
    queries: Any = [
        {
            "Id": key,
            "MetricStat": {
                "Metric": {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": dimensions},
                "Period": PERIOD_SECONDS,
                "Stat": statistic,
            },
        }
        for key, (metric, statistic) in METRICS.items()
    ]
    response = session.cloudwatch.get_metric_data(MetricDataQueries=queries, StartTime=began, EndTime=datetime.now(UTC))
    series = {result["Id"]: result["Values"] for result in response["MetricDataResults"]}
    latency = max(series.get("p99", []), default=0.0) / MICROSECONDS_PER_MS
    requests, errors = sum(series.get("requests", [])), sum(series.get("errors", []))
    return VariantState(name, variant.get("CurrentWeight"), variant.get("CurrentInstanceCount"), requests, errors, latency)


def guard_findings(session: Session, spec: PublishedSpec, endpoint: "DescribeEndpointOutputTypeDef", began: datetime) -> list[Finding]:
    """The guard's findings on what CloudWatch has counted: by the machine's own function, on the machine's own counters."""
    config = str(endpoint.get("EndpointConfigName"))
    rollout = spec["rollout"]
    plan = plan_observation(endpoint["EndpointName"], config, rollout["strategy"], rollout, None)
    queries: Any = plan["counters"]
    response = session.cloudwatch.get_metric_data(MetricDataQueries=queries, StartTime=began, EndTime=datetime.now(UTC))
    results = [
        {"Id": result["Id"], "Timestamps": [time.timestamp() for time in result["Timestamps"]], "Values": list(result["Values"])}
        for result in response["MetricDataResults"]
    ]
    description = {"EndpointStatus": endpoint["EndpointStatus"], "EndpointConfigName": config}
    look: Any = {"observe": plan, "results": results, "endpoint": description, "lock": None, "look": 1, "share": plan["share"], "looks_at_share": 0}
    look |= {"changes": [began.isoformat()], "now": datetime.now(UTC).isoformat()}
    findings = weigh_traffic(look)["findings"]
    # Only the machine reads captured predictions.
    return findings[: len(plan["counters"]) // COUNTERS]
