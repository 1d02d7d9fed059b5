"""One operation on a stack at a time: what would begin a second one is refused in AWS's words, whoever came first.

The emulator begins it, drops the other's change set, or says that it never was. Source: "Stack status codes" and "Update stacks using change sets", AWS
CloudFormation User Guide, and `ExecutionStatus` in `DescribeChangeSet`, AWS CloudFormation API Reference; the words as aws-sam-cli and others report them.
"""

from collections.abc import Callable
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, handlers, helpers

Request = dict[str, list[str]]
Reply = tuple[int, Any, bytes]
Handler = Callable[[Request], Reply]
Stack = dict[str, Any]

#: The stack that a first change set makes; it has no resources yet, and takes more change sets that would create it.
EMPTY = "REVIEW_IN_PROGRESS"
#: What stands still and can only be deleted, or rolled back further.
STUCK = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED")


def install() -> None:
    """Refuse what would begin a second operation."""
    actions = handlers._ACTION_HANDLERS
    actions["CreateChangeSet"] = _unless(_why_no_change_set, _in_one_empty_stack(actions["CreateChangeSet"]))
    actions["ExecuteChangeSet"] = _unless(_why_no_execution, actions["ExecuteChangeSet"])
    actions["UpdateStack"] = _unless(_why_no_update, actions["UpdateStack"])
    actions["DeleteStack"] = _unless(_why_no_deletion, actions["DeleteStack"])
    changesets._drop_other_change_sets = _outdate


def _unless(why_not: Callable[[Request], tuple[str, str] | None], call: Handler) -> Handler:
    """Call unless there is an error, a code and a message."""

    def answer(request: Request) -> Reply:
        if error := why_not(request):
            refusal: Reply = helpers._error(*error)
            return refusal
        return call(request)

    return answer


def _why_no_change_set(request: Request) -> tuple[str, str] | None:
    stack, name = _stack(request), helpers._p(request, "ChangeSetName")
    if helpers._p(request, "ChangeSetType", "UPDATE") != "CREATE":
        return _why_no_update(request)
    if stack is None or stack["StackStatus"] in (EMPTY, "DELETE_COMPLETE", "ROLLBACK_COMPLETE"):
        return None
    return "ValidationError", f"Stack [{stack['StackName']}] already exists and cannot be created again with the changeSet [{name}]."


def _why_no_execution(request: Request) -> tuple[str, str] | None:
    name = helpers._p(request, "ChangeSetName")
    _, change_set = changesets._find_change_set(name, helpers._p(request, "StackName"))
    if change_set is None:
        return None
    if (status := change_set["ExecutionStatus"]) != "AVAILABLE":
        return "InvalidChangeSetStatus", f"ChangeSet [{name}] cannot be executed in its current execution status of [{status}]"
    return _why_not_updated(cloudformation._stacks.get(change_set["StackName"]))


def _why_no_update(request: Request) -> tuple[str, str] | None:
    return _why_not_updated(_stack(request))


def _why_not_updated(stack: Stack | None) -> tuple[str, str] | None:
    status = stack["StackStatus"] if stack else ""
    if stack and status != EMPTY and (status in STUCK or status.endswith("_IN_PROGRESS")):
        return "ValidationError", f"Stack:{stack['StackId']} is in {status} state and can not be updated."
    return None


def _why_no_deletion(request: Request) -> tuple[str, str] | None:
    """A stack that is being created, or deleted already, may be deleted."""
    stack = _stack(request)
    if stack and stack["StackStatus"].startswith("UPDATE_") and stack["StackStatus"].endswith("_IN_PROGRESS"):
        return "ValidationError", f"Stack [{stack['StackId']}] cannot be deleted while in status {stack['StackStatus']}"
    return None


def _stack(request: Request) -> Stack | None:
    stack: Stack | None = handlers._resolve_stack(helpers._p(request, "StackName"))
    return stack


def _in_one_empty_stack(create: Handler) -> Handler:
    """A second change set that would create a stack belongs to the stack of the first; the emulator makes another one under its name."""

    def answer(request: Request) -> Reply:
        first = _stack(request)
        reply = create(request)
        if first is None or first["StackStatus"] != EMPTY:
            return reply
        name, status, headers, body = first["StackName"], *reply
        second = cloudformation._stacks.get(name, first)
        cloudformation._stacks[name] = first
        if second is not first:
            del cloudformation._stack_events[second["StackId"]]
            for change_set in cloudformation._change_sets.values():
                if change_set["StackId"] == second["StackId"]:
                    change_set["StackId"] = first["StackId"]
        return status, headers, body.replace(second["StackId"].encode(), first["StackId"].encode())

    return answer


def _outdate(stack_id: str, executed_id: str) -> None:
    """The other change sets of a stack that is changing: none can be executed any more, and the next one that is executed removes them."""
    for change_set_id, change_set in list(cloudformation._change_sets.items()):
        if change_set["StackId"] == stack_id and change_set_id != executed_id:
            if change_set["ExecutionStatus"] == "OBSOLETE":
                del cloudformation._change_sets[change_set_id]
            else:
                change_set["ExecutionStatus"] = "OBSOLETE"
