"""Which tests run for a mutant: those that, without it, run the statement that it changes."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from bench.mutation.drawing import Mutant

#: Tests that look at what a module declares, and may run none of its lines.
DECLARED = "tests/contract/"


@dataclass(frozen=True)
class Baseline:
    """The suites' run without any mutant.

    Attributes:
        root: of the repository, which the paths of mutants start from.
        package: the folder of the mutated package, from the root.
        seconds: of CPU, by test.
        runs: of each module (by path from the root), of each line, the tests that ran it; `<file>::` stands for all of a file.
    """

    root: Path
    package: str
    seconds: dict[str, float] = field(default_factory=dict)
    runs: dict[str, dict[int, set[str]]] = field(default_factory=dict)

    def add(self, copy: Path, seconds: dict[str, float], lines: dict[str, dict[str, list[int]]]) -> None:
        """Add what a run in a copy of the repository tells: `lines` by context and path, as `Lines` has them."""
        self.seconds.update(seconds)
        for context, files in lines.items():
            for path, numbers in files.items():
                runs = self.runs.setdefault(str(Path(path).relative_to(copy)), {})
                for number in numbers:
                    runs.setdefault(number, set()).add(context)

    def tests(self, mutant: Mutant) -> list[str]:
        """The tests that can notice a mutant, the quickest files of each suite first, and the quickest tests of each file.

        What runs while a module is imported no single test runs: there it is those that run anything of the module, or, of one
        that has nothing but such lines, of the modules that import it; and the contract tests, which look at what is declared.
        """
        if lines := statement(self.root / mutant.path, mutant.line):
            return self._sorted(self._of(mutant.path, lines))
        tests = self._of(mutant.path) or self._of_importers(mutant.path)
        return self._sorted(tests | {test for test in self.seconds if test.startswith(DECLARED)})

    def usual(self, tests: Iterable[str]) -> float:
        return sum(self.seconds[test] for test in tests)

    def _of(self, path: str, lines: Iterable[int] | None = None) -> set[str]:
        """The tests that ran one of these lines of a module, or any that does not run while it is imported."""
        runs: Mapping[int, set[str]] = self.runs.get(path, {})
        lines = [line for line in runs if statement(self.root / path, line)] if lines is None else lines
        contexts: set[str] = set().union(*(runs.get(line, set()) for line in lines))
        return {test for context in contexts for test in self._expanded(context)}

    def _of_importers(self, path: str) -> set[str]:
        return set().union(*(self._of(importer) for importer in importers(self.root, self.package).get(path, ())))

    def _expanded(self, context: str) -> list[str]:
        """The tests of a context; what a file shares, all its tests notice."""
        return [test for test in self.seconds if test.startswith(context)] if context.endswith("::") else [context]

    def _sorted(self, tests: set[str]) -> list[str]:
        files: dict[str, list[str]] = defaultdict(list)
        for test in tests:
            files[test.split("::")[0]].append(test)
        quickest = {file: self.usual(named) / len(named) for file, named in files.items()}
        return sorted(tests, key=lambda test: (quickest[file := test.split("::")[0]], file, self.seconds[test], test))


@cache
def statement(path: Path, line: int) -> frozenset[int]:
    """The lines of the statement at a line, or none where it runs while its module is imported.

    Of a statement that holds others, its head.
    """
    tree = ast.parse(path.read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.body[0].lineno <= line <= (node.end_lineno or 0)]
    if not functions:
        return frozenset()
    inner = max(functions, key=lambda node: node.lineno)
    held = [node for node in ast.walk(inner) if isinstance(node, ast.stmt) and _head(node)[0] <= line <= _head(node)[1]]
    return frozenset({line, *(number for node in held for number in range(_head(node)[0], _head(node)[1] + 1))})


def _head(node: ast.stmt) -> tuple[int, int]:
    """First and last line of a statement without the statements in it."""
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
    body: list[ast.stmt] = getattr(node, "body", [])
    return first, max(first, body[0].lineno - 1) if body else node.end_lineno or first


@cache
def importers(root: Path, package: str) -> dict[str, set[str]]:
    """Of each module of a package (by path), the modules that import it or a name of it."""
    top = (root / package).parent
    paths = {_name(path.relative_to(top)): str(path.relative_to(root)) for path in (root / package).rglob("*.py")}
    importing: dict[str, set[str]] = defaultdict(set)
    for path in paths.values():
        for name in _imported((root / path).read_text()):
            if name in paths:
                importing[paths[name]].add(path)
    return importing


def _name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _imported(text: str) -> Iterable[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
