"""The tags of a stack's resources, in the type of SageMaker's requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_sagemaker.type_defs import TagTypeDef

    from noria.sagemaker.stack import Tags


def resource_tags(tags: Tags) -> list[TagTypeDef]:
    """The `Tags` of a request."""
    return [{"Key": tag["Key"], "Value": tag["Value"]} for tag in tags]
