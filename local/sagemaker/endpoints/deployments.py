"""The deployments of all endpoints, by the endpoint's ARN."""

from ministack.core.responses import get_account_id

from local.sagemaker import resources
from local.sagemaker.endpoints.fleets import Deployment
from local.sagemaker.errors import ApiError
from local.sagemaker.resources import Record

NOUN = "Endpoint"

_deployments: dict[str, Deployment] = {}


def get(name: str) -> tuple[Deployment, Record]:
    """The deployment and the record of an endpoint, by its name or ARN.

    Raises:
        ApiError: `ValidationError`, as the runtime words it: the endpoint has none.
    """
    record = resources.STORE.find(NOUN, name)
    deployment = _deployments.get(record["EndpointArn"]) if record else None
    if deployment is None or record is None:
        raise ApiError("ValidationError", f"Endpoint {name} of account {get_account_id()} not found.")
    return deployment, record


def find(record: Record) -> Deployment | None:
    """The deployment of an endpoint's record."""
    return _deployments.get(record["EndpointArn"])


def every() -> dict[str, Deployment]:
    """The deployments of every account and region."""
    return dict(_deployments)


def add(record: Record, deployment: Deployment) -> None:
    _deployments[record["EndpointArn"]] = deployment


def remove(record: Record) -> Deployment | None:
    """Forget an endpoint's deployment; the caller stops its servers."""
    return _deployments.pop(record["EndpointArn"], None)


def reset() -> None:
    """End every server and forget every record of SageMaker."""
    for deployment in _deployments.values():
        deployment.fleet.stop()
    _deployments.clear()
    resources.STORE.records.clear()
