"""Endpoints: production variants of real model servers, updated without a dropped request.

An update starts the new fleet beside the old one and moves over when it is healthy. When it is not, the old configuration
goes on serving and the endpoint says `InService`, as SageMaker does.
"""

import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ministack.core.responses import get_account_id

from local.sagemaker import events, families, quotas, scaling, showing, traffic
from local.sagemaker.errors import ApiError, JobFailedError, invalid
from local.sagemaker.families import Behaviour, Record
from local.sagemaker.fleets import Fleet, Serving, Variant
from local.sagemaker.servers import ModelServer, containers_of

NOUN = "Endpoint"
PRODUCTION, SHADOW = "ProductionVariants", "ShadowProductionVariants"
#: Properties that an update may retain, by what a configuration calls them at first.
RETAINED = {"DesiredInstanceCount": "InitialInstanceCount", "DesiredWeight": "InitialVariantWeight"}

_serving: dict[str, Serving] = {}


def serving(name: str) -> tuple[Serving, Record]:
    """What serves an endpoint, and its record.

    Raises:
        ApiError: `ValidationError`, as the runtime words it.
    """
    record = families.STORE.find(NOUN, name)
    found = _serving.get(record["EndpointArn"]) if record else None
    if found is None or record is None:
        raise ApiError("ValidationError", f"Endpoint {name} of account {get_account_id()} not found.")
    return found, record


def all_serving() -> dict[str, Serving]:
    """What serves each endpoint of every account and region, by its ARN."""
    return dict(_serving)


def capture_of(record: Record) -> Record | None:
    """The `DataCaptureConfig` of the configuration that serves, where it captures."""
    if not record.get("DataCaptureConfig", {}).get("EnableCapture"):
        return None
    found: Record | None = (families.STORE.find("EndpointConfig", record["EndpointConfigName"]) or {}).get("DataCaptureConfig")
    return found


def reset() -> None:
    """End every server and forget every record."""
    for found in _serving.values():
        found.fleet.stop()
    _serving.clear()
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
    _check_scaling(record, config)
    record["EndpointStatus"] = "Updating"
    _tell(record)
    _in_background(_replace, record, config, changes)


def _check_scaling(record: Record, config: Record) -> None:
    """A variant that scales by itself may neither go nor run on something else."""
    before = {variant["VariantName"]: variant for variant in families.found("EndpointConfig", record)[PRODUCTION]}
    after = {variant["VariantName"]: variant for variant in config[PRODUCTION]}
    for name in scaling.targets_of(record["EndpointName"]):
        if name not in after or any(before.get(name, {}).get(member) != after[name].get(member) for member in ("InstanceType", "InstancePools")):
            raise invalid(
                f'Cannot update endpoint "{record["EndpointArn"]}": variant "{name}" is registered as a scalable target with Application Auto Scaling. '
                "Deregister it before its instance type is changed or it is removed."
            )


def _deleted(record: Record) -> None:
    if record["EndpointStatus"] in ("Creating", "Updating"):
        raise invalid(f'Cannot update in-progress endpoint "{record["EndpointArn"]}".')
    record["EndpointStatus"] = "Deleting"
    scaling.forget(record["EndpointName"])
    _tell(record)
    if found := _serving.pop(record["EndpointArn"], None):
        _in_background(found.fleet.stop)


def _config_created(record: Record) -> None:
    for variant in record.get("ProductionVariants", []):
        if families.STORE.find("Model", variant.get("ModelName", "")) is None:
            raise invalid(f'Could not find model "{families.arn("Model", variant.get("ModelName", ""))}".')
    events.state_changed("EndpointConfig", record)


def _model_created(record: Record) -> None:
    if not (record.get("PrimaryContainer") or record.get("Containers")):
        raise invalid("Either PrimaryContainer or Containers must be provided.")
    try:
        containers_of(record)
    except JobFailedError as error:
        raise invalid(str(error)) from error
    events.state_changed("Model", record)


