"""Requests for endpoints: their configurations, variants, data capture, updates and weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from noria.sagemaker.tags import resource_tags

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from types_boto3_sagemaker.type_defs import (
        CreateEndpointConfigInputTypeDef,
        CreateEndpointInputTypeDef,
        DataCaptureConfigTypeDef,
        DeploymentConfigTypeDef,
        ProductionVariantTypeDef,
        UpdateEndpointInputTypeDef,
        UpdateEndpointWeightsAndCapacitiesInputTypeDef,
    )

    from noria.sagemaker.stack import Tags

#: Decimals of a variant's weight.
WEIGHT_DECIMALS = 6


def create_endpoint(endpoint: str, config: str, tags: Tags | None = None) -> CreateEndpointInputTypeDef:
    """`CreateEndpoint`."""
    request: CreateEndpointInputTypeDef = {"EndpointName": endpoint, "EndpointConfigName": config}
    if tags:
        request["Tags"] = resource_tags(tags)
    return request


def update_endpoint(endpoint: str, config: str, deployment: DeploymentConfigTypeDef | None = None) -> UpdateEndpointInputTypeDef:
    """`UpdateEndpoint`: instances that autoscaling has added are retained; weights and data capture are the new configuration's."""
    request: UpdateEndpointInputTypeDef = {
        "EndpointName": endpoint,
        "EndpointConfigName": config,
        "RetainAllVariantProperties": True,
        "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DataCaptureConfig"}, {"VariantPropertyType": "DesiredWeight"}],
    }
    if deployment:
        request["DeploymentConfig"] = deployment
    return request


def endpoint_config(
    name: str,
    variants: Sequence[ProductionVariantTypeDef],
    tags: Tags,
    shadows: Sequence[ProductionVariantTypeDef] = (),
    capture: DataCaptureConfigTypeDef | None = None,
) -> CreateEndpointConfigInputTypeDef:
    """`CreateEndpointConfig`.

    Args:
        shadows: variants that get a copy of the requests and whose predictions reach nobody.
    """
    request: CreateEndpointConfigInputTypeDef = {"EndpointConfigName": name, "ProductionVariants": variants, "Tags": resource_tags(tags)}
    if shadows:
        request["ShadowProductionVariants"] = shadows
    if capture:
        request["DataCaptureConfig"] = capture
    return request


def production_variant(name: str, model: str, instances: Sequence[str], count: int, weight: float) -> ProductionVariantTypeDef:
    """One variant.

    Args:
        model: name of the SageMaker model.
        instances: an instance type, or several: SageMaker takes the next one where one cannot be had.
    """
    # Literals of the service model: a spec is checked against them when it is published.
    types: Any = instances
    variant: ProductionVariantTypeDef = {"VariantName": name, "ModelName": model, "InitialInstanceCount": count, "InitialVariantWeight": weight}
    if len(types) > 1:
        variant["InstancePools"] = [{"InstanceType": kind, "Priority": number} for number, kind in enumerate(types, start=1)]
    else:
        variant["InstanceType"] = types[0]
    return variant


def data_capture(destination: str, percent: int, requests: bool) -> DataCaptureConfigTypeDef:
    """What an endpoint captures.

    Args:
        destination: a folder, as an `s3://` URI.
        percent: of the requests, chosen at random.
        requests: whether requests are captured as well, not predictions alone.
    """
    return {
        "EnableCapture": True,
        "InitialSamplingPercentage": percent,
        "DestinationS3Uri": destination,
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}] if requests else [{"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]},
    }


def update_weights(endpoint: str, weights: Mapping[str, float]) -> UpdateEndpointWeightsAndCapacitiesInputTypeDef:
    """`UpdateEndpointWeightsAndCapacities`: the weight of each variant."""
    return {
        "EndpointName": endpoint,
        "DesiredWeightsAndCapacities": [{"VariantName": name, "DesiredWeight": round(weight, WEIGHT_DECIMALS)} for name, weight in weights.items()],
    }
