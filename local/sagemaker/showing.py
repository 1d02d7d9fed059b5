"""How `DescribeEndpoint` shows what a configuration has declared."""

from local.sagemaker import quotas
from local.sagemaker.families import Record


def instance_types(variant: Record) -> list[str]:
    """What a variant may run on, in the order in which it is tried."""
    pools = sorted(variant.get("InstancePools", []), key=lambda pool: pool["Priority"])
    return [pool["InstanceType"] for pool in pools] or [variant.get("InstanceType", "")]


def capture_shown(config: Record) -> Record | None:
    declared = config.get("DataCaptureConfig")
    if not declared:
        return None
    shown = {"EnableCapture": declared.get("EnableCapture", False), "CaptureStatus": "Started" if declared.get("EnableCapture") else "Stopped"}
    return {
        **shown,
        "CurrentSamplingPercentage": declared["InitialSamplingPercentage"],
        "DestinationS3Uri": declared["DestinationS3Uri"],
        "KmsKeyId": declared.get("KmsKeyId", ""),
    }


def variant_shown(variant: Record, containers: list[Record]) -> Record:
    count, weight = variant.get("InitialInstanceCount", 1), variant.get("InitialVariantWeight", 1.0)
    types = instance_types(variant)
    images = [container.get("Image", "") for container in containers]
    pools = [{"InstanceType": kind, "CurrentInstanceCount": count if kind == quotas.capacity(types) else 0} for kind in types]
    return {
        **({"InstancePools": pools} if "InstancePools" in variant else {}),
        "VariantName": variant["VariantName"],
        "DeployedImages": [{"SpecifiedImage": image, "ResolvedImage": image} for image in images],
        "CurrentWeight": weight,
        "DesiredWeight": weight,
        "CurrentInstanceCount": count,
        "DesiredInstanceCount": count,
    }
