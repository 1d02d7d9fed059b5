"""Rules across columns in a small language: comparisons and arithmetic of columns, numbers and texts, joined by `and`, `or` and `not`.

A rule is parsed into a tree of a few kinds of nodes, and nothing else of Python is in it: no call, no attribute, no loop.
`noria.data.rule_check` computes it on Arrow columns. A name with blanks stands in backticks.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import cast

#: Characters of a rule, and nodes of its tree.
LONGEST_RULE, MOST_NODES = 500, 100
ARITHMETIC: dict[type[ast.operator], str] = {ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide"}
COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Is: "is",
    ast.IsNot: "is_not",
    ast.In: "in",
    ast.NotIn: "not_in",
}
EXPECTED = "comparisons such as a <= b + 1, kind in ['x', 'y'], end is null or end > start"


@dataclass(frozen=True)
class Rule:
    """A parsed rule: its text, the tree, and the columns that it names."""

    text: str
    tree: ast.expr
    columns: frozenset[str]


def parse_rule(text: str) -> Rule:
    """Parse a rule.

    Raises:
        ValueError: it is none; the message says what is wrong and what a rule is.
    """
    if len(text) > LONGEST_RULE:
        raise ValueError(f"a rule has {len(text)} characters, at most {LONGEST_RULE}")
    names: dict[str, str] = {}

    def quoted(match: re.Match[str]) -> str:
        stand_in = f"_column_{len(names)}_"
        names[stand_in] = match[1]
        return stand_in

    try:
        tree = ast.parse(re.sub(r"`([^`]+)`", quoted, text).strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"the rule {text!r} cannot be read: expected {EXPECTED}") from error
    nodes = list(ast.walk(tree))
    if len(nodes) > MOST_NODES:
        raise ValueError(f"the rule {text!r} has {len(nodes)} parts, at most {MOST_NODES}: part it into several")
    for node in nodes:
        if isinstance(node, ast.Name) and node.id in names:
            node.id = names[node.id]
    _check(text, tree, truth=True)
    columns = {node.id for node in nodes if isinstance(node, ast.Name) and node.id.lower() not in ("null", "true", "false")}
    return Rule(text, tree, frozenset(columns))


def _check(text: str, node: ast.expr, truth: bool) -> None:
    """Only nodes of the language, each where it belongs.

    Args:
        truth: whether a truth value is expected here, or a value.
    """
    if isinstance(node, ast.BoolOp):
        parts, inner = node.values, True
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        parts, inner = [node.operand], True
    elif isinstance(node, ast.Compare) and truth:
        _check_comparison(text, node)
        return
    elif not truth and isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        parts, inner = [node.left, node.right], False
    elif not truth and isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        parts, inner = [node.operand], False
    elif isinstance(node, ast.Name) or (not truth and isinstance(node, ast.Constant) and isinstance(node.value, int | float | str)):
        return
    else:
        raise ValueError(f"the rule {text!r} has {ast.unparse(node)!r}, expected {EXPECTED}")
    for part in parts:
        _check(text, part, inner)


def _check_comparison(text: str, node: ast.Compare) -> None:
    _check(text, node.left, truth=False)
    for operator, right in zip(node.ops, node.comparators, strict=True):
        if isinstance(operator, ast.In | ast.NotIn):
            if not isinstance(right, ast.List | ast.Tuple) or not all(isinstance(item, ast.Constant) for item in right.elts):
                raise ValueError(f"the rule {text!r} has {ast.unparse(right)!r} after in, expected a list of values such as ['x', 'y']")
        elif isinstance(operator, ast.Is | ast.IsNot):
            if not (is_null(right)):
                raise ValueError(f"the rule {text!r} has {ast.unparse(right)!r} after is, expected null")
        else:
            _check(text, right, truth=False)


def is_null(node: ast.expr) -> bool:
    """Whether a node is the word null, or None."""
    return (isinstance(node, ast.Name) and node.id.lower() == "null") or (isinstance(node, ast.Constant) and node.value is None)


def values_of(node: ast.expr) -> list[object]:
    """The values of a list of constants."""
    return [cast("ast.Constant", item).value for item in cast("ast.List", node).elts]
