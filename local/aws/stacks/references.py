"""What a template refers to exists: its own resources, parameters and conditions, and nothing of its parent or its siblings.

The emulator resolves an unknown name to the name itself, or to nothing. Source: `Ref`, `Fn::GetAtt` and `Fn::If` in "Intrinsic function reference",
and "Validation error" in "Troubleshooting CloudFormation", AWS CloudFormation User Guide.
"""

from collections.abc import Callable, Iterable
from typing import Any

from ministack.services.cloudformation import changesets, engine, handlers

Template = dict[str, Any]
Conditions = dict[str, bool]


def install() -> None:
    """Check references before anything is created or changed."""
    for module in (handlers, changesets):
        module.validate_template_support = _with_references(module.validate_template_support)


def _with_references(validate: Callable[..., None]) -> Callable[..., None]:
    def call(template: Template, conditions: Conditions, params: dict[str, Any] | None = None) -> None:
        validate(template, conditions, params=params)
        if params is not None:
            check(template, conditions)

    return call


def check(template: Template, conditions: Conditions) -> None:
    """Check a template after its transforms.

    Args:
        conditions: the value of each condition.

    Raises:
        ValueError: with AWS's words; names what is unknown, or stands behind a condition that is false while what refers to it does not.
    """
    resources, outputs = template.get("Resources") or {}, template.get("Outputs") or {}
    known = {*resources, *(template.get("Parameters") or {})}
    active = {name for name, resource in resources.items() if _holds(resource, conditions, "Resources")}
    for block, items in (("Resources", resources), ("Outputs", outputs)):
        for item in items.values():
            values = [item.get(key) for key in ("Properties", "Value", "Export")]
            _check_known(values, known, block)
            if _holds(item, conditions, block):
                missing = {name for name, _ in engine._intrinsic_references(_chosen(values, conditions)) if name in resources.keys() - active}
                _refuse_unresolved(missing, block)
        depended = {name for item in items.values() for name in _names(item.get("DependsOn"))}
        _refuse_unresolved(depended - resources.keys(), block)
    try:
        engine._topological_sort(resources, conditions)
    except ValueError as error:
        raise ValueError(f"Circular dependency between resources: [{str(error).partition(': ')[2]}]") from None


def _holds(item: Template, conditions: Conditions, block: str) -> bool:
    name = item.get("Condition")
    if name is not None and name not in conditions:
        raise ValueError(f"Template format error: Unresolved condition dependency {name} in the {block} block of the template")
    return name is None or conditions[name]


def _check_known(values: list[Any], known: set[str], block: str) -> None:
    unknown = [(name, attribute) for name, attribute in engine._intrinsic_references(values) if name not in known and not name.startswith("AWS::")]
    for name, attribute in unknown:
        if attribute:
            raise ValueError(f"Template error: instance of Fn::GetAtt references undefined resource {name}")
    _refuse_unresolved({name for name, _ in unknown}, block)


def _refuse_unresolved(names: Iterable[str], block: str) -> None:
    if names := sorted(names):
        raise ValueError(f"Template format error: Unresolved resource dependencies [{', '.join(names)}] in the {block} block of the template")


def _names(depends_on: Any) -> list[str]:
    return [depends_on] if isinstance(depends_on, str) else list(depends_on or ())


def _chosen(value: Any, conditions: Conditions) -> Any:
    """A value with the branch of each Fn::If that holds: the other one may refer to what does not exist."""
    if isinstance(value, list):
        return [_chosen(item, conditions) for item in value]
    if not isinstance(value, dict):
        return value
    if "Fn::If" not in value:
        return {name: _chosen(item, conditions) for name, item in value.items()}
    name, true, false = value["Fn::If"]
    if name not in conditions:
        raise ValueError(f"Template error: unresolved condition dependency {name} in Fn::If")
    return _chosen(true if conditions[name] else false, conditions)
