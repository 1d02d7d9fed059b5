"""Shapes of `acquire_lock`: an approved version that asks for the lock of its model."""

from __future__ import annotations

from typing import Literal, TypedDict

from noria.kernel.json import Json
from noria.kernel.published_spec import PublishedSpec
from noria.kernel.shapes import EventContextShape, Invocation, VerdictShape
from noria.release.shapes.requests import AwsRequest

#: What a version was registered with: a map of texts in the model registry.
VersionMetadata = dict[str, str]


class ApprovedVersion(TypedDict):
    """An approved version of a model; `approved_at` as the registry's event has it."""

    model: str
    package: str
    metadata: VersionMetadata
    approved_at: str


class PlanAdmissionInput(ApprovedVersion, Invocation):
    """A version that asks for the lock of its model; `owner` is the execution that will hold it."""

    prefix: str
    spec: PublishedSpec
    ledger: str
    owner: str
    now: str
    cause: EventContextShape


class PlanAdmissionResult(TypedDict):
    """`transaction` takes the lock and records the release, null in a freeze; `record` records that the release waits, null otherwise.

    `seconds` is how long to wait for the next plan; `spec` has every field of the present version.
    """

    outcome: Literal["go", "frozen"]
    verdict: VerdictShape
    seconds: int
    transaction: AwsRequest | None
    record: AwsRequest | None
    entry: Json
    spec: PublishedSpec


class ReleaseNamesShape(TypedDict):
    """`noria.release.names.ReleaseNames` as JSON."""

    release: str
    endpoint: str
    config: str


class RolloutSubject(ReleaseNamesShape):
    """What every event of a rollout says of its release."""

    model_package_arn: str
    strategy: str
    run: str
    spec: str
