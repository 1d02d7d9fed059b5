"""Exports belong to one stack, stay while another imports them, and go with the output that named them.

Source: "Get exported outputs from a deployed CloudFormation stack", AWS CloudFormation User Guide.
"""

from collections.abc import Callable
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import handlers, stacks

#: `StackId`, `Name` and `Value` by name.
Exports = dict[str, dict[str, str]]


def install() -> None:
    """Check the exports of a stack when its outputs are known."""
    stacks._resolve_stack_outputs = _with_checks(stacks._resolve_stack_outputs)


def publish(stack: dict[str, Any]) -> None:
    """Have exactly the exports that a stack's outputs name."""
    exports = cloudformation._exports
    for name in _owned(stack["StackId"]):
        del exports[name]
    for output in stack["Outputs"]:
        if name := output.get("ExportName"):
            exports[name] = {"StackId": stack["StackId"], "Name": name, "Value": output["OutputValue"]}


def _with_checks(resolve: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        outputs, exports = resolve(*arguments)
        _check(exports, stack_id=arguments[-1])
        return outputs, exports

    return call


def _check(exports: Exports, stack_id: str) -> None:
    """Raises ValueError: an export is another stack's, or is in use and would change."""
    published = cloudformation._exports
    for name in exports:
        if name in published and published[name]["StackId"] != stack_id:
            owner = published[name]["StackId"].split("/")[1]
            raise ValueError(f"Export with name {name} is already exported by stack {owner}.")
    for name, export in _owned(stack_id).items():
        if exports.get(name, {}).get("Value") != export["Value"] and (users := _users(name)):
            verb = "updated" if name in exports else "deleted"
            raise ValueError(f"Export {name} cannot be {verb} as it is in use by {', '.join(users)}")


def _owned(stack_id: str) -> Exports:
    return {name: export for name, export in cloudformation._exports.items() if export["StackId"] == stack_id}


def _users(name: str) -> list[str]:
    standing = [stack for stack in cloudformation._stacks.values() if stack["StackStatus"] != "DELETE_COMPLETE"]
    return [stack["StackName"] for stack in standing if name in handlers._imported_export_names(stack, stack["StackName"])]
