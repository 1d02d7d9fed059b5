"""The mutation bench itself: which faults are drawn, which tests run for them, and that a fault is noticed or survives."""

import textwrap
from pathlib import Path

import pytest

from bench.mutants import Trial, reason
from bench.mutation import drawing, selecting
from bench.mutation.drawing import Mutant
from bench.mutation.selecting import Baseline

MODULE = textwrap.dedent('''
    """A module."""

    LIMIT: int | None = 5


    def half(value: int | str) -> int | None:
        """Half of it."""
        if (
            value == LIMIT
            and not isinstance(value, str)
        ):
            return LIMIT // 2
        return None
''')


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with a package of two modules."""
    package = tmp_path / "lib" / "thing"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "halves.py").write_text(MODULE)
    (package / "user.py").write_text("from thing import halves\n\n\ndef use():\n    return halves.half(5)\n")
    return tmp_path


def test_a_seed_draws_the_same_faults_and_of_each_place_one(root):
    drawn = drawing.draw(root, "lib/thing", 5, 1)
    assert drawn == drawing.draw(root, "lib/thing", 5, 1) != drawing.draw(root, "lib/thing", 5, 2)
    every = drawing.draw(root, "lib/thing", 100, 1)
    assert len(every) == len({(mutant.path, mutant.line, mutant.column) for mutant in every})
    assert all(mutant.source(root) not in (None, (root / mutant.path).read_text()) for mutant in every)


def test_types_are_no_place_for_a_fault_and_limits_of_a_module_are(root):
    places = {(mutant.function, mutant.line) for mutant in drawing.draw(root, "lib/thing", 100, 1) if mutant.path.endswith("halves.py")}
    assert places == {("module", 4), ("half", 9), ("half", 10), ("half", 11), ("half", 13)}
    (root / "lib/thing/typed.py").write_text("class Shape(dict, total=False):\n    name: str\n\n\nclass Value:\n    size = 5\n")
    assert {mutant.line for mutant in drawing.mutants(root, Path("lib/thing/typed.py"))} == {6}
    assert not any(mutant.operator in drawing.IDENTITY for mutant in drawing.mutants(root, Path("lib/thing/halves.py")))


def mutant(root: Path, line: int, operator: str) -> Mutant:
    result = drawing.mutants(root, Path("lib/thing/halves.py"))
    return next(one for one in result if one.line == line and one.operator.startswith(f"core/{operator}"))


def test_a_fault_is_known_by_the_lines_that_go_and_come_wherever_they_are(root):
    change = mutant(root, 13, "ReplaceBinaryOperator_FloorDiv_Add").change(root)
    assert change == (["return LIMIT // 2"], ["return LIMIT + 2"])
    (root / "lib/thing/halves.py").write_text("# more\n" + MODULE)
    drawing._text.cache_clear()
    assert mutant(root, 14, "ReplaceBinaryOperator_FloorDiv_Add").change(root) == change


def baseline(root: Path, runs: dict[str, dict[int, set[str]]]) -> Baseline:
    return Baseline(root, "lib/thing", {"tests/a.py::slow": 9.0, "tests/a.py::quick": 1.0, "tests/b.py::one": 2.0, "tests/b.py::two": 2.5}, runs)


def test_the_tests_of_a_fault_are_those_that_run_its_statement_the_quickest_file_first(root):
    known = baseline(root, {"lib/thing/halves.py": {9: {"tests/a.py::slow"}, 10: {"tests/a.py::quick"}, 13: {"tests/b.py::"}}})
    # A condition over several lines is one statement; a file that shares what ran it is tested as a whole.
    assert known.tests(mutant(root, 11, "ReplaceUnaryOperator_Delete_Not")) == ["tests/a.py::quick", "tests/a.py::slow"]
    assert known.tests(mutant(root, 13, "NumberReplacer")) == ["tests/b.py::one", "tests/b.py::two"]
    assert known.usual(["tests/a.py::slow", "tests/b.py::one"]) == 11.0


def test_what_runs_while_a_module_is_imported_is_tested_by_all_that_run_it_or_else_what_imports_it(root):
    of_module = baseline(root, {"lib/thing/halves.py": {4: {"tests/b.py::one"}, 13: {"tests/a.py::quick"}}})
    assert of_module.tests(mutant(root, 4, "NumberReplacer")) == ["tests/a.py::quick"]
    declared = Baseline(root, "lib/thing", {"tests/contract/c.py::one": 1.0, "tests/b.py::two": 1.0}, {})
    assert declared.tests(mutant(root, 4, "NumberReplacer")) == ["tests/contract/c.py::one"]
    of_importers = baseline(root, {"lib/thing/user.py": {5: {"tests/b.py::two"}}})
    assert of_importers.tests(mutant(root, 4, "NumberReplacer")) == ["tests/b.py::two"]
    assert selecting.importers(root, "lib/thing")["lib/thing/halves.py"] == {"lib/thing/user.py"}


def test_what_a_copy_has_heard_is_known_by_the_paths_of_the_repository(root):
    known = Baseline(root, "lib/thing")
    known.add(Path("/copy"), {"tests/a.py::one": 1.0}, {"tests/a.py::one": {"/copy/lib/thing/halves.py": [13]}})
    assert known.tests(mutant(root, 13, "NumberReplacer")) == ["tests/a.py::one"]


def test_a_survivor_that_changes_nothing_is_one_that_somebody_has_looked_at(root, monkeypatch):
    monkeypatch.setattr("bench.mutants.ROOT", root)
    monkeypatch.setattr("bench.mutants.PACKAGE", "lib/thing")
    survivor = Trial(mutant(root, 13, "ReplaceBinaryOperator_FloorDiv_Add"), "survived", 1, 0, "", 0.0)
    entry = {"module": "halves.py", "function": "half", "before": ["return LIMIT // 2"], "after": ["return LIMIT + 2"], "why": "nobody halves it"}
    assert reason(survivor, [entry]) == "nobody halves it"
    for other in ({"after": ["return LIMIT - 2"]}, {"function": "whole"}, {"module": "other.py"}):
        assert reason(survivor, [{**entry, **other}]) is None
