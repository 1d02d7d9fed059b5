"""An operation on a root stack, with all that happens in its children.

Nothing that an update replaces or removes in a child is deleted before the whole operation has succeeded: a stack that fails after that child still
finds everything to go back to. Source: `UPDATE_COMPLETE_CLEANUP_IN_PROGRESS` in "Stack status codes", AWS CloudFormation User Guide: old resources
are removed once the update is complete, of a nested stack once its root's is.
"""

import asyncio
import contextlib
import functools
from collections.abc import Callable, Coroutine, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import now_iso
from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, handlers, provisioners, stacks

from local.aws.stacks import exports

Properties = dict[str, Any]
Stack = dict[str, Any]
Work = Coroutine[Any, Any, None]

TYPE = "AWS::CloudFormation::Stack"
CLEANUP = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"


@dataclass(frozen=True)
class Deletion:
    """A deletion that waits for the success of the operation.

    Attributes:
        call: deletes it.
        record: what the child keeps of it again when that fails; None for what was replaced.
    """

    call: Callable[[], Any]
    logical_id: str = ""
    resource_type: str = ""
    physical_id: str = ""
    record: dict[str, Any] | None = None


@dataclass
class Operation:
    """Children that an operation has updated, by id, with what is to be deleted of each when all has succeeded."""

    deletions: dict[str, list[Deletion]] = field(default_factory=dict)


_operation: ContextVar[Operation | None] = ContextVar("operation", default=None)
#: The child whose deletions wait; none in a root, nor in a rollback.
_deferring: ContextVar[Stack | None] = ContextVar("deferring", default=None)
_loop: ContextVar[asyncio.AbstractEventLoop] = ContextVar("loop")
_work: ContextVar[list[Work] | None] = ContextVar("work", default=None)


def install() -> None:
    """Hold on to the emulator's stack operations where they deploy, delete, roll back and schedule."""
    run_reentrant = stacks.run_reentrant
    deploy, roll_back = stacks._deploy_stack_async, stacks._roll_back_operation
    delete, delete_predecessor = stacks._delete_resource, provisioners._delete_predecessor

    stacks.run_reentrant = _knowing_the_loop(run_reentrant)
    handlers._create_stack_task_in_region = _capturing(handlers._create_stack_task_in_region)
    handlers._deploy_stack_async = changesets._deploy_stack_async = _with_cleanup(deploy)
    stacks._roll_back_operation = handlers._roll_back_operation = _complete(roll_back)
    stacks._delete_resource = _deferred(delete)
    provisioners._delete_predecessor = _deferred_predecessor(delete_predecessor)


def on_loop(work: Coroutine[Any, Any, Any]) -> Any:
    """Run on the gateway's event loop, where every operation runs, and wait; called on the thread of a provisioner."""
    return asyncio.run_coroutine_threadsafe(work, _loop.get()).result()


def capture_work(call: Callable[[], Any]) -> tuple[Any, Work | None]:
    """The result of a call and the operation that it would have scheduled, if any."""
    work: list[Work] = []
    token = _work.set(work)
    try:
        return call(), next(iter(work), None)
    finally:
        _work.reset(token)


@contextlib.contextmanager
def deferring_deletions(child: Stack) -> Iterator[None]:
    """Keep what an update of the child would delete until the operation has succeeded."""
    current = _operation.get()
    assert current is not None
    current.deletions[child["StackId"]] = []
    token = _deferring.set(child)
    try:
        yield
    finally:
        _deferring.reset(token)


def record(logical_id: str, stack_id: str, properties: Properties) -> dict[str, Any]:
    """A child as its parent keeps it while it is created."""
    return {
        "PhysicalResourceId": stack_id,
        "ResourceType": TYPE,
        "ResourceStatus": "CREATE_IN_PROGRESS",
        "LogicalResourceId": logical_id,
        "Properties": properties,
        "Attributes": {},
        "Timestamp": now_iso(),
    }


def _knowing_the_loop(run_reentrant: Callable[..., Any]) -> Callable[..., Any]:
    async def run(*arguments: Any, **options: Any) -> Any:
        token = _loop.set(asyncio.get_running_loop())
        try:
            return await run_reentrant(*arguments, **options)
        finally:
            _loop.reset(token)

    return run


def _capturing(schedule: Callable[..., None]) -> Callable[..., None]:
    def capture(work: Work, stack: Stack, stack_id: str | None = None) -> None:
        current = _work.get()
        if current is None:
            schedule(work, stack, stack_id)
        else:
            current.append(work)

    return capture


