"""`UpdateEndpointWeightsAndCapacities`, by a caller or by automatic scaling: weights at once, instances as they start or end."""

from typing import Any

from local.sagemaker import events, resources
from local.sagemaker.endpoints import deployments
from local.sagemaker.endpoints.deployments import NOUN
from local.sagemaker.endpoints.endpoints import in_background, refuse_unsettled
from local.sagemaker.endpoints.fleets import Variant
from local.sagemaker.endpoints.updates import PRODUCTION, start_servers
from local.sagemaker.errors import ApiError, JobFailedError, invalid
from local.sagemaker.resources import Record


def update(parameters: Record) -> Record:
    """Set weights and instance counts of variants; the endpoint is `Updating` until its instances have started or ended.

    Raises:
        ApiError: the endpoint is not in service, or has no such variant.
    """
    record = resources.get(NOUN, parameters)
    refuse_unsettled(record)
    variants = {variant["VariantName"]: variant for variant in record[PRODUCTION]}
    changes = parameters["DesiredWeightsAndCapacities"]
    if unknown := [change["VariantName"] for change in changes if change["VariantName"] not in variants]:
        raise invalid(f'The variant name(s) "{", ".join(unknown)}" is/are not present within endpoint configuration "{record["EndpointConfigName"]}".')
    for change in changes:
        variants[change["VariantName"]].update({member: change[member] for member in ("DesiredWeight", "DesiredInstanceCount") if member in change})
    record["EndpointStatus"] = "Updating"
    events.publish_state_change(NOUN, record)
    in_background(_apply, record, variants)
    return {"EndpointArn": record["EndpointArn"]}


OPERATIONS: dict[str, Any] = {"UpdateEndpointWeightsAndCapacities": update}


def instances(endpoint: str, variant: str) -> int | None:
    """The desired instance count of a variant; None where the endpoint has no such variant."""
    record = resources.STORE.find(NOUN, endpoint)
    description = next((description for description in (record or {}).get(PRODUCTION, []) if description["VariantName"] == variant), None)
    return int(description["DesiredInstanceCount"]) if description else None


def scale(endpoint: str, variant: str, count: int) -> None:
    """Set a variant's instance count, as Application Auto Scaling does.

    Raises:
        ApiError: another change of the endpoint is under way.
    """
    update({"EndpointName": endpoint, "DesiredWeightsAndCapacities": [{"VariantName": variant, "DesiredInstanceCount": count}]})


def _apply(record: Record, descriptions: dict[str, Record]) -> None:
    deployment = deployments.find(record)
    assert deployment is not None
    fleet = deployment.fleet
    declarations = {variant["VariantName"]: variant for variant in resources.get("EndpointConfig", record)[PRODUCTION]}
    for name, description in descriptions.items():
        fleet.variants[name].weight = description["CurrentWeight"] = description["DesiredWeight"]
    try:
        for name, description in descriptions.items():
            _set_instances(record, fleet.variants[name], declarations[name], description["DesiredInstanceCount"])
            description["CurrentInstanceCount"] = description["DesiredInstanceCount"]
    except (ApiError, JobFailedError):
        for name, description in descriptions.items():
            description["DesiredInstanceCount"] = description["CurrentInstanceCount"] = len(fleet.variants[name].servers)
    record["EndpointStatus"] = "InService"
    events.publish_state_change(NOUN, record)


def _set_instances(record: Record, variant: Variant, declaration: Record, count: int) -> None:
    more = count - len(variant.servers)
    if more > 0:
        variant.servers = [*variant.servers, *start_servers(record, record["EndpointConfigName"], declaration, more)]
    elif more < 0:
        surplus, variant.servers = variant.servers[count:], variant.servers[:count]
        for server in surplus:
            server.stop()
