"""Shapes of `deploy`, `smoke_test` and `put_alarms`: what brings a version to its endpoint."""

from __future__ import annotations

from typing import Literal, TypedDict

from noria.kernel.shapes import Invocation
from noria.release.shapes.requests import AwsRequest


class ScalingRequests(TypedDict):
    """`RegisterScalableTarget` and `PutScalingPolicy` of one variant."""

    register: AwsRequest
    follow: AwsRequest


class Scaling(TypedDict):
    """What `deploy` does about autoscaling: `fallback` applies where the endpoint does not reach the configuration."""

    pause: list[AwsRequest]
    resume: list[ScalingRequests]
    fallback: list[ScalingRequests]


class DeployInput(Scaling):
    """The input of `deploy`; `config` is null where the configuration exists already."""

    config: AwsRequest | None
    create: AwsRequest
    update: AwsRequest


class StopAlarm(TypedDict):
    """Switches the alarm by which SageMaker's guardrails go back: `PutMetricAlarm`, which lasts, and `SetAlarmState`, which acts at once."""

    put: AwsRequest
    set: AwsRequest


class SmokeComparison(TypedDict):
    """Keys of the predictions of the smoke rows and of the holdout's, and how many rows are compared."""

    bucket: str
    predictions: str
    expected: str
    rows: int


class SmokeTest(TypedDict):
    """The input of `smoke_test`."""

    create_model: AwsRequest
    transform: AwsRequest
    comparison: SmokeComparison


class ComparePredictionsInput(SmokeComparison, Invocation):
    """One smoke test whose transform has ended."""

    model: str
    release: str


class ComparePredictionsResult(TypedDict):
    """All predictions are equal."""

    outcome: Literal["equal"]
    rows: int


class PlanAlarmsInput(Invocation):
    """A release that completed."""

    model: str
    prefix: str
    release: str
    endpoint: str


class PlanAlarmsResult(TypedDict):
    """Requests of `PutMetricAlarm`."""

    outcome: Literal["planned"]
    alarms: list[AwsRequest]
