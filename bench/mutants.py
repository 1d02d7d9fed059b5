"""Whether the tests notice when the product is wrong: small faults, drawn at random, that are put in one at a time.

The faults are those of cosmic-ray. Of each, the tests run that run its statement without it, by what coverage says, and end at the
first that fails. What survives is listed with its diff; some of it cannot be noticed, and says why in `equivalent_mutants.yaml`.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import yaml

from bench.mutation.copies import Copy, copies
from bench.mutation.drawing import Mutant, draw
from bench.mutation.selecting import Baseline
from bench.mutation.worker import LINES
from bench.results import FOLDER, ROOT, Result

Json = dict[str, Any]
PACKAGE = "layers/core/noria"
IMPORTS = ["layers/core", "."]
#: Suites that need nothing but Python, and those that start a process of their own: what the first notice, the second need not run.
STAGES = (["tests/unit", "tests/contract"], ["tests/workflow"])
COUNT, SEED, WORKERS = 400, 16, 2
#: The share of mutants that may survive.
PERMITTED = 0.15
#: CPU seconds of tests that one mutant gets at most in a stage; those of the kernel are run by every test there is.
MOST_SECONDS = 60.0
#: A mutant's tests may take so many times what they usually do, and so many seconds besides, of CPU and on the wall.
SLOWER, CPU_S, WALL_S = 5, 20, 180
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.yaml")


@dataclass(frozen=True)
class Trial:
    """What became of a mutant.

    Attributes:
        ended: `killed`, `timeout` (killed, too), or `survived`.
        tests: how many could notice it.
        left: how many of them did not run, for want of time.
        by: the test that failed, and how.
    """

    mutant: Mutant
    ended: str
    tests: int
    left: int
    by: str
    seconds: float

    @cached_property
    def diff(self) -> tuple[list[str], list[str]]:
        return self.mutant.change(ROOT)

    @property
    def module(self) -> str:
        return self.mutant.path.removeprefix(PACKAGE).strip("/")

    def to_json(self) -> Json:
        before, after = self.diff
        return {**asdict(self), "before": before, "after": after}

    def text(self) -> str:
        lines = [*(f"    - {line}" for line in self.diff[0]), *(f"    + {line}" for line in self.diff[1])]
        return "\n".join([f"{self.module}:{self.mutant.line} {self.mutant.function} ({self.tests} tests, {self.left} left out)", *lines])


def measure() -> Result:
    """The whole bench: baseline and trials; what survived is printed, every trial is written to `.noria/bench/mutants-trials.json`."""
    chosen = draw(ROOT, PACKAGE, COUNT, SEED)
    with copies(ROOT, WORKERS, IMPORTS) as places:
        usual = baseline(places)
        trials = sorted(tried(chosen, usual, places), key=lambda trial: trial.mutant)
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "mutants-trials.json").write_text(json.dumps([one.to_json() for one in trials], indent=2) + "\n")
    return result(trials, yaml.safe_load(EQUIVALENT.read_text()))


def baseline(places: list[Copy]) -> Baseline:
    """Every suite without a mutant, each stage in a copy of its own where there are several.

    Raises:
        SystemExit: a test fails.
    """
    usual = Baseline(ROOT, PACKAGE)
    with ThreadPoolExecutor(len(places)) as pool:
        # A copy does one thing at a time: two stages in one copy follow each other.
        parts = pool.map(lambda number: [_heard(places[number], stage) for stage in STAGES[number :: len(places)]], range(len(places)))
        for place, reports in zip(places, parts, strict=True):
            for seconds, lines in reports:
                usual.add(place.root, seconds, lines)
    return usual


def _heard(place: Copy, paths: list[str]) -> tuple[dict[str, float], Json]:
    report = place.report(tests=None, paths=paths, lines=str(place.root / PACKAGE))
    if report["ended"] != "passed":
        sys.exit(f"tests fail without any mutant: {report['failures']}")
    return report["seconds"], json.loads((place.root / LINES).read_text())


def tried(chosen: list[Mutant], usual: Baseline, places: list[Copy]) -> Iterator[Trial]:
    """All mutants, as many at a time as there are copies; a line to the error stream for each."""
    free: SimpleQueue[Copy] = SimpleQueue()
    for place in places:
        free.put(place)

    def one(mutant: Mutant) -> Trial:
        place = free.get()
        try:
            return trial(mutant, usual, place)
        finally:
            free.put(place)

    with ThreadPoolExecutor(len(places)) as pool:
        for number, ended in enumerate(pool.map(one, chosen), 1):
            print(f"{number}/{len(chosen)} {ended.ended} in {ended.seconds:.0f} s: {ended.text()}\n    {ended.by}", file=sys.stderr, flush=True)
            yield ended


def trial(mutant: Mutant, usual: Baseline, place: Copy) -> Trial:
    """One mutant in one copy: stage by stage, to the first test that fails."""
    began = time.monotonic()
    tests = usual.tests(mutant)
    ran, ended, by = 0, "survived", ""
    source = mutant.source(ROOT)
    assert source
    with place.changed(mutant.path, source):
        for stage in STAGES:
            named = affordable([test for folder in stage for test in tests if test.startswith(f"{folder}/")], usual)
            ran += len(named)
            if named and (report := noticed(named, usual, place))["ended"] != "passed":
                ended = "timeout" if report["ended"] == "timeout" else "killed"
                by = ": ".join(report["failures"][0]) if report["failures"] else ""
                break
    return Trial(mutant, ended, len(tests), len(tests) - ran if ended == "survived" else 0, by, time.monotonic() - began)


def affordable(tests: list[str], usual: Baseline) -> list[str]:
    """As many of the first as one mutant may have."""
    spent, chosen = 0.0, []
    for test in tests:
        spent += usual.seconds[test]
        if spent > MOST_SECONDS:
            break
        chosen.append(test)
    return chosen


def noticed(tests: list[str], usual: Baseline, place: Copy) -> Json:
    cpu = CPU_S + SLOWER * usual.usual(tests)
    paths = sorted({test.split("::")[0] for test in tests})
    return place.report(tests=tests, paths=paths, cpu=cpu, wall=WALL_S + SLOWER * cpu)


def result(trials: list[Trial], known: list[Json]) -> Result:
    """The figures, after the survivors were printed."""
    survivors = [one for one in trials if one.ended == "survived"]
    reasons = {number: why for number, one in enumerate(survivors) if (why := reason(one, known))}
    print("\n".join(f"survived: {one.text()}" for number, one in enumerate(survivors) if number not in reasons))
    print("\n".join(f"changes nothing: {survivors[number].text()}\n    {why}" for number, why in reasons.items()))
    ended = Counter(one.ended for one in trials)
    parts = {
        "mutants": f"{len(trials)}: {ended['killed']} killed, {ended['timeout']} of them without end, {len(survivors)} survived",
        "of the survivors": f"{len(reasons)} change nothing, {sum(1 for one in survivors if not one.tests)} are run by no test",
        **{f"killed in {module}": figures for module, figures in by_module(trials).items()},
    }
    what = f"mutants that no test noticed, of {len(trials)}, against the {PERMITTED:.0%} that may; those that change nothing count"
    return Result("mutants", len(survivors), round(PERMITTED * len(trials), 2), "mutants", what, parts)


def by_module(trials: list[Trial]) -> dict[str, str]:
    """Killed of all, by module."""
    every, killed = Counter(one.module for one in trials), Counter(one.module for one in trials if one.ended != "survived")
    return {module: f"{killed[module]} of {count}" for module, count in sorted(every.items())}


def reason(survivor: Trial, known: list[Json]) -> str | None:
    """Why a survivor changes nothing, where somebody has said so: known by its module, its function and its diff."""
    facts = {"module": survivor.module, "function": survivor.mutant.function, "before": survivor.diff[0], "after": survivor.diff[1]}
    return next((one["why"] for one in known if all(one[name] == value for name, value in facts.items())), None)
