"""`CreateEndpoint`, `UpdateEndpoint` and `DeleteEndpoint`: validation, and the start of their background work."""

import contextvars
import threading
from collections.abc import Callable
from typing import Any

from local.sagemaker import events, quotas, resources
from local.sagemaker.endpoints import deployments, scalable_targets, updates
from local.sagemaker.endpoints.deployments import NOUN
from local.sagemaker.errors import invalid
from local.sagemaker.resources import Lifecycle, Record


def in_background(call: Callable[..., None], *args: Any) -> None:
    """Run a call on a thread of its own, in the caller's account and region."""
    threading.Thread(target=contextvars.copy_context().run, args=(call, *args), daemon=True).start()


def refuse_unsettled(record: Record) -> None:
    """Raises ApiError where the endpoint is not in service."""
    if record["EndpointStatus"] != "InService":
        raise invalid(f'Cannot update in-progress endpoint "{record["EndpointArn"]}".')


def _on_create(record: Record) -> None:
    config = resources.get("EndpointConfig", record)
    quotas.check(NOUN, record, lambda _: 1)
    record["EndpointStatus"] = "Creating"
    events.publish_state_change(NOUN, record)
    in_background(updates.create, record, config)


def _on_update(record: Record, changes: Record) -> None:
    if record["EndpointStatus"] == "Failed":
        raise invalid(f'Cannot update endpoint "{record["EndpointArn"]}" in status Failed: it can only be deleted.')
    refuse_unsettled(record)
    config = resources.get("EndpointConfig", changes)
    _check_scalable_targets(record, config)
    record["EndpointStatus"] = "Updating"
    events.publish_state_change(NOUN, record)
    in_background(updates.replace, record, config, changes)


def _check_scalable_targets(record: Record, config: Record) -> None:
    """Refuse a configuration without a variant that is a scalable target, or with another instance type for it."""
    before = {variant["VariantName"]: variant for variant in resources.get("EndpointConfig", record)["ProductionVariants"]}
    after = {variant["VariantName"]: variant for variant in config["ProductionVariants"]}
    for name in scalable_targets.targets_of(record["EndpointName"]):
        if name not in after or any(before.get(name, {}).get(member) != after[name].get(member) for member in ("InstanceType", "InstancePools")):
            raise invalid(
                f'Cannot update endpoint "{record["EndpointArn"]}": variant "{name}" is registered as a scalable target with Application Auto Scaling. '
                "Deregister it before its instance type is changed or it is removed."
            )


def _on_delete(record: Record) -> None:
    if record["EndpointStatus"] in ("Creating", "Updating"):
        raise invalid(f'Cannot update in-progress endpoint "{record["EndpointArn"]}".')
    record["EndpointStatus"] = "Deleting"
    scalable_targets.forget(record["EndpointName"])
    events.publish_state_change(NOUN, record)
    if deployment := deployments.remove(record):
        in_background(deployment.fleet.stop)


LIFECYCLE = Lifecycle(on_create=_on_create, on_update=_on_update, on_delete=_on_delete)
