"""Parts of `DescribeEndpoint`: variants and data capture of the configuration that serves."""

import time

from local.sagemaker import quotas
from local.sagemaker.resources import Record


def instance_types(variant: Record) -> list[str]:
    """The instance types of a variant, in the order in which SageMaker tries them."""
    pools = sorted(variant.get("InstancePools", []), key=lambda pool: pool["Priority"])
    return [pool["InstanceType"] for pool in pools] or [variant.get("InstanceType", "")]


def data_capture(config: Record) -> Record | None:
    """`DataCaptureConfig` of an endpoint; None where the configuration has none."""
    capture = config.get("DataCaptureConfig")
    if not capture:
        return None
    return {
        "EnableCapture": capture.get("EnableCapture", False),
        "CaptureStatus": "Started" if capture.get("EnableCapture") else "Stopped",
        "CurrentSamplingPercentage": capture["InitialSamplingPercentage"],
        "DestinationS3Uri": capture["DestinationS3Uri"],
        "KmsKeyId": capture.get("KmsKeyId", ""),
    }


def pending_deployment(config: Record, variants: list[Record], status: str) -> Record:
    """`PendingDeploymentSummary` of an update under way.

    Args:
        variants: of the new fleet, as they are declared or described.
        status: of a `ProductionVariantStatus`.
    """
    now = time.time()
    summaries = [
        {
            "VariantName": variant["VariantName"],
            **{member: variant[member] for member in ("CurrentInstanceCount", "CurrentWeight", "DesiredInstanceCount", "DesiredWeight") if member in variant},
            "VariantStatus": [{"Status": status, "StartTime": now}],
        }
        for variant in variants
    ]
    return {"EndpointConfigName": config["EndpointConfigName"], "ProductionVariants": summaries, "StartTime": now}


def variant(variant: Record, containers: list[Record]) -> Record:
    """`ProductionVariantSummary` of a variant."""
    count, weight = variant.get("InitialInstanceCount", 1), variant.get("InitialVariantWeight", 1.0)
    types = instance_types(variant)
    images = [container.get("Image", "") for container in containers]
    pools = [{"InstanceType": name, "CurrentInstanceCount": count if name == quotas.choose_instance_type(types) else 0} for name in types]
    return {
        **({"InstancePools": pools} if "InstancePools" in variant else {}),
        "VariantName": variant["VariantName"],
        "DeployedImages": [{"SpecifiedImage": image, "ResolvedImage": image} for image in images],
        "CurrentWeight": weight,
        "DesiredWeight": weight,
        "CurrentInstanceCount": count,
        "DesiredInstanceCount": count,
    }
