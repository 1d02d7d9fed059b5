"""The names of a stack's resources that requests need, and the tags that requests carry."""

from __future__ import annotations

from dataclasses import dataclass

#: Tags of a resource, as AWS takes them.
Tags = list[dict[str, str]]


@dataclass(frozen=True)
class StackResources:
    """Names of the stack's resources.

    Attributes:
        prefix: of every name in the stack.
        artifacts, lake: the buckets.
        execution_role, training_role, processing_role: ARNs of the roles of endpoints and transforms, training and processing jobs.
    """

    prefix: str
    artifacts: str
    execution_role: str
    training_role: str = ""
    processing_role: str = ""
    lake: str = ""


def tags(model: str, stage: str, run: str) -> Tags:
    """The tags by which Cost Explorer assigns costs to models and runs."""
    return [{"Key": key, "Value": value} for key, value in (("noria:model", model), ("noria:stage", stage), ("noria:run", run))]
