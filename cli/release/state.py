"""The state of an endpoint during a release: its variants' traffic, errors and latency, and the guard's findings."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cli.base import ledger
from cli.base.errors import CliError
from cli.base.records import Champion
from cli.base.session import Session
from noria.kernel.published_spec import PublishedSpec
from noria.release import outlook
from noria.release.analysis import weigh_traffic
from noria.release.analysis_plan import plan_observation
from noria.release.shapes.observation import Finding
from noria.sagemaker.metrics import MICROSECONDS_PER_MS, NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_sagemaker.type_defs import (
        DescribeEndpointOutputTypeDef,
        PendingProductionVariantSummaryTypeDef,
        ProductionVariantSummaryTypeDef,
    )

#: Counters of one metric: requests and hits of both variants.
COUNTERS = 4
#: How far back the counters go where no release is under way.
WINDOW = timedelta(hours=1)
PERIOD_SECONDS = 60
#: Requests of so long ago tell how the traffic is shared now.
RECENT = timedelta(minutes=2)
#: CloudWatch's metrics of a variant, with the statistic of a period.
METRICS = {"requests": ("Invocations", "Sum"), "errors": ("InvocationModelErrors", "Sum"), "p99": ("ModelLatency", "p99")}


@dataclass(frozen=True)
class VariantState:
    """One variant, with its counters since the release began.

    Attributes:
        weight: nothing for a shadow variant, which gets a copy of the traffic, and while two fleets serve.
        shadow: whether it is one.
        config: of the variant's fleet, while an update brings a new one.
        stage: what SageMaker does with the new fleet, as `Baking`; nothing for the old one.
        recent: requests of the last minutes.
    """

    variant: str
    weight: float | None
    instances: int | None
    requests: float
    errors: float
    p99_ms: float
    shadow: bool = False
    config: str | None = None
    stage: str | None = None
    recent: float = 0.0


@dataclass(frozen=True)
class ReleaseState:
    """An endpoint at one moment.

    Attributes:
        findings: of the guard, while two variants serve.
        under_way: the ARN of the version that is released at this moment.
        outlook: what the release under way waits for, and how long that may take.
    """

    model: str
    endpoint: str
    status: str
    config: str | None
    variants: list[VariantState]
    findings: list[Finding]
    under_way: str | None
    outlook: str | None = None


def describe_endpoint(session: Session, name: str) -> "DescribeEndpointOutputTypeDef | None":
    """`DescribeEndpoint`; nothing where there is no such endpoint."""
    try:
        return session.sagemaker.describe_endpoint(EndpointName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationException":
            raise
        return None


def endpoint_serves(session: Session, champion: Champion) -> bool:
    """Whether the champion's endpoint is there with the configuration that was released."""
    endpoint = describe_endpoint(session, champion["endpoint"])
    return endpoint is not None and endpoint["EndpointStatus"] != "Failed" and endpoint.get("EndpointConfigName") == champion["config"]


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
    spec = record.spec if len([*description.get("ProductionVariants", []), *description.get("ShadowProductionVariants", [])]) > 1 else None
    return ReleaseState(
        model,
        description["EndpointName"],
        description["EndpointStatus"],
        description.get("EndpointConfigName"),
        [*_variants(session, description, began)],
        guard_findings(session, spec, description, began) if spec else [],
        record.lock["package"] if record.lock else None,
        outlook.duration(record.spec["rollout"], first=record.champion is None) if record.lock and record.spec else None,
    )


def _variants(session: Session, endpoint: "DescribeEndpointOutputTypeDef", began: datetime) -> "Iterator[VariantState]":
    """The variants that serve, and those of the fleet that an update brings."""
    name, pending = endpoint["EndpointName"], endpoint.get("PendingDeploymentSummary")
    config = endpoint.get("EndpointConfigName") if pending else None
    for variant in endpoint.get("ProductionVariants", []):
        yield _variant(session, name, variant, began, config=config)
    for variant in endpoint.get("ShadowProductionVariants", []):
        yield _variant(session, name, variant, began, shadow=True, config=config)
    for entry in pending.get("ProductionVariants", []) if pending else []:
        stage = next((str(status["Status"]) for status in entry.get("VariantStatus", [])), "Creating")
        yield _variant(session, name, entry, began, config=pending and pending["EndpointConfigName"], stage=stage)


def _variant(
    session: Session,
    endpoint: str,
    variant: "ProductionVariantSummaryTypeDef | PendingProductionVariantSummaryTypeDef",
    began: datetime,
    shadow: bool = False,
    config: str | None = None,
    stage: str | None = None,
) -> VariantState:
    name = variant["VariantName"]
    dimensions = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": name}]
    if config:
        # While two fleets serve, the configuration tells their requests apart.
        dimensions.append({"Name": "EndpointConfigName", "Value": config})
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
    now = datetime.now(UTC)
    results = session.cloudwatch.get_metric_data(MetricDataQueries=queries, StartTime=began, EndTime=now)["MetricDataResults"]
    series = {result["Id"]: result["Values"] for result in results}
    counts = [(time, value) for result in results if result["Id"] == "requests" for time, value in zip(result["Timestamps"], result["Values"], strict=True)]
    recent = sum(value for time, value in counts if time >= now - RECENT)
    latency = max(series.get("p99", []), default=0.0) / MICROSECONDS_PER_MS
    requests, errors = sum(series.get("requests", [])), sum(series.get("errors", []))
    weight = None if shadow or config else variant.get("CurrentWeight")
    return VariantState(name, weight, variant.get("CurrentInstanceCount"), requests, errors, latency, shadow, config, stage, recent)


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
