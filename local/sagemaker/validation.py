"""Requests against botocore's service model: types, required members and ranges by botocore, patterns and enums here."""

from typing import Any

import regex
from botocore.model import ListShape, MapShape, OperationModel, Shape, StringShape, StructureShape
from botocore.validate import ParamValidator

from local.sagemaker.errors import invalid


def check(operation: OperationModel, parameters: dict[str, Any]) -> None:
    """Refuse what AWS would refuse by the shape alone.

    Raises:
        ApiError: `ValidationException` with each fault, its value and its constraint.
    """
    if operation.input_shape is None:
        return
    report = ParamValidator().validate(parameters, operation.input_shape)
    if report.has_errors():
        raise invalid(report.generate_report())
    faults = _faults(operation.input_shape, parameters, "")
    if faults:
        count = f"{len(faults)} validation error{'s' if len(faults) > 1 else ''} detected: "
        raise invalid(count + "; ".join(faults))


def _faults(shape: Shape, value: Any, path: str) -> list[str]:
    if isinstance(shape, StructureShape):
        return [fault for name, item in value.items() for fault in _faults(shape.members[name], item, _join(path, name))]
    if isinstance(shape, ListShape):
        return [fault for i, item in enumerate(value) for fault in _faults(shape.member, item, f"{path}.{i + 1}.member")]
    if isinstance(shape, MapShape):
        return [fault for key, item in value.items() for fault in _faults(shape.value, item, f"{path}.{key}.member")]
    return _string_faults(shape, value, path) if isinstance(shape, StringShape) else []


def _string_faults(shape: StringShape, value: str, path: str) -> list[str]:
    prefix = f"Value '{value}' at '{path}' failed to satisfy constraint: "
    if shape.enum and value not in shape.enum:
        return [f"{prefix}Member must satisfy enum value set: [{', '.join(shape.enum)}]"]
    faults = []
    pattern, longest = shape.metadata.get("pattern"), shape.metadata.get("max")
    if longest is not None and len(value) > longest:
        faults.append(f"{prefix}Member must have length less than or equal to {longest}")
    if pattern and not regex.fullmatch(pattern, value):
        faults.append(f"{prefix}Member must satisfy regular expression pattern: {pattern}")
    return faults


def _join(path: str, name: str) -> str:
    name = name[0].lower() + name[1:]
    return f"{path}.{name}" if path else name
