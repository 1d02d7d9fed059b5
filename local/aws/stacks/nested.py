"""Nested stacks: a child is created, updated, rolled back and deleted by the stack operations of CloudFormation itself.

The emulator provisions `AWS::CloudFormation::Stack` by a shorter loop of its own, without transforms, rollback, exports or retention. Here the
provisioner calls the operations that serve CreateStack, UpdateStack and DeleteStack, so that a child is validated, transformed and undone like a root.
Source: "Embed stacks within other stacks using nested stacks" and `AWS::CloudFormation::Stack`, AWS CloudFormation User Guide.
"""

import copy
import secrets
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import engine, handlers, provisioners, stacks

from local.aws.stacks import exports, operation
from local.aws.stacks.operation import TYPE, Properties, Stack

Request = dict[str, list[str]]
#: Physical id, and what Fn::GetAtt reads.
Resource = tuple[str, dict[str, str]]

PROPERTIES = ("NotificationARNs", "Parameters", "Tags", "TemplateURL", "TimeoutInMinutes")
#: A stack's name: at most so many characters, of which the suffix of a child's has so many bytes, two digits each.
NAME_LENGTH = 128
SUFFIX_BYTES = 6
#: What an update replaces in a stack, and its rollback restores.
RESTORED = ("_resources", "_template", "_template_body", "_resolved_params", "_conditions", "Parameters", "Tags", "Outputs", "_properties")


class NestedStackError(ValueError):
    """A child could not be created, updated, rolled back or deleted; the words are AWS's."""


def install() -> None:
    """Provision children by CloudFormation's own operations, and describe them with their parent."""
    operation.install()
    provisioners._RESOURCE_HANDLERS[TYPE] |= {"create": _create, "update": _update, "delete": _delete}
    for action in ("DescribeStacks", "ListStacks"):
        handlers._ACTION_HANDLERS[action] = _with_parents(handlers._ACTION_HANDLERS[action])


def _create(logical_id: str, properties: Properties, parent: str) -> Resource:
    return operation.on_loop(_create_child(logical_id, properties, cloudformation._stacks[parent]))


def _update(physical_id: str, old: Properties, new: Properties, parent: str) -> Resource:
    return operation.on_loop(_update_child(_stack(physical_id), new, cloudformation._stacks[parent]))


def _delete(physical_id: str, properties: Properties) -> None:
    operation.on_loop(_delete_child(_stack(physical_id)))


def _stack(stack_id: str) -> Stack:
    return next(stack for stack in cloudformation._stacks.values() if stack["StackId"] == stack_id)


async def _create_child(logical_id: str, properties: Properties, parent: Stack) -> Resource:
    """A child is never rolled back by itself: the parent's rollback deletes it, so its record in the parent stands from the start."""
    suffix = secrets.token_hex(SUFFIX_BYTES).upper()
    name = f"{parent['StackName']}-{logical_id}"[: NAME_LENGTH - len(suffix) - 1] + f"-{suffix}"
    run = _begin(handlers._create_stack, _request(name, properties, parent))
    child = cloudformation._stacks[name]
    child |= {"ParentId": parent["StackId"], "RootId": parent.get("RootId", parent["StackId"]), "_properties": properties}
    record = operation.record(logical_id, child["StackId"], properties)
    parent["_resources"][logical_id] = record
    await run
    if child["StackStatus"] != "CREATE_COMPLETE":
        record["ResourceStatus"] = "CREATE_FAILED"
        raise NestedStackError(f"Embedded stack {child['StackId']} was not successfully created: {_reason(child)}")
    return child["StackId"], _attributes(child)


async def _update_child(child: Stack, properties: Properties, parent: Stack) -> Resource:
    """An update asks for what the child is already when it undoes one that never began."""
    if "_undo" in child:
        await _undo(child)
    elif properties != child["_properties"]:
        await _change(child, properties, parent)
    return child["StackId"], _attributes(child)


async def _change(child: Stack, properties: Properties, parent: Stack) -> None:
    """Update, keeping what it takes to undo it until the whole operation has succeeded; a template that changes nothing is no error."""
    before = copy.deepcopy({key: child.get(key) for key in RESTORED})
    try:
        run = _begin(handlers._update_stack, _request(child["StackId"], properties, parent))
    except NestedStackError as error:
        if str(error) != "No updates are to be performed.":
            raise
        return
    child["_undo"] = {"is_update": True, "previous_stack": before}
    with operation.deferring_deletions(child):
        await run
    child["_undo"] |= (child.pop("_failed_operation", None) or _completed(child, before)) | {"previous_stack": before}
    child["_properties"] = properties
    if child["StackStatus"] != "UPDATE_COMPLETE":
        reason = f"Currently in UPDATE_ROLLBACK_IN_PROGRESS with reason: {_reason(child)}"
        raise NestedStackError(f"Embedded stack {child['StackId']} was not successfully updated. {reason}")
    exports.publish(child)


def _completed(child: Stack, before: Stack) -> dict[str, Any]:
    """What the emulator needs to roll back an update that did succeed."""
    template = child["_template"]
    order = engine._topological_sort(template.get("Resources", {}), child["_conditions"])
    changes = [name for name in order if name in child["_resources"]]
    return stacks._failed_operation(True, before, changes, None, None, [], False, template, child["_resolved_params"], False, child["Tags"], before["Tags"])


async def _undo(child: Stack) -> None:
    """Roll an update of the child back because the parent's failed, whether the child's own did or not."""
    name, stack_id, undo = child["StackName"], child["StackId"], child["_undo"]
    if child["StackStatus"] == "UPDATE_ROLLBACK_FAILED":
        await stacks._continue_update_rollback_async(name, stack_id, frozenset())
    else:
        await stacks._roll_back_operation(name, stack_id, child, undo)
    if child["StackStatus"] != "UPDATE_ROLLBACK_COMPLETE":
        raise NestedStackError(f"Embedded stack {stack_id} was not successfully rolled back: {child['StackStatusReason']}")
    child["_properties"] = undo["previous_stack"]["_properties"]
    del child["_undo"]
    exports.publish(child)


async def _delete_child(child: Stack) -> None:
    if run := _begin(handlers._delete_stack, {"StackName": [child["StackId"]]}):
        await run
    if child["StackStatus"] != "DELETE_COMPLETE":
        raise NestedStackError(f"Embedded stack {child['StackId']} was not successfully deleted: {child['StackStatusReason']}")


def _begin(call: Callable[[Request], tuple[int, Any, bytes]], request: Request) -> Any:
    """Call an operation and take the work that it would have scheduled; None when there is nothing to do.

    Raises:
        NestedStackError: the operation refuses the request.
    """
    (status, _, body), work = operation.capture_work(lambda: call(request))
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


def _with_parents(describe: Callable[[Request], tuple[int, Any, bytes]]) -> Callable[[Request], tuple[int, Any, bytes]]:
    """Describe children with the ids of their parent and root, which the emulator stores and does not show."""

    def call(request: Request) -> tuple[int, Any, bytes]:
        status, headers, body = describe(request)
        for stack in cloudformation._stacks.values():
            if "ParentId" in stack:
                element = f"<StackId>{stack['StackId']}</StackId>"
                parents = f"<ParentId>{stack['ParentId']}</ParentId><RootId>{stack['RootId']}</RootId>"
                body = body.replace(element.encode(), (element + parents).encode())
        return status, headers, body

    return call
