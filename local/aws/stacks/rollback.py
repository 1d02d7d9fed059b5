"""The way back of an update: a child goes back when its root fails, whether the child's own update failed or not.

The emulator rolls a stack back from the record of its failed operation. A child keeps such a record of each update until the root's has succeeded.
Source: "Update behaviors of stack resources" and `UPDATE_ROLLBACK_IN_PROGRESS` in "Stack status codes", AWS CloudFormation User Guide.
"""

import copy
from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import engine, handlers, stacks

from local.aws.stacks import exports
from local.aws.stacks.loop import Work

Stack = dict[str, Any]

TYPE = "AWS::CloudFormation::Stack"
#: What a parent records of a child that is not there yet, or never will be.
UNFINISHED = ("CREATE_IN_PROGRESS", "CREATE_FAILED")
#: What an update replaces in a stack.
RESTORED = ("_resources", "_template", "_template_body", "_resolved_params", "_conditions", "Parameters", "Tags", "Outputs", "_properties")


class RollbackError(ValueError):
    """A child could not go back; its root ends as UPDATE_ROLLBACK_FAILED, and ContinueUpdateRollback tries again."""


def install() -> None:
    """Have every rollback take the children that failed with it."""
    stacks._roll_back_operation = handlers._roll_back_operation = _with_failed_children(stacks._roll_back_operation)


def prepare(child: Stack) -> None:
    """Before an update of a child: keep what it goes back to."""
    child["_undo"] = {"is_update": True, "previous_stack": copy.deepcopy({key: child.get(key) for key in RESTORED})}


def record(child: Stack) -> None:
    """After an update of a child: keep what was done, of which an operation that failed has a record of its own."""
    child["_undo"] = (child.pop("_failed_operation", None) or _operation(child)) | {"previous_stack": child["_undo"]["previous_stack"]}


def _operation(child: Stack) -> dict[str, Any]:
    template, before = child["_template"], child["_undo"]["previous_stack"]
    order = engine._topological_sort(template.get("Resources", {}), child["_conditions"])
    changes = [name for name in order if name in child["_resources"]]
    return stacks._failed_operation(True, before, changes, None, None, [], False, template, child["_resolved_params"], False, child["Tags"], before["Tags"])


async def undo(child: Stack) -> None:
    """Roll the last update of a child back.

    Raises:
        RollbackError: something in it cannot go back.
    """
    name, stack_id, before = child["StackName"], child["StackId"], child["_undo"]["previous_stack"]
    if child["StackStatus"] == "UPDATE_ROLLBACK_FAILED":
        await stacks._continue_update_rollback_async(name, stack_id, frozenset())
    else:
        await stacks._roll_back_operation(name, stack_id, child, child["_undo"])
    if child["StackStatus"] != "UPDATE_ROLLBACK_COMPLETE":
        raise RollbackError(f"Embedded stack {stack_id} was not successfully rolled back: {child['StackStatusReason']}")
    child["_properties"] = before["_properties"]
    del child["_undo"]
    exports.publish(child)


def _with_failed_children(roll_back: Callable[..., Work]) -> Callable[..., Work]:
    """Delete the children that failed to be created too: the emulator leaves them behind."""

    async def call(name: str, stack_id: str, stack: Stack, operation: dict[str, Any], *arguments: Any, **options: Any) -> None:
        failed = [logical_id for logical_id, resource in stack["_resources"].items() if _is_unfinished(resource)]
        completed = [logical_id for logical_id in operation.get("created", ()) if logical_id not in failed]
        await roll_back(name, stack_id, stack, operation | {"created": completed + failed}, *arguments, **options)

    return call


def _is_unfinished(resource: dict[str, Any]) -> bool:
    return resource["ResourceType"] == TYPE and resource["ResourceStatus"] in UNFINISHED
