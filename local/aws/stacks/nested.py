"""Nested stacks: a child is created, updated, rolled back and deleted by the stack operations of CloudFormation itself.

The emulator provisions `AWS::CloudFormation::Stack` by a shorter loop of its own, without transforms, rollback, exports or retention. Here the
provisioner calls the operations that serve CreateStack, UpdateStack and DeleteStack, so that a child is validated, transformed and undone like a root.
Source: "Embed stacks within other stacks using nested stacks" and `AWS::CloudFormation::Stack`, AWS CloudFormation User Guide.
"""

import secrets
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from typing import Any

from ministack.core.responses import now_iso
from ministack.services import cloudformation
from ministack.services.cloudformation import handlers, provisioners

from local.aws.stacks import cleanup, exports, loop, rollback

Stack = dict[str, Any]
Properties = dict[str, Any]
Request = dict[str, list[str]]
#: Physical id, and what Fn::GetAtt reads.
Resource = tuple[str, dict[str, str]]

PROPERTIES = ("NotificationARNs", "Parameters", "Tags", "TemplateURL", "TimeoutInMinutes")
#: A stack's name: at most so many characters, of which the suffix of a child's has so many bytes, two digits each.
NAME_LENGTH = 128
SUFFIX_BYTES = 6
#: What UpdateStack answers to a template that changes nothing.
NO_UPDATES = "No updates are to be performed."


class NestedStackError(ValueError):
    """A child could not be created, updated, rolled back or deleted; the words are AWS's."""


def install() -> None:
    """Provision children by CloudFormation's own operations."""
    loop.install()
    cleanup.install()
    rollback.install()
    provisioners._RESOURCE_HANDLERS[rollback.TYPE] |= {"create": _create, "update": _update, "delete": _delete}


def _create(logical_id: str, properties: Properties, parent: str) -> Resource:
    return loop.run(_create_child(logical_id, properties, cloudformation._stacks[parent]))


def _update(physical_id: str, old: Properties, new: Properties, parent: str) -> Resource:
    return loop.run(_update_child(_stack(physical_id), new, cloudformation._stacks[parent]))


def _delete(physical_id: str, properties: Properties) -> None:
    loop.run(_delete_child(_stack(physical_id)))


def _stack(stack_id: str) -> Stack:
    stack: Stack | None = handlers._resolve_stack(stack_id)
    if stack is None:
        raise NestedStackError(f"Stack with id {stack_id} does not exist")
    return stack


async def _create_child(logical_id: str, properties: Properties, parent: Stack) -> Resource:
    """A child is never rolled back by itself: the parent's rollback deletes it, so its record in the parent stands from the start."""
    suffix = secrets.token_hex(SUFFIX_BYTES).upper()
    name = f"{parent['StackName']}-{logical_id}"[: NAME_LENGTH - len(suffix) - 1] + f"-{suffix}"
    work = _begin(handlers._create_stack, _request(name, properties, parent))
    child = cloudformation._stacks[name]
    child |= {"ParentId": parent["StackId"], "RootId": parent.get("RootId", parent["StackId"]), "_properties": properties}
    record = parent["_resources"][logical_id] = _record(logical_id, child, properties)
    await work
    if child["StackStatus"] != "CREATE_COMPLETE":
        record["ResourceStatus"] = rollback.UNFINISHED[1]
        raise NestedStackError(f"Embedded stack {child['StackId']} was not successfully created: {_reason(child)}")
    return child["StackId"], _attributes(child)


async def _update_child(child: Stack, properties: Properties, parent: Stack) -> Resource:
    """An update asks for what the child is already when it undoes one that never began."""
    if "_undo" in child:
        await rollback.undo(child)
    elif properties != child["_properties"]:
        await _change(child, properties, parent)
    return child["StackId"], _attributes(child)


