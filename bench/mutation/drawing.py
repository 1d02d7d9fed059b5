"""Mutants of a package: every place that an operator of cosmic-ray can change, and a fixed sample of them."""

import ast
import difflib
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

#: `x == "a"` and `x is "a"` are the same to interned values, and a warning to the compiler: a matter for the linter.
IDENTITY = {f"core/ReplaceComparisonOperator_{name}" for name in ("Eq_Is", "Is_Eq", "NotEq_IsNot", "IsNot_NotEq")}


@dataclass(frozen=True, order=True)
class Mutant:
    """One change of one place.

    Attributes:
        path: of the module, from the root of the repository.
        line: counted from 1, where the change is.
        column: counted from 0.
        function: the definition around it, `Class.method` included, or `module` outside of any.
        operator: cosmic-ray's name of the change.
        occurrence: which of the operator's changes in this module it is, counted from 0.
    """

    path: str
    line: int
    column: int
    function: str
    operator: str
    occurrence: int

    def source(self, root: Path) -> str | None:
        """The module's text with the change, or nothing where Python cannot compile it or it means the same."""
        before = _text(root / self.path)
        after: str | None = mutate_code(before, _operator(self.operator), self.occurrence)
        try:
            return after if after and ast.dump(ast.parse(after)) != ast.dump(ast.parse(before)) else None
        except SyntaxError:
            return None

    def change(self, root: Path) -> tuple[list[str], list[str]]:
        """The lines that go and those that come, without their indentation and without those that are empty."""
        pair = (_text(root / self.path).splitlines(), (self.source(root) or "").splitlines())
        lines = list(difflib.unified_diff(*pair, n=0, lineterm=""))[3:]
        return tuple([line[1:].strip() for line in lines if line[0] == sign and line[1:].strip()] for sign in "-+")  # type: ignore[return-value]


def draw(root: Path, package: str, count: int, seed: int) -> list[Mutant]:
    """A sample of the places of a package, each as likely as any other, and of each place one of its changes.

    An operator such as `+` can be changed in eleven ways and `not` in one; places are drawn first, so that arithmetic
    does not outnumber everything else.

    Args:
        package: its folder, from the root.
        count: how many; all places where there are fewer.
    """
    places: dict[tuple[str, int, int], list[Mutant]] = defaultdict(list)
    for path in sorted((root / package).rglob("*.py")):
        for mutant in mutants(root, path.relative_to(root)):
            places[mutant.path, mutant.line, mutant.column].append(mutant)
    chance = random.Random(seed)
    order = chance.sample(sorted(places), len(places))
    drawn = (_one_of(places[place], chance, root) for place in order)
    return [mutant for mutant, _ in zip((mutant for mutant in drawn if mutant), range(count), strict=False)]


def mutants(root: Path, path: Path) -> Iterator[Mutant]:
    """All mutants of one module, but for those that ask for identity, or that only the type checker sees."""
    tree = get_ast(_text(root / path))
    nodes = list(ast_nodes(tree))
    for name in sorted(set(operator_names()) - IDENTITY):
        if get_operator(name).arguments():
            continue
        positions = ((node, start) for node in nodes for start, _ in _operator(name).mutation_positions(node))
        for occurrence, (node, (line, column)) in enumerate(positions):
            joins_types = name.startswith("core/ReplaceBinaryOperator_BitOr") and _annotates(node)
            if not joins_types and not _declares(node):
                yield Mutant(str(path), line, column, _definition(node), name, occurrence)


def _one_of(choices: list[Mutant], chance: random.Random, root: Path) -> Mutant | None:
    return next((mutant for mutant in chance.sample(choices, len(choices)) if mutant.source(root)), None)


def _annotates(node: Any) -> bool:
    """Whether a `|` joins types: in an annotation of a variable, a parameter or a result."""
    while node.parent is not None:
        before = getattr(node.get_previous_sibling(), "value", None)
        if (node.parent.type, before) in (("annassign", ":"), ("tfpdef", ":"), ("funcdef", "->")):
            return True
        node = node.parent
    return False


def _declares(node: Any) -> bool:
    """Whether it is an argument of a class statement, such as `total=False`: what a TypedDict has is nothing at run time."""
    while node.parent is not None and node.type not in ("classdef", "suite"):
        if node.type in ("arglist", "argument") and node.parent.type == "classdef":
            return True
        node = node.parent
    return False


def _definition(node: Any) -> str:
    names = []
    while (node := node.parent) is not None:
        if node.type in ("funcdef", "classdef"):
            names.append(node.name.value)
    return ".".join(reversed(names)) or "module"


@cache
def _operator(name: str) -> Any:
    return get_operator(name)()


@cache
def _text(path: Path) -> str:
    return path.read_text()
