"""The end of an update: what it replaced or removed is deleted once all of it has succeeded, that of the children too.

A root that fails after one of its children was updated still finds everything that it goes back to. Source: `UPDATE_COMPLETE_CLEANUP_IN_PROGRESS` in
"Stack status codes", AWS CloudFormation User Guide: old resources are removed after the update, those of nested stacks after the root's.
"""

import asyncio
import contextlib
import functools
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, handlers, provisioners, stacks

from local.aws.stacks import exports
from local.aws.stacks.loop import Work

Stack = dict[str, Any]

STATUS = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"


@dataclass(frozen=True)
class Deletion:
    """A deletion that waits for the success of the operation.

    Attributes:
        call: deletes it.
        logical_id: empty where only the handler of a type knows what it replaced.
        record: as the child had it; goes back there when the deletion fails. None for what was replaced.
    """

    call: Callable[[], Any]
    logical_id: str = ""
    resource_type: str = ""
    physical_id: str = ""
    record: dict[str, Any] | None = None


#: Of the operation under way on a root: what waits in each child that was updated, by the child's id.
_waiting: ContextVar[dict[str, list[Deletion]] | None] = ContextVar("waiting", default=None)
#: The child that is being updated; none in a root, nor in a rollback.
_child: ContextVar[Stack | None] = ContextVar("child", default=None)


def install() -> None:
    """Hold on to the emulator where it deploys a root, and where it deletes a resource that a template no longer has."""
    handlers._deploy_stack_async = changesets._deploy_stack_async = _with_cleanup(stacks._deploy_stack_async)
    stacks._delete_resource = _deferred(stacks._delete_resource)
    provisioners._delete_predecessor = _deferred_predecessor(provisioners._delete_predecessor)


@contextlib.contextmanager
def deferring_deletions(child: Stack) -> Iterator[None]:
    """While a child is updated: have deletions wait."""
    waiting = _waiting.get()
    assert waiting is not None
    waiting[child["StackId"]] = []
    token = _child.set(child)
    try:
        yield
    finally:
        _child.reset(token)


def _with_cleanup(deploy: Callable[..., Work]) -> Callable[..., Work]:
    async def run_root(name: str, *arguments: Any, **options: Any) -> None:
        waiting: dict[str, list[Deletion]] = {}
        _waiting.set(waiting)
        await deploy(name, *arguments, **options)
        root = cloudformation._stacks[name]
        if root["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            exports.publish(root)
        if root["StackStatus"] == "UPDATE_COMPLETE":
            root["StackStatus"] = STATUS
            await _clean_up(waiting)
            root["StackStatus"] = "UPDATE_COMPLETE"

    def run(*arguments: Any, **options: Any) -> Work:
        return run_root(*arguments, **options) if _waiting.get() is None else deploy(*arguments, **options)

    return run


async def _clean_up(waiting: dict[str, list[Deletion]]) -> None:
    """Last child first: it may use what an earlier one has."""
    children = {stack["StackId"]: stack for stack in cloudformation._stacks.values()}
    for stack_id, deletions in reversed(waiting.items()):
        child = children[stack_id]
        del child["_undo"]
        _set_status(child, STATUS)
        for deletion in deletions:
            await _finish(child, deletion)
        _set_status(child, "UPDATE_COMPLETE")


def _set_status(child: Stack, status: str) -> None:
    name, stack_id = child["StackName"], child["StackId"]
    child["StackStatus"] = status
    stacks._add_event(stack_id, name, name, "AWS::CloudFormation::Stack", status, physical_id=stack_id)


async def _finish(child: Stack, deletion: Deletion) -> None:
    """A deletion that fails does not fail the update: the resource stays in the child as DELETE_FAILED, and goes when the child goes."""
    (error,) = await asyncio.gather(_delete(deletion), return_exceptions=True)
    status = "DELETE_FAILED" if error else "DELETE_COMPLETE"
    if deletion.logical_id:
        resource = (deletion.logical_id, deletion.resource_type, status, str(error or ""), deletion.physical_id)
        stacks._add_event(child["StackId"], child["StackName"], *resource)
    if error and deletion.record:
        child["_resources"][deletion.logical_id] = deletion.record | {"ResourceStatus": status, "ResourceStatusReason": str(error)}


async def _delete(deletion: Deletion) -> None:
    if stacks._runs_on_worker_thread(deletion.resource_type):
        await stacks.run_reentrant(deletion.call)
    else:
        deletion.call()


def _deferred(delete: Callable[..., None]) -> Callable[..., None]:
    """Of a resource that was removed from a child's template, or replaced under another physical id."""

    def call(resource_type: str, physical_id: str, properties: Any, stack: str | None = None, logical_id: str | None = None) -> None:
        child, work = _child.get(), functools.partial(delete, resource_type, physical_id, properties, stack, logical_id)
        if child is None:
            return work()
        record = child["_resources"].get(logical_id, {})
        is_removed = record.get("PhysicalResourceId") == physical_id
        return _defer(child, Deletion(work, str(logical_id), resource_type, physical_id, record if is_removed else None))

    return call


def _deferred_predecessor(delete_predecessor: Callable[..., None]) -> Callable[..., None]:
    """Of a resource that its type's handler replaced by itself; a child's update calls what is handed on here when it ends."""

    def call(delete: Callable[..., None], *arguments: Any, **options: Any) -> None:
        child, work = _child.get(), functools.partial(delete, *arguments, **options)
        delete_predecessor(work if child is None else functools.partial(_defer, child, Deletion(work)))

    return call


def _defer(child: Stack, deletion: Deletion) -> None:
    waiting = _waiting.get()
    assert waiting is not None
    waiting[child["StackId"]].append(deletion)
