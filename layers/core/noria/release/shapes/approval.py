"""Shapes of `approve`: the decision on a registered version, and what is recorded of an approval."""

from __future__ import annotations

from typing import Literal, TypedDict

from noria.kernel.published_spec import PublishedSpec
from noria.kernel.shapes import Invocation, VerdictShape
from noria.release.shapes.requests import AwsRequest


class DecideApprovalInput(Invocation):
    """A registered version and its evaluation.

    `champion_metrics` are the champion's on the same rows, null where none was compared; `bytes` is the size of the version's artifact;
    `accepted_at` is when its dataset was accepted, null where the ledger does not say.
    """

    model: str
    run: str
    package: str
    spec: PublishedSpec
    rows: int
    metrics: dict[str, float]
    champion_metrics: dict[str, float] | None
    bytes: int
    accepted_at: str | None
    now: str
    topic: str


class DecideApprovalResult(TypedDict):
    """`request` writes the approval into the registry; `notice` asks the approvers, `expiry` rejects a version that nobody has answered."""

    outcome: Literal["approved", "pending"]
    verdict: VerdictShape
    request: AwsRequest | None
    notice: AwsRequest | None
    expires_seconds: int
    expiry: AwsRequest | None


class ApprovalFacts(TypedDict):
    """What the registry says of an approval."""

    by: str | None
    comment: str | None


class ApprovalShape(TypedDict):
    """Who approved a version, when, and with which comment."""

    by: str | None
    at: str
    comment: str | None
