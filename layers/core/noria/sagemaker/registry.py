"""Requests for the model registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from noria.kernel.json import Json

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
    containers: list[Json],
    endpoint_instances: list[str],
    transform_instance: str,
    evaluation: str,
    baselines: Baselines | None,
    metadata: Mapping[str, str],
) -> Json:
    """`CreateModelPackage` of a version that awaits approval.

    Args:
        token: a repeated request with the same one is the same version.
        evaluation: `s3://` URI of the evaluation.
        metadata: longer values are cut.
    """
    return {
        "ModelPackageGroupName": group,
        "ModelPackageDescription": description,
        "ModelApprovalStatus": "PendingManualApproval",
        "ClientToken": token,
        "InferenceSpecification": {
            "Containers": containers,
            "SupportedContentTypes": [CSV],
            "SupportedResponseMIMETypes": [CSV],
            "SupportedRealtimeInferenceInstanceTypes": endpoint_instances,
            "SupportedTransformInstanceTypes": [transform_instance],
        },
        "ModelMetrics": {"ModelQuality": {"Statistics": _file(JSON, evaluation)}},
        **({"DriftCheckBaselines": _drift_check_baselines(baselines, evaluation)} if baselines else {}),
        "CustomerMetadataProperties": {key: value[:METADATA_CHARACTERS] for key, value in metadata.items()},
    }


def _drift_check_baselines(baselines: Baselines, evaluation: str) -> Json:
    return {
        "ModelDataQuality": {"Statistics": _file(BYTES, baselines.profile), "Constraints": _file(BYTES, baselines.blocks)},
        "ModelQuality": {"Statistics": _file(JSON, evaluation)},
    }


def _file(content_type: str, uri: str) -> dict[str, str]:
    return {"ContentType": content_type, "S3Uri": uri}
