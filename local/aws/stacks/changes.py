"""Change sets: a resource comes and goes with its condition, and outputs alone are worth an update.

The emulator compares the resources of two templates whether they exist or not. Source: "Condition", AWS CloudFormation User Guide, for the first; for
the second, a change set of outputs has no changes and can be executed, as the AWS CDK reports and relies on (aws/aws-cdk, pull request 2029).
"""

from collections.abc import Callable
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, handlers

Template = dict[str, Any]
Request = dict[str, list[str]]
Reply = tuple[int, Any, bytes]


def install() -> None:
    """Have change sets list what will happen, and stand when only outputs change."""
    changesets._resolve_props_for_diff = _with_conditions(changesets._resolve_props_for_diff)
    handlers._ACTION_HANDLERS["CreateChangeSet"] = _with_outputs(handlers._ACTION_HANDLERS["CreateChangeSet"])


def _with_conditions(resolve: Callable[..., Template]) -> Callable[..., Template]:
    def call(template: Template, parameters: dict[str, Any], *names: str) -> Template:
        if not template:
            return resolve(template, parameters, *names)
        conditions = changesets._evaluate_conditions(template, parameters)
        resources = template.get("Resources", {})
        active = {name: resource for name, resource in resources.items() if conditions.get(resource.get("Condition"), True)}
        return resolve(template | {"Resources": active}, parameters, *names)

    return call


def _with_outputs(create: Callable[[Request], Reply]) -> Callable[[Request], Reply]:
    def call(request: Request) -> Reply:
        before = set(cloudformation._change_sets)
        reply = create(request)
        for change_set_id in set(cloudformation._change_sets) - before:
            _admit_outputs(cloudformation._change_sets[change_set_id])
        return reply

    return call


def _admit_outputs(change_set: dict[str, Any]) -> None:
    stack = cloudformation._stacks[change_set["StackName"]]
    is_empty_update = change_set["ChangeSetType"] == "UPDATE" and change_set["Status"] == "FAILED" and not change_set["Changes"]
    if is_empty_update and change_set["_template"].get("Outputs") != stack["_template"].get("Outputs"):
        change_set |= {"Status": "CREATE_COMPLETE", "ExecutionStatus": "AVAILABLE", "StatusReason": ""}
