"""What SageMaker answers to a description, as far as it is read here. Only type checkers and tests import it."""

from __future__ import annotations

from typing import TypedDict

from noria.kernel.shapes import FailureShape


class VariantDescription(TypedDict, total=False):
    """One variant of `DescribeEndpoint`."""

    VariantName: str
    CurrentInstanceCount: int
    CurrentWeight: float


class EndpointDescription(TypedDict, total=False):
    """The result of `DescribeEndpoint`."""

    EndpointName: str
    EndpointStatus: str
    EndpointConfigName: str
    FailureReason: str
    ProductionVariants: list[VariantDescription]


class DeployedEndpoint(EndpointDescription, total=False):
    """The output of the machine `deploy`: the endpoint's last description.

    `Refusal` is the error of a refused call, `ScalingFailure` that of autoscaling, either null where nothing failed; `PreviousConfig` is
    the configuration before the update, null where nothing was updated.
    """

    Refusal: FailureShape | None
    ScalingFailure: FailureShape | None
    PreviousConfig: str | None


class MetricSeries(TypedDict):
    """One result of `GetMetricData`: the times at which periods begin (ISO 8601, or seconds since the epoch) and their values."""

    Id: str
    Timestamps: list[str | float]
    Values: list[float]