def _with_cleanup(deploy: Callable[..., Work]) -> Callable[..., Work]:
    async def run_root(name: str, *arguments: Any, **options: Any) -> None:
        _operation.set(current := Operation())
        await deploy(name, *arguments, **options)
        root = cloudformation._stacks[name]
        if root["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            exports.publish(root)
        if root["StackStatus"] == "UPDATE_COMPLETE":
            await _clean_up(root, current)

    def run(*arguments: Any, **options: Any) -> Work:
        return deploy(*arguments, **options) if _operation.get() else run_root(*arguments, **options)

    return run


async def _clean_up(root: Stack, current: Operation) -> None:
    """Delete what the update left behind in the children, last child first: a later one may use what an earlier one has."""
    root["StackStatus"] = CLEANUP
    children = {stack["StackId"]: stack for stack in cloudformation._stacks.values()}
    for stack_id, deletions in reversed(current.deletions.items()):
        child = children[stack_id]
        del child["_undo"]
        _set_status(child, CLEANUP)
        for deletion in deletions:
            await _finish(child, deletion)
        _set_status(child, "UPDATE_COMPLETE")
    root["StackStatus"] = "UPDATE_COMPLETE"


def _set_status(stack: Stack, status: str) -> None:
    stack["StackStatus"] = status
    stacks._add_event(stack["StackId"], stack["StackName"], stack["StackName"], TYPE, status, physical_id=stack["StackId"])


async def _finish(child: Stack, deletion: Deletion) -> None:
    """A deletion that fails does not fail the update: the resource stays in the child as DELETE_FAILED, and goes with the child."""
    (error,) = await asyncio.gather(_call(deletion), return_exceptions=True)
    status = "DELETE_FAILED" if error else "DELETE_COMPLETE"
    stacks._add_event(child["StackId"], child["StackName"], deletion.logical_id, deletion.resource_type, status, str(error or ""), deletion.physical_id)
    if error and deletion.record:
        child["_resources"][deletion.logical_id] = deletion.record | {"ResourceStatus": status, "ResourceStatusReason": str(error)}


async def _call(deletion: Deletion) -> None:
    if stacks._runs_on_worker_thread(deletion.resource_type):
        await stacks.run_reentrant(deletion.call)
    else:
        deletion.call()


def _deferred(delete: Callable[..., None]) -> Callable[..., None]:
    """Of a resource: removed from the child's template, or replaced under another physical id."""

    def call(resource_type: str, physical_id: str, properties: Properties, stack: str | None = None, logical_id: str | None = None) -> None:
        child, work = _deferring.get(), functools.partial(delete, resource_type, physical_id, properties, stack, logical_id)
        if child is None:
            return work()
        record = child["_resources"].get(logical_id)
        kept = record if record and record["PhysicalResourceId"] == physical_id else None
        return _defer(child, Deletion(work, str(logical_id), resource_type, physical_id, kept))

    return call


def _deferred_predecessor(delete_predecessor: Callable[..., None]) -> Callable[..., None]:
    """Of a resource that its type's handler replaced by itself; the child's update calls what is handed on here when it ends."""

    def call(delete: Callable[..., None], *arguments: Any, **options: Any) -> None:
        child, work = _deferring.get(), functools.partial(delete, *arguments, **options)
        delete_predecessor(work if child is None else functools.partial(_defer, child, Deletion(work)))

    return call


def _defer(child: Stack, deletion: Deletion) -> None:
    current = _operation.get()
    assert current is not None
    current.deletions[child["StackId"]].append(deletion)


def _complete(roll_back: Callable[..., Work]) -> Callable[..., Work]:
    """Have a rollback delete the children that failed to be created too, and restore the conditions: the emulator leaves both."""

    async def run(name: str, stack_id: str, stack: Stack, operation: dict[str, Any], *arguments: Any, **options: Any) -> None:
        failed = [logical_id for logical_id, resource in stack["_resources"].items() if _failed_to_create(resource)]
        completed = [logical_id for logical_id in operation.get("created", ()) if logical_id not in failed]
        await roll_back(name, stack_id, stack, operation | {"created": completed + failed}, *arguments, **options)
        if before := operation.get("previous_stack"):
            stack["_conditions"] = before["_conditions"]

    return run


def _failed_to_create(resource: dict[str, Any]) -> bool:
    return resource["ResourceType"] == TYPE and resource["ResourceStatus"] in ("CREATE_FAILED", "CREATE_IN_PROGRESS")
