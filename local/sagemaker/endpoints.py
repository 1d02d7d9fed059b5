"""Endpoints: production variants of real model servers, updated without a dropped request.

An update starts the new fleet beside the old one and moves over when it is healthy. When it is not, the old configuration
goes on serving and the endpoint says `InService`, as SageMaker does.
"""

import contextvars
import random
import threading
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import get_account_id

from local.sagemaker import events, families, quotas
from local.sagemaker.errors import ApiError, JobFailedError, invalid
from local.sagemaker.families import Behaviour, Record
from local.sagemaker.servers import ModelServer, container_of

NOUN = "Endpoint"


@dataclass
class Fleet:
    """The servers of one configuration, by variant."""

    servers: dict[str, ModelServer] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)

    def chosen(self, target: str | None) -> tuple[str, ModelServer]:
        """A variant by its weight, or the one that the caller asked for.

        Raises:
            ApiError: there is no such variant.
        """
        if target is not None and target not in self.servers:
            raise ApiError("ValidationError", f"Variant {target} was not found in the endpoint. Variants: {', '.join(self.servers)}")
        names = list(self.servers)
        weights = [self.weights[name] for name in names]
        name = target or random.choices(names, weights if any(weights) else None)[0]
        return name, self.servers[name]

    def stop(self) -> None:
        for server in self.servers.values():
            server.stop()


_fleets: dict[str, Fleet] = {}


def fleet_of(name: str) -> Fleet:
    """The fleet that serves an endpoint.

    Raises:
        ApiError: `ValidationError`, as the runtime words it.
    """
    record = families.STORE.find(NOUN, name)
    fleet = _fleets.get(record["EndpointArn"]) if record else None
    if fleet is None:
        raise ApiError("ValidationError", f"Endpoint {name} of account {get_account_id()} not found.")
    return fleet


def reset() -> None:
    """End every server and forget every record."""
    for fleet in _fleets.values():
        fleet.stop()
    _fleets.clear()
    families.STORE.records.clear()


def _created(record: Record) -> None:
    config = families.found("EndpointConfig", record)
    quotas.check(NOUN, record, lambda _: 1)
    record["EndpointStatus"] = "Creating"
    _tell(record)
    _in_background(_bring_up, record, config)


def _updated(record: Record, changes: Record) -> None:
    if record["EndpointStatus"] == "Failed":
        raise invalid(f'Cannot update endpoint "{record["EndpointArn"]}" in status Failed: it can only be deleted.')
    if record["EndpointStatus"] != "InService":
        raise invalid(f'Cannot update in-progress endpoint "{record["EndpointArn"]}".')
    config = families.found("EndpointConfig", changes)
    record["EndpointStatus"] = "Updating"
    _tell(record)
    _in_background(_replace, record, config, changes)


def _deleted(record: Record) -> None:
    if record["EndpointStatus"] in ("Creating", "Updating"):
        raise invalid(f'Cannot update in-progress endpoint "{record["EndpointArn"]}".')
    record["EndpointStatus"] = "Deleting"
    _tell(record)
    if fleet := _fleets.pop(record["EndpointArn"], None):
        _in_background(fleet.stop)


def _config_created(record: Record) -> None:
    for variant in record.get("ProductionVariants", []):
        if families.STORE.find("Model", variant.get("ModelName", "")) is None:
            raise invalid(f'Could not find model "{families.arn("Model", variant.get("ModelName", ""))}".')
    events.state_changed("EndpointConfig", record)


def _model_created(record: Record) -> None:
    if not (record.get("PrimaryContainer") or record.get("Containers")):
        raise invalid("Either PrimaryContainer or Containers must be provided.")
    try:
        container_of(record)
    except JobFailedError as error:
        raise invalid(str(error)) from error
    events.state_changed("Model", record)


