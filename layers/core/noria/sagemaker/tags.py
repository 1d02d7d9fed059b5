"""Tags of SageMaker's resources, in the type that its requests have."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from types_boto3_sagemaker.type_defs import TagTypeDef

    #: Tags as `noria.sagemaker.stack` makes them.
    type Tags = Sequence[Mapping[str, str]]


def resource_tags(tags: Tags) -> list[TagTypeDef]:
    """The `Tags` of a request."""
    return [{"Key": tag["Key"], "Value": tag["Value"]} for tag in tags]
