"""Computes rules across columns on Arrow arrays."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from noria.data.rules import ARITHMETIC, COMPARISONS, Rule, is_null, values_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from noria.tables.parse import Mask


def broken(rule: Rule, columns: Mapping[str, pa.Array]) -> Mask:
    """The rows that break a rule; a row in which it meets an empty value keeps it, as in SQL.

    Raises:
        pa.ArrowException: the columns are of types that cannot be compared.
    """
    holds: Mask = pc.fill_null(_truth(rule.tree, columns), True).to_numpy(zero_copy_only=False)
    return ~holds


def _truth(node: ast.expr, columns: Mapping[str, pa.Array]) -> Any:
    if isinstance(node, ast.BoolOp):
        parts = [_truth(part, columns) for part in node.values]
        result = parts[0]
        for part in parts[1:]:
            result = pc.and_kleene(result, part) if isinstance(node.op, ast.And) else pc.or_kleene(result, part)
        return result
    if isinstance(node, ast.UnaryOp):
        return pc.invert(_truth(node.operand, columns))
    if isinstance(node, ast.Name):
        return pc.cast(columns[node.id], pa.bool_())
    assert isinstance(node, ast.Compare)
    result, left = None, node.left
    for operator, right in zip(node.ops, node.comparators, strict=True):
        part = _compare(COMPARISONS[type(operator)], left, right, columns)
        result, left = part if result is None else pc.and_kleene(result, part), right
    return result


def _compare(name: str, left: ast.expr, right: ast.expr, columns: Mapping[str, pa.Array]) -> Any:
    value = _value(left, columns)
    if is_null(right):
        return pc.is_null(value) if name in ("is", "equal") else pc.is_valid(value)
    if name in ("in", "not_in"):
        listed = pc.is_in(value, value_set=pa.array(values_of(right)).cast(value.type))
        listed = pc.if_else(pc.is_valid(value), listed, pa.scalar(None, pa.bool_()))
        return listed if name == "in" else pc.invert(listed)
    other = _value(right, columns)
    return getattr(pc, name)(*_alike(value, other))


def _alike(left: Any, right: Any) -> tuple[Any, Any]:
    """A text beside a time is a time, and a whole number beside a fraction is one."""
    if pa.types.is_floating(left.type) and not pa.types.is_floating(right.type) and _is_number(right):
        return left, pc.cast(right, pa.float64(), safe=False)
    if pa.types.is_floating(right.type) and not pa.types.is_floating(left.type) and _is_number(left):
        return pc.cast(left, pa.float64(), safe=False), right
    if pa.types.is_timestamp(left.type) and pa.types.is_string(right.type):
        return left, _time(right)
    if pa.types.is_timestamp(right.type) and pa.types.is_string(left.type):
        return _time(left), right
    return left, right


def _time(value: Any) -> Any:
    return pc.cast(pc.cast(value, pa.timestamp("us")), pa.timestamp("us", tz="UTC"))


def _value(node: ast.expr, columns: Mapping[str, pa.Array]) -> Any:
    if isinstance(node, ast.Name):
        return columns[node.id]
    if isinstance(node, ast.Constant):
        return pa.scalar(node.value)
    if isinstance(node, ast.UnaryOp):
        return pc.negate(_value(node.operand, columns))
    assert isinstance(node, ast.BinOp)
    left, right = _value(node.left, columns), _value(node.right, columns)
    if isinstance(node.op, ast.Div):
        # As in Python: a quotient is a fraction; nothing is divided by zero.
        right = pc.cast(right, pa.float64(), safe=False)
        right = pc.if_else(pc.equal(right, 0.0), pa.scalar(None, pa.float64()), right)
        return pc.divide(pc.cast(left, pa.float64(), safe=False), right)
    name = ARITHMETIC[type(node.op)]
    left, right = _alike(left, right)
    try:
        return getattr(pc, f"{name}_checked")(left, right)
    except pa.ArrowInvalid:
        # Beyond 64 bits.
        return getattr(pc, name)(pc.cast(left, pa.float64(), safe=False), pc.cast(right, pa.float64(), safe=False))


def _is_number(value: Any) -> bool:
    return bool(pa.types.is_integer(value.type) or pa.types.is_decimal(value.type))