def _reweigh(parameters: Record) -> Record:
    """`UpdateEndpointWeightsAndCapacities`: at once, since no server has to start for it."""
    record = families.found(NOUN, parameters)
    if record["EndpointStatus"] != "InService":
        raise invalid(f'Cannot update in-progress endpoint "{record["EndpointArn"]}".')
    shown = {variant["VariantName"]: variant for variant in record["ProductionVariants"]}
    if unknown := [asked["VariantName"] for asked in parameters["DesiredWeightsAndCapacities"] if asked["VariantName"] not in shown]:
        raise invalid(f'The variant name(s) "{", ".join(unknown)}" is/are not present within endpoint configuration "{record["EndpointConfigName"]}".')
    for asked in parameters["DesiredWeightsAndCapacities"]:
        variant = shown[asked["VariantName"]]
        for member in ("Weight", "InstanceCount"):
            variant[f"Desired{member}"] = variant[f"Current{member}"] = asked.get(f"Desired{member}", variant[f"Desired{member}"])
    _fleets[record["EndpointArn"]].weights = {name: variant["CurrentWeight"] for name, variant in shown.items()}
    _tell(record)
    return {"EndpointArn": record["EndpointArn"]}


BEHAVIOUR = Behaviour(created=_created, updated=_updated, deleted=_deleted)
CONFIG_BEHAVIOUR = Behaviour(created=_config_created, deleted=lambda record: events.state_changed("EndpointConfig", record))
MODEL_BEHAVIOUR = Behaviour(created=_model_created, deleted=lambda record: events.state_changed("Model", record))
OPERATIONS: dict[str, Any] = {"UpdateEndpointWeightsAndCapacities": _reweigh}


def _in_background(call: Any, *args: Any) -> None:
    threading.Thread(target=contextvars.copy_context().run, args=(call, *args), daemon=True).start()


def _tell(record: Record) -> None:
    events.state_changed(NOUN, record)


def _bring_up(record: Record, config: Record) -> None:
    try:
        _serve(record, config, {})
    except JobFailedError as error:
        record.update(EndpointStatus="Failed", FailureReason=str(error))
    _tell(record)


def _replace(record: Record, config: Record, changes: Record) -> None:
    kept = _kept(record, changes) if changes.get("RetainAllVariantProperties") else {}
    old = _fleets.get(record["EndpointArn"])
    try:
        _serve(record, config, kept)
    except JobFailedError as error:
        if old is None:
            record.update(EndpointStatus="Failed", FailureReason=str(error))
        else:
            record["EndpointStatus"] = "InService"
    else:
        if old is not None:
            old.stop()
    _tell(record)


def _kept(record: Record, changes: Record) -> dict[str, Record]:
    """What the present variants keep over an update, by name: instance counts and weights that were changed since."""
    excluded = {item["VariantPropertyType"] for item in changes.get("ExcludeRetainedVariantProperties", [])}
    properties = {"DesiredInstanceCount": "InitialInstanceCount", "DesiredWeight": "InitialVariantWeight"}
    wanted = {present: initial for present, initial in properties.items() if present not in excluded}
    return {variant["VariantName"]: {initial: variant[present] for present, initial in wanted.items()} for variant in record["ProductionVariants"]}


def _serve(record: Record, config: Record, kept: dict[str, Record]) -> None:
    """Start a configuration's fleet; when all of it is healthy, let it serve.

    Raises:
        JobFailedError: a variant did not come up; none of the new fleet is left.
    """
    fleet, shown = Fleet(), []
    group = f"/aws/sagemaker/Endpoints/{record['EndpointName']}"
    try:
        for declared in config["ProductionVariants"]:
            variant = {**declared, **kept.get(declared["VariantName"], {})}
            model = families.found("Model", variant)
            fleet.servers[variant["VariantName"]] = ModelServer(model, group, f"{variant['VariantName']}/{config['EndpointConfigName']}")
            fleet.weights[variant["VariantName"]] = variant.get("InitialVariantWeight", 1.0)
            shown.append(_shown(variant, container_of(model).get("Image", "")))
    except ApiError as error:
        fleet.stop()
        raise JobFailedError(error.message) from error
    except JobFailedError:
        fleet.stop()
        raise
    _fleets[record["EndpointArn"]] = fleet
    record.update(EndpointStatus="InService", EndpointConfigName=config["EndpointConfigName"], ProductionVariants=shown)
    record.pop("FailureReason", None)


def _shown(variant: Record, image: str) -> Record:
    count, weight = variant.get("InitialInstanceCount", 1), variant.get("InitialVariantWeight", 1.0)
    return {
        "VariantName": variant["VariantName"],
        "DeployedImages": [{"SpecifiedImage": image, "ResolvedImage": image}],
        "CurrentWeight": weight,
        "DesiredWeight": weight,
        "CurrentInstanceCount": count,
        "DesiredInstanceCount": count,
    }
