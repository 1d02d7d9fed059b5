"""usage: python -m bench [NAME]: one benchmark, or all of them."""

import sys
from collections.abc import Callable
from functools import cache

from bench import burst, cold_start, drift, function_size, guard, healing, house, ingest, loop, memory, mutants, serving, watching
from bench.results import Result

measured = cache(loop.turn)
BENCHMARKS: dict[str, Callable[[], Result]] = {
    "burst": burst.measure,
    "cold_start": cold_start.measure,
    "function_size": function_size.measure,
    "guard": guard.measure,
    "house": house.measure,
    "ingest_floor": ingest.floor,
    "ingest_peers": ingest.against_peers,
    "ingest_memory": ingest.memory,
    "profile": drift.profile,
    "profile_small": drift.profile_small,
    "profile_memory": drift.profile_memory,
    "false_alarms": drift.false_alarms,
    "detection": drift.detection,
    "delay": healing.delay,
    "healing": healing.healing,
    "watching": watching.measure,
    "mutants": mutants.measure,
    "memory": memory.measure,
    "loop_cost": lambda: loop.cost(measured()),
    "release_load": serving.release_load,
    "restore": serving.restore,
    "invoke_overhead": serving.invoke_overhead,
    "loop_overhead": lambda: loop.overhead(measured()),
}


def main() -> None:
    """Run what is asked for."""
    names = sys.argv[1:] or list(BENCHMARKS)
    if unknown := [name for name in names if name not in BENCHMARKS]:
        sys.exit(f"no benchmark {unknown[0]}; those there are: {', '.join(BENCHMARKS)}")
    for name in names:
        BENCHMARKS[name]().write()


if __name__ == "__main__":
    main()
