"""Requests of machines against the service models of AWS."""

import json
from functools import cache
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

from tests.workflow.running import Call


@cache
def _shape(service: str, action: str) -> Any:
    model = botocore.session.get_session().get_service_model(service)
    return model.operation_model(action[0].upper() + action[1:]).input_shape


def check(call: Call) -> None:
    """A request has the fields, and the kinds of values, that its service takes."""
    service, action = call.resource.removeprefix("aws-sdk:").split(".")[0].split(":")[:2]
    service = {"sfn": "stepfunctions", "applicationautoscaling": "application-autoscaling"}.get(service, service)
    if service in ("lambda", "states"):
        return
    request = dict(call.request)
    if service == "events":
        request["Entries"] = [{**entry, "Detail": json.dumps(entry["Detail"])} for entry in request["Entries"]]
    if service == "stepfunctions":
        # Step Functions writes every parameter in Pascal case, also where the service itself does not.
        request = {key[0].lower() + key[1:]: value for key, value in request.items()}
    if action == "putObject":
        request["Body"] = json.dumps(request["Body"]).encode()
    report = ParamValidator().validate(request, _shape(service, action))
    assert not report.has_errors(), f"{call.state}: {report.generate_report()}"
