"""Parameters and conditions of a template as CloudFormation reads them, of a root and of a child alike.

The emulator ignores a parameter that no template declares, stops at the first one without a value, and takes YAML's `true` for another value than
"true". Source: "Parameters" and "Conditions", AWS CloudFormation User Guide; the words of each error are those that its users report.
"""

from collections.abc import Callable, Iterable
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services.cloudformation import changesets, engine, handlers, stacks

Template = dict[str, Any]
#: `Key` and either `Value` or `UsePreviousValue`.
Provided = list[dict[str, Any]]
#: `Value` of each parameter by its name, as the last operation resolved it.
Resolved = dict[str, dict[str, Any]]


def install() -> None:
    """Check parameters wherever a stack or a change set is created or updated."""
    engine._constraint_error = _constraint_error
    for module in (handlers, changesets):
        module._resolve_parameters = _with_checks(module._resolve_parameters)
        module._apply_transforms = _with_texts(module._apply_transforms)
    for module in (handlers, changesets, stacks):
        module._evaluate_conditions = _with_pseudo_parameters(module._evaluate_conditions)


def _with_checks(resolve: Callable[..., Resolved]) -> Callable[..., Resolved]:
    def call(template: Template, provided: Provided, previous: Resolved | None = None) -> Resolved:
        _check(template.get("Parameters") or {}, provided, previous or {})
        return resolve(template, provided, previous)

    return call


def _check(declared: Template, provided: Provided, previous: Resolved) -> None:
    names = [entry["Key"] for entry in provided]
    if names and not declared:
        raise ValueError("Parameter values specified for a template which does not require them.")
    if unknown := [name for name in names if name not in declared]:
        raise ValueError(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    entries = {entry["Key"]: entry for entry in provided}
    values = {name: _value(definition, entries.get(name), previous.get(name)) for name, definition in declared.items()}
    if missing := [name for name, value in values.items() if value is None]:
        raise ValueError(f"Parameters: [{', '.join(missing)}] must have values")
    for name, definition in declared.items():
        allowed = [str(value) for value in definition.get("AllowedValues", ())]
        if allowed and values[name] not in allowed:
            raise _constraint_error(name, definition, "must be one of AllowedValues")


def _value(definition: Template, entry: dict[str, Any] | None, previous: dict[str, Any] | None) -> str | None:
    """What a parameter will be; none when nobody says."""
    if entry and entry.get("UsePreviousValue"):
        entry = previous and {"Value": previous.get("SsmName", previous["Value"])}
    value = entry["Value"] if entry else definition.get("Default")
    return None if value is None else str(value)


def _constraint_error(name: str, definition: Template, reason: str) -> ValueError:
    description = definition.get("ConstraintDescription")
    return ValueError(f"Parameter {name} failed to satisfy constraint: {description}" if description else f"Parameter '{name}' {reason}")


def _with_texts(transform: Callable[..., Template]) -> Callable[..., Template]:
    """A boolean that stands bare in YAML is the text `true` or `false` where parameters and conditions are concerned."""

    def call(template: Template, *arguments: Any) -> Template:
        sections = {name: _text(template[name]) for name in ("Parameters", "Conditions") if name in template}
        return transform(template | sections, *arguments)

    return call


def _text(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _text(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_text(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else value


def _with_pseudo_parameters(evaluate: Callable[..., dict[str, bool]]) -> Callable[..., dict[str, bool]]:
    """A condition may ask for the region or the account."""

    def call(template: Template, parameters: Resolved) -> dict[str, bool]:
        values: Iterable[tuple[str, str]] = (("Region", get_region()), ("AccountId", get_account_id()), ("Partition", "aws"), ("URLSuffix", "amazonaws.com"))
        return evaluate(template, {f"AWS::{name}": {"Value": value} for name, value in values} | parameters)

    return call
