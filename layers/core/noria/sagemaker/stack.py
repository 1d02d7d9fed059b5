"""The names of the stack that requests need, and the tags that they carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from noria.kernel.json import Json


@dataclass(frozen=True)
class StackResources:
    """Names in the stack.

    Attributes:
        prefix: every name of the stack begins with it.
        artifacts, lake: the buckets.
        execution_role, training_role, processing_role: ARNs of the roles of endpoints and transforms, training and processing jobs.
    """

    prefix: str
    artifacts: str
    execution_role: str
    training_role: str = ""
    processing_role: str = ""
    lake: str = ""


def tags(model: str, stage: str, run: str) -> list[Json]:
    """The tags by which Cost Explorer tells who spends."""
    return [{"Key": key, "Value": value} for key, value in (("noria:model", model), ("noria:stage", stage), ("noria:run", run))]
