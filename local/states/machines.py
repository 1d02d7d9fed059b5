"""`AWS::StepFunctions::StateMachine` in CloudFormation: definitions in JSON or YAML, substitutions, logging, updates in place."""

import json
from typing import Any

import yaml
from ministack.services.cloudformation import provisioners

from local.states import provider

Properties = dict[str, Any]


class StateMachineRefusedError(ValueError):
    """The service refused the definition; the stack fails with its message."""


def install() -> None:
    """Create, update and delete the resource by the provider."""
    provisioners._RESOURCE_HANDLERS["AWS::StepFunctions::StateMachine"].update(create=_create, update=_update, delete=_delete)


def _create(logical_id: str, properties: Properties, stack: str) -> tuple[str, dict[str, str]]:
    name = properties.get("StateMachineName") or provisioners._physical_name(stack, logical_id, max_len=80)
    request = {
        "name": name,
        "definition": _definition(properties),
        "roleArn": properties["RoleArn"],
        "type": properties.get("StateMachineType", "STANDARD"),
        "tags": provisioners._sfn_tags(properties),
        **_logging(properties),
    }
    arn = _call("CreateStateMachine", request)["stateMachineArn"]
    return arn, {"Arn": arn, "Name": name}


def _update(physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None) -> tuple[str, dict[str, str]]:
    request = {"stateMachineArn": physical_id, "definition": _definition(new), "roleArn": new["RoleArn"], **_logging(new)}
    _call("UpdateStateMachine", request)
    return physical_id, {"Arn": physical_id, "Name": physical_id.rsplit(":", 1)[-1]}


def _delete(physical_id: str, properties: Properties) -> None:
    provider.call("DeleteStateMachine", {"stateMachineArn": physical_id})


def _definition(properties: Properties) -> str:
    text: str = provisioners._sfn_definition(properties)
    return json.dumps(yaml.safe_load(text))


def _logging(properties: Properties) -> Properties:
    configuration = properties.get("LoggingConfiguration")
    if not configuration:
        return {}
    groups = [
        {"cloudWatchLogsLogGroup": {"logGroupArn": destination["CloudWatchLogsLogGroup"]["LogGroupArn"]}}
        for destination in configuration.get("Destinations", [])
    ]
    logging = {"level": configuration.get("Level", "OFF"), "includeExecutionData": str(configuration.get("IncludeExecutionData", False)).lower() == "true"}
    return {"loggingConfiguration": {**logging, "destinations": groups}}


def _call(action: str, request: Properties) -> Properties:
    status, _, body = provider.call(action, request)
    if status >= 400:
        raise StateMachineRefusedError(body.decode())
    response: Properties = json.loads(body or b"{}")
    return response
