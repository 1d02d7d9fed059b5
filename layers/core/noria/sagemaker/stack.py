"""The names of a stack's resources that requests need, and the tags that requests carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_sagemaker.type_defs import TagTypeDef

#: Tags of a resource.
type Tags = list[TagTypeDef]


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