def _reweigh(parameters: Record) -> Record:
    """`UpdateEndpointWeightsAndCapacities`: weights at once, instances as they start or end; meanwhile it is `Updating`."""
    record = families.found(NOUN, parameters)
    if record["EndpointStatus"] != "InService":
        raise invalid(f'Cannot update in-progress endpoint "{record["EndpointArn"]}".')
    shown = {variant["VariantName"]: variant for variant in record[PRODUCTION]}
    if unknown := [asked["VariantName"] for asked in parameters["DesiredWeightsAndCapacities"] if asked["VariantName"] not in shown]:
        raise invalid(f'The variant name(s) "{", ".join(unknown)}" is/are not present within endpoint configuration "{record["EndpointConfigName"]}".')
    for asked in parameters["DesiredWeightsAndCapacities"]:
        variant = shown[asked["VariantName"]]
        variant.update({member: asked[member] for member in ("DesiredWeight", "DesiredInstanceCount") if member in asked})
    record["EndpointStatus"] = "Updating"
    _tell(record)
    _in_background(_apply, record, shown)
    return {"EndpointArn": record["EndpointArn"]}


def instances(endpoint: str, variant: str) -> int | None:
    """How many instances a variant is to have, or nothing where there is none."""
    record = families.STORE.find(NOUN, endpoint)
    shown = next((shown for shown in (record or {}).get(PRODUCTION, []) if shown["VariantName"] == variant), None)
    return int(shown["DesiredInstanceCount"]) if shown else None


def scale(endpoint: str, variant: str, count: int) -> None:
    """Set a variant's instances, as Application Auto Scaling does.

    Raises:
        ApiError: the endpoint is just being changed.
    """
    _reweigh({"EndpointName": endpoint, "DesiredWeightsAndCapacities": [{"VariantName": variant, "DesiredInstanceCount": count}]})


def _apply(record: Record, shown: dict[str, Record]) -> None:
    fleet = _serving[record["EndpointArn"]].fleet
    config = families.found("EndpointConfig", record)
    declared = {variant["VariantName"]: variant for variant in config[PRODUCTION]}
    for name, variant in shown.items():
        fleet.variants[name].weight = variant["CurrentWeight"] = variant["DesiredWeight"]
    try:
        for name, variant in shown.items():
            _scale(record, fleet.variants[name], declared[name], variant["DesiredInstanceCount"])
            variant["CurrentInstanceCount"] = variant["DesiredInstanceCount"]
    except (ApiError, JobFailedError):
        for name, variant in shown.items():
            variant["DesiredInstanceCount"] = variant["CurrentInstanceCount"] = len(fleet.variants[name].servers)
    record["EndpointStatus"] = "InService"
    _tell(record)


def _scale(record: Record, variant: Variant, declared: Record, wanted: int) -> None:
    more = wanted - len(variant.servers)
    if more > 0:
        variant.servers = [*variant.servers, *_servers(record, record["EndpointConfigName"], declared, more)]
    elif more < 0:
        ended, variant.servers = variant.servers[wanted:], variant.servers[:wanted]
        for server in ended:
            server.stop()


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
        _serve(record, config)
    except JobFailedError as error:
        record.update(EndpointStatus="Failed", FailureReason=str(error))
    else:
        record["EndpointStatus"] = "InService"
    _tell(record)


def _replace(record: Record, config: Record, changes: Record) -> None:
    """Start the new fleet, move the traffic, end the old one; whatever goes wrong, the old one serves."""
    kept = _kept(record, changes) if changes.get("RetainAllVariantProperties") else {}
    found = _serving.get(record["EndpointArn"])
    if found is None:
        _bring_up(record, config)
        return
    deployment = changes.get("DeploymentConfig") or (record.get("LastDeploymentConfig") if changes.get("RetainDeploymentConfig") else None) or {}
    try:
        found.incoming, shown = _fleet(record, config, kept)
        traffic.move(found, deployment, sum(variant["CurrentInstanceCount"] for variant in shown[PRODUCTION]))
    except (JobFailedError, traffic.AlarmedError):
        failed, found.incoming, found.share = found.incoming, None, 0.0
        if failed is not None:
            failed.stop()
    else:
        old, found.fleet, found.incoming, found.share = found.fleet, found.incoming, None, 0.0
        _shows(record, config, shown)
        old.stop()
    if deployment:
        record["LastDeploymentConfig"] = deployment
    record["EndpointStatus"] = "InService"
    _tell(record)


