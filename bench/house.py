"""The house in numbers: templates, rooms of the command line, bare JSON in signatures, spelt ledger keys, forbidden words, tests."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import grimp

from bench.results import ROOT, Result
from scripts import words

#: Functions of the core that may take, and that may return, bare JSON.
PERMITTED = 40
LEDGER_KEY = re.compile(r"[\"'{](MODEL|SPEC|DATASET|RUN|RELEASE|ROLLBACK|APPROVAL|CLAIM|ENDPOINT|WAIT|TURN)#")
#: `dict[str, Any]`, `Mapping[str, object]`, `Json` and lists or options of them.
BARE = re.compile(r"\b(Json|(dict|Mapping|MutableMapping)\[\w+, (Any|object)\])")


def sources(*folders: str) -> Iterator[Path]:
    """Python files under folders of the repository."""
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def bare() -> tuple[int, int, int]:
    """Functions of the core: those that take bare JSON, those that return it, all."""
    takes = returns = everything = 0
    for path in sources("layers/core/noria"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                everything += 1
                arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                takes += any(argument.annotation and BARE.search(ast.unparse(argument.annotation)) for argument in arguments)
                returns += bool(node.returns and BARE.search(ast.unparse(node.returns)))
    return takes, returns, everything


def rooms() -> tuple[int, int]:
    """Folders of the command line, and imports from one into another; a file beside the folders is a room of its own."""
    graph = grimp.build_graph("cli", cache_dir=None)
    arrows = set()
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            pair = (_room(importer), _room(imported))
            if pair[0] != pair[1]:
                arrows.add(pair)
    return len({_room(module) for module in graph.modules} - {"cli"}), len(arrows)


def _room(module: str) -> str:
    return ".".join(module.split(".")[:2])


def lines(*folders: str) -> int:
    return sum(len(path.read_text().splitlines()) for path in sources(*folders))


def measure() -> Result:
    """Count; the figure is the functions of the core that take or return bare JSON, against those permitted."""
    takes, returns, everything = bare()
    templates = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in [ROOT / "template.yaml", *sorted((ROOT / "stacks").glob("*.yaml"))]
    }
    room_count, arrows = rooms()
    product, tests = lines("layers/core", "cli", "local", "functions"), lines("tests")
    parts = {
        **{f"lines of {path}": count for path, count in templates.items()},
        "rooms of the command line, arrows between them": f"{room_count}, {arrows}",
        "functions of the core that take, that return bare JSON, all": f"{takes}, {returns}, {everything}",
        "Python files that spell a key of the ledger": sum(bool(LEDGER_KEY.search(path.read_text())) for path in sources("layers/core", "cli", "functions")),
        "identifiers of the forbidden list": sum(1 for _ in words.forbidden()),
        "test lines per product line": round(tests / product, 2),
    }
    return Result("house", takes + returns, PERMITTED, "functions", "functions of the core that take or return bare JSON, against 20 and 20", parts)