async def _change(child: Stack, properties: Properties, parent: Stack) -> None:
    """Update, and be able to go back until the root has succeeded; a template that changes nothing is no error."""
    rollback.prepare(child)
    try:
        work = _begin(handlers._update_stack, _request(child["StackId"], properties, parent))
    except NestedStackError as error:
        del child["_undo"]
        if str(error) != NO_UPDATES:
            raise
        child["_properties"] = properties
        return
    with cleanup.deferring_deletions(child):
        await work
    rollback.record(child)
    child["_properties"] = properties
    if child["StackStatus"] != "UPDATE_COMPLETE":
        reason = f"Currently in UPDATE_ROLLBACK_IN_PROGRESS with reason: {_reason(child)}"
        raise NestedStackError(f"Embedded stack {child['StackId']} was not successfully updated. {reason}")
    exports.publish(child)


async def _delete_child(child: Stack) -> None:
    if work := _begin(handlers._delete_stack, {"StackName": [child["StackId"]]}):
        await work
    if child["StackStatus"] != "DELETE_COMPLETE":
        raise NestedStackError(f"Embedded stack {child['StackId']} was not successfully deleted: {child['StackStatusReason']}")


def _record(logical_id: str, child: Stack, properties: Properties) -> dict[str, Any]:
    """A child as its parent has it while it is created."""
    return {
        "PhysicalResourceId": child["StackId"],
        "ResourceType": rollback.TYPE,
        "ResourceStatus": rollback.UNFINISHED[0],
        "LogicalResourceId": logical_id,
        "Properties": properties,
        "Attributes": {},
        "Timestamp": now_iso(),
    }


def _begin(call: Callable[[Request], tuple[int, Any, bytes]], request: Request) -> Any:
    """Call an operation and take the work that it would have scheduled; None when there is nothing to do.

    Raises:
        NestedStackError: the operation refuses the request.
    """
    (status, _, body), work = loop.capture(lambda: call(request))
    if status >= 400:
        message = ElementTree.fromstring(body).findtext(".//{*}Message")  # noqa: S314 - the emulator's own answer
        raise NestedStackError(message)
    return work


def _request(stack: str, properties: Properties, parent: Stack) -> Request:
    """The request that CreateStack or UpdateStack gets for a child; the parent's capabilities are acknowledged for its children too."""
    if unknown := [name for name in properties if name not in PROPERTIES]:
        raise NestedStackError(f"Encountered unsupported property {unknown[0]}")
    values: Request = {"StackName": [stack], "TemplateURL": [properties.get("TemplateURL", "")], "DisableRollback": ["true"], "Tags": [""]}
    for number, (name, value) in enumerate(_parameters(properties).items(), 1):
        values[f"Parameters.member.{number}.ParameterKey"] = [name]
        values[f"Parameters.member.{number}.ParameterValue"] = [value]
    tags = [tag for tag in properties.get("Tags", ()) if not tag["Key"].startswith("aws:")]
    for number, tag in enumerate(tags, 1):
        values |= {f"Tags.member.{number}.Key": [tag["Key"]], f"Tags.member.{number}.Value": [tag["Value"]]}
    for number, capability in enumerate(parent.get("Capabilities", ()), 1):
        values[f"Capabilities.member.{number}"] = [capability]
    return values


def _parameters(properties: Properties) -> dict[str, str]:
    parameters = properties.get("Parameters") or {}
    if not isinstance(parameters, dict) or any(isinstance(value, dict | list) for value in parameters.values()):
        raise NestedStackError("Value of property Parameters must be an object with String (or simple type) properties")
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in parameters.items()}


def _attributes(child: Stack) -> dict[str, str]:
    return {f"Outputs.{output['OutputKey']}": output["OutputValue"] for output in child["Outputs"]}


def _reason(child: Stack) -> str:
    failure = child.get("_failed_operation") or child.get("_undo") or {}
    if logical_id := failure.get("failed_logical_id"):
        verb = "create" if failure["failed_update"] is None else "update"
        return f"The following resource(s) failed to {verb}: [{logical_id}]. "
    return str(child["StackStatusReason"])
