"""`CreateModel` and `CreateEndpointConfig`: validation, and the events of both."""

from local.sagemaker import events, resources
from local.sagemaker.containers.model_server import containers_of
from local.sagemaker.errors import JobFailedError, invalid
from local.sagemaker.resources import Lifecycle, Record


def _on_model_create(record: Record) -> None:
    if not (record.get("PrimaryContainer") or record.get("Containers")):
        raise invalid("Either PrimaryContainer or Containers must be provided.")
    try:
        containers_of(record)
    except JobFailedError as error:
        raise invalid(str(error)) from error
    events.publish_state_change("Model", record)


def _on_config_create(record: Record) -> None:
    for variant in record.get("ProductionVariants", []):
        if resources.STORE.find("Model", variant.get("ModelName", "")) is None:
            raise invalid(f'Could not find model "{resources.arn("Model", variant.get("ModelName", ""))}".')
    events.publish_state_change("EndpointConfig", record)


MODEL_LIFECYCLE = Lifecycle(on_create=_on_model_create, on_delete=lambda record: events.publish_state_change("Model", record))
CONFIG_LIFECYCLE = Lifecycle(on_create=_on_config_create, on_delete=lambda record: events.publish_state_change("EndpointConfig", record))
