"""Starts the fleet of an endpoint configuration, and replaces an endpoint's fleet without a failed request.

An update starts the new fleet beside the old one and shifts the traffic once it is healthy. If it is not, the old configuration
goes on serving and the endpoint becomes `InService` again, as on SageMaker.
"""

import contextvars
from concurrent.futures import ThreadPoolExecutor

from local.sagemaker import events, quotas, resources
from local.sagemaker.containers.model_server import ModelServer, containers_of
from local.sagemaker.endpoints import deployments, describe, traffic
from local.sagemaker.endpoints.deployments import NOUN
from local.sagemaker.endpoints.fleets import Deployment, Fleet, Variant
from local.sagemaker.errors import ApiError, JobFailedError
from local.sagemaker.resources import Record

PRODUCTION, SHADOW = "ProductionVariants", "ShadowProductionVariants"
#: Properties that an update may retain, and their names in a configuration.
RETAINABLE = {"DesiredInstanceCount": "InitialInstanceCount", "DesiredWeight": "InitialVariantWeight"}


def create(record: Record, config: Record) -> None:
    """Bring a new endpoint into service, or fail it with a reason."""
    try:
        fleet, descriptions = _start_fleet(record, config, {})
    except JobFailedError as error:
        record.update(EndpointStatus="Failed", FailureReason=str(error))
    else:
        deployments.add(record, Deployment(fleet))
        _describe(record, config, descriptions)
        record["EndpointStatus"] = "InService"
    events.publish_state_change(NOUN, record)


def replace(record: Record, config: Record, changes: Record) -> None:
    """Start the new fleet, shift the traffic, end the old fleet; on any failure the old one goes on serving.

    Args:
        changes: the members of `UpdateEndpoint`.
    """
    retained = _retained_properties(record, changes) if changes.get("RetainAllVariantProperties") else {}
    deployment = deployments.find(record)
    if deployment is None:
        create(record, config)
        return
    shift = changes.get("DeploymentConfig") or (record.get("LastDeploymentConfig") if changes.get("RetainDeploymentConfig") else None) or {}
    record["PendingDeploymentSummary"] = describe.pending_deployment(config, config.get(PRODUCTION, []), "Creating")
    try:
        deployment.incoming, descriptions = _start_fleet(record, config, retained)
        record["PendingDeploymentSummary"] = describe.pending_deployment(config, descriptions[PRODUCTION], "Baking")
        traffic.shift(deployment, shift, sum(variant["CurrentInstanceCount"] for variant in descriptions[PRODUCTION]))
    except (JobFailedError, traffic.RollbackAlarmError):
        incoming, deployment.incoming, deployment.share = deployment.incoming, None, 0.0
        if incoming is not None:
            incoming.stop()
    else:
        old, deployment.fleet, deployment.incoming, deployment.share = deployment.fleet, deployment.incoming, None, 0.0
        _describe(record, config, descriptions)
        old.stop()
    if shift:
        record["LastDeploymentConfig"] = shift
    record.pop("PendingDeploymentSummary")
    record["EndpointStatus"] = "InService"
    events.publish_state_change(NOUN, record)


def _retained_properties(record: Record, changes: Record) -> dict[str, Record]:
    """Instance counts and weights of the present variants that the update retains, by variant."""
    excluded = {item["VariantPropertyType"] for item in changes.get("ExcludeRetainedVariantProperties", [])}
    properties = {present: initial for present, initial in RETAINABLE.items() if present not in excluded}
    return {variant["VariantName"]: {initial: variant[present] for present, initial in properties.items()} for variant in record[PRODUCTION]}


def _start_fleet(record: Record, config: Record, retained: dict[str, Record]) -> tuple[Fleet, dict[str, list[Record]]]:
    """Start the fleet of a configuration; the fleet, all of it healthy, and the description of its variants.

    Raises:
        JobFailedError: a variant did not come up; none of the fleet is left.
    """
    descriptions: dict[str, list[Record]] = {PRODUCTION: [], SHADOW: []}
    variants: dict[str, dict[str, Variant]] = {PRODUCTION: {}, SHADOW: {}}
    try:
        for kind in (PRODUCTION, SHADOW):
            for declaration in config.get(kind, []):
                variant = {**declaration, **retained.get(declaration["VariantName"], {})}
                count, weight = variant.get("InitialInstanceCount", 1), variant.get("InitialVariantWeight", 1.0)
                servers = start_servers(record, config["EndpointConfigName"], variant, count)
                variants[kind][variant["VariantName"]] = Variant(variant["VariantName"], servers, weight)
                descriptions[kind].append(describe.variant(variant, containers_of(resources.get("Model", variant))))
    except ApiError as error:
        Fleet(variants[PRODUCTION], variants[SHADOW]).stop()
        raise JobFailedError(error.message) from error
    except JobFailedError:
        Fleet(variants[PRODUCTION], variants[SHADOW]).stop()
        raise
    return Fleet(variants[PRODUCTION], variants[SHADOW], config["EndpointConfigName"]), descriptions


def start_servers(record: Record, config: str, variant: Record, count: int) -> list[ModelServer]:
    """Start instances of a variant side by side.

    Raises:
        JobFailedError: there is no capacity for them, or one does not come up; none of them is left.
    """
    quotas.choose_instance_type(describe.instance_types(variant))
    model, group = resources.get("Model", variant), f"/aws/sagemaker/Endpoints/{record['EndpointName']}"
    with ThreadPoolExecutor(max_workers=count) as pool:
        starts = [
            pool.submit(contextvars.copy_context().run, ModelServer, model, group, f"{variant['VariantName']}/{config}/{number}") for number in range(count)
        ]
    servers = [start.result() for start in starts if start.exception() is None]
    if failure := next((start.exception() for start in starts if start.exception()), None):
        for server in servers:
            server.stop()
        raise failure
    return servers


def _describe(record: Record, config: Record, descriptions: dict[str, list[Record]]) -> None:
    """Bring an endpoint's record up to the configuration that serves."""
    record.update({"EndpointConfigName": config["EndpointConfigName"], PRODUCTION: descriptions[PRODUCTION]})
    for member, value in ((SHADOW, descriptions[SHADOW]), ("DataCaptureConfig", describe.data_capture(config))):
        record.pop(member, None)
        if value:
            record[member] = value
    record.pop("FailureReason", None)
