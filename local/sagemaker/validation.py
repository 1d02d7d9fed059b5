"""Validates requests against botocore's service model: required members, lengths, ranges, patterns, enums and types."""

from typing import Any

import regex
from botocore.model import ListShape, MapShape, OperationModel, Shape, StringShape, StructureShape
from botocore.validate import ParamValidator

from local.sagemaker.errors import invalid

#: The range of characters beyond the first 65,536: in AWS's models as surrogate pairs, and in Python's syntax.
PAIRS = (r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")
NUMBERS = frozenset({"integer", "long", "float", "double"})


def check(operation: OperationModel, parameters: dict[str, Any]) -> None:
    """Refuse a request that breaks its shape.

    Raises:
        ApiError: `ValidationException` in AWS's words, with each fault, its value and its constraint.
    """
    if operation.input_shape is None:
        return
    faults = _faults(operation.input_shape, parameters, "")
    if faults:
        count = f"{len(faults)} validation error{'s' if len(faults) > 1 else ''} detected: "
        raise invalid(count + "; ".join(faults))
    report = ParamValidator().validate(parameters, operation.input_shape)
    if report.has_errors():
        raise invalid(report.generate_report())


def _faults(shape: Shape, value: Any, path: str) -> list[str]:
    """The faults of a value and of all within it; botocore finds values of another type."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        missing = [_fault(None, _join(path, name), "Member must not be null") for name in shape.required_members if value.get(name) is None]
        members = [(shape.members[name], item, _join(path, name)) for name, item in value.items() if name in shape.members]
        return missing + [fault for member, item, at in members for fault in _faults(member, item, at)]
    if isinstance(shape, ListShape) and isinstance(value, list):
        within = [fault for i, item in enumerate(value) for fault in _faults(shape.member, item, f"{path}.{i + 1}.member")]
        return _size_faults(shape, len(value), value, path, "length") + within
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return [fault for key, item in value.items() for fault in _faults(shape.value, item, f"{path}.{key}.member")]
    if isinstance(shape, StringShape) and isinstance(value, str):
        return _string_faults(shape, value, path)
    if shape.type_name in NUMBERS and isinstance(value, int | float):
        return _size_faults(shape, value, value, path, "value")
    return []


def _string_faults(shape: StringShape, value: str, path: str) -> list[str]:
    if shape.enum and value not in shape.enum:
        return [_fault(value, path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")]
    faults = _size_faults(shape, len(value), value, path, "length")
    pattern = shape.metadata.get("pattern")
    if pattern and not regex.fullmatch(pattern.replace(*PAIRS), value):
        faults.append(_fault(value, path, f"Member must satisfy regular expression pattern: {pattern}"))
    return faults


def _size_faults(shape: Shape, size: float, value: Any, path: str, quantity: str) -> list[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    faults = []
    if least is not None and size < least:
        faults.append(_fault(value, path, f"Member must have {quantity} greater than or equal to {least}"))
    if most is not None and size > most:
        faults.append(_fault(value, path, f"Member must have {quantity} less than or equal to {most}"))
    return faults


def _fault(value: Any, path: str, constraint: str) -> str:
    literal = "null" if value is None else f"'{value}'"
    return f"Value {literal} at '{path}' failed to satisfy constraint: {constraint}"


def _join(path: str, name: str) -> str:
    name = name[0].lower() + name[1:]
    return f"{path}.{name}" if path else name