def _kept(record: Record, changes: Record) -> dict[str, Record]:
    """What the present variants keep over an update, by name: instance counts and weights that were changed since."""
    excluded = {item["VariantPropertyType"] for item in changes.get("ExcludeRetainedVariantProperties", [])}
    wanted = {present: initial for present, initial in RETAINED.items() if present not in excluded}
    return {variant["VariantName"]: {initial: variant[present] for present, initial in wanted.items()} for variant in record[PRODUCTION]}


def _serve(record: Record, config: Record) -> None:
    """Start a configuration's fleet and let it serve.

    Raises:
        JobFailedError: a variant did not come up; none of the fleet is left.
    """
    fleet, shown = _fleet(record, config, {})
    _serving[record["EndpointArn"]] = Serving(fleet)
    _shows(record, config, shown)


def _fleet(record: Record, config: Record, kept: dict[str, Record]) -> tuple[Fleet, dict[str, list[Record]]]:
    """A configuration's fleet, all of it healthy, and how Describe shows it."""
    shown: dict[str, list[Record]] = {PRODUCTION: [], SHADOW: []}
    made: dict[str, dict[str, Variant]] = {PRODUCTION: {}, SHADOW: {}}
    try:
        for kind in (PRODUCTION, SHADOW):
            for declared in config.get(kind, []):
                variant = {**declared, **kept.get(declared["VariantName"], {})}
                count, weight = variant.get("InitialInstanceCount", 1), variant.get("InitialVariantWeight", 1.0)
                servers = _servers(record, config["EndpointConfigName"], variant, count)
                made[kind][variant["VariantName"]] = Variant(variant["VariantName"], servers, weight)
                shown[kind].append(showing.variant_shown(variant, containers_of(families.found("Model", variant))))
    except ApiError as error:
        Fleet(made[PRODUCTION], made[SHADOW]).stop()
        raise JobFailedError(error.message) from error
    except JobFailedError:
        Fleet(made[PRODUCTION], made[SHADOW]).stop()
        raise
    return Fleet(made[PRODUCTION], made[SHADOW]), shown


def _servers(record: Record, config: str, variant: Record, count: int) -> list[ModelServer]:
    """So many instances of a variant, started side by side.

    Raises:
        JobFailedError: there is no capacity for them, or one does not come up; none of them is left.
    """
    quotas.capacity(showing.instance_types(variant))
    model, group = families.found("Model", variant), f"/aws/sagemaker/Endpoints/{record['EndpointName']}"
    with ThreadPoolExecutor(max_workers=count) as pool:
        starts = [
            pool.submit(contextvars.copy_context().run, ModelServer, model, group, f"{variant['VariantName']}/{config}/{number}") for number in range(count)
        ]
    servers = [start.result() for start in starts if start.exception() is None]
    if failed := next((start.exception() for start in starts if start.exception()), None):
        for server in servers:
            server.stop()
        raise failed
    return servers


def _shows(record: Record, config: Record, shown: dict[str, list[Record]]) -> None:
    record.update({"EndpointConfigName": config["EndpointConfigName"], PRODUCTION: shown[PRODUCTION]})
    for member, value in ((SHADOW, shown[SHADOW]), ("DataCaptureConfig", showing.capture_shown(config))):
        record.pop(member, None)
        if value:
            record[member] = value
    record.pop("FailureReason", None)
