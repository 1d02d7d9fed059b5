"""Requests for the model registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from types_boto3_sagemaker.type_defs import (
        ContainerDefinitionTypeDef,
        CreateModelPackageInputTypeDef,
        DriftCheckBaselinesTypeDef,
        InferenceSpecificationTypeDef,
        MetricsSourceTypeDef,
    )

#: Longest value of a version's metadata (characters).
METADATA_CHARACTERS = 256
CSV, JSON, BYTES = "text/csv", "application/json", "application/octet-stream"


class Baselines(NamedTuple):
    """`s3://` URIs of what later data is compared with: the dataset's profile, and the profiles of its blocks of time."""

    profile: str
    blocks: str


def create_model_package(
    *,
    group: str,
    description: str,
    token: str,
    containers: Sequence[ContainerDefinitionTypeDef],
    endpoint_instances: list[str],
    transform_instance: str,
    evaluation: str,
    baselines: Baselines | None,
    metadata: Mapping[str, str],
) -> CreateModelPackageInputTypeDef:
    """`CreateModelPackage` of a version that awaits approval.

    Args:
        token: a repeated request with the same one is the same version.
        evaluation: `s3://` URI of the evaluation.
        metadata: longer values are cut.
    """
    request: CreateModelPackageInputTypeDef = {
        "ModelPackageGroupName": group,
        "ModelPackageDescription": description,
        "ModelApprovalStatus": "PendingManualApproval",
        "ClientToken": token,
        "InferenceSpecification": _inference(containers, endpoint_instances, transform_instance),
        "ModelMetrics": {"ModelQuality": {"Statistics": _file(JSON, evaluation)}},
        "CustomerMetadataProperties": {key: value[:METADATA_CHARACTERS] for key, value in metadata.items()},
    }
    if baselines:
        request["DriftCheckBaselines"] = _drift_check_baselines(baselines, evaluation)
    return request


def _inference(containers: Sequence[ContainerDefinitionTypeDef], endpoint_instances: Any, transform_instance: Any) -> InferenceSpecificationTypeDef:
    """The containers that serve a version, and their instance types: literals of the service model, against which a spec was checked."""
    return {
        "Containers": [{"Image": part["Image"], "ModelDataUrl": part["ModelDataUrl"], "Environment": part["Environment"]} for part in containers],
        "SupportedContentTypes": [CSV],
        "SupportedResponseMIMETypes": [CSV],
        "SupportedRealtimeInferenceInstanceTypes": endpoint_instances,
        "SupportedTransformInstanceTypes": [transform_instance],
    }


def _drift_check_baselines(baselines: Baselines, evaluation: str) -> DriftCheckBaselinesTypeDef:
    return {
        "ModelDataQuality": {"Statistics": _file(BYTES, baselines.profile), "Constraints": _file(BYTES, baselines.blocks)},
        "ModelQuality": {"Statistics": _file(JSON, evaluation)},
    }


def _file(content_type: str, uri: str) -> MetricsSourceTypeDef:
    return {"ContentType": content_type, "S3Uri": uri}
