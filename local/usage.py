"""Memory of a process tree: the proportional set size where the kernel reports it, so that shared pages count once."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
KILOBYTES_PER_MEGABYTE = 1024


@dataclass(frozen=True)
class Usage:
    """Memory of a set of processes.

    Attributes:
        memory_mb: megabytes of all of them together.
        measure: `pss`, or `rss` where the kernel reports no proportional set size: there shared pages count once a process.
    """

    memory_mb: float
    processes: int
    measure: str


def session(leader: int) -> set[int]:
    """Process ids of the session that `leader` leads or led; zombies are left out."""
    listing = subprocess.run(["ps", "-e", "-o", "pid=,sess=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listing.splitlines()]
    return {int(pid) for pid, leads, state in rows if int(leads) == leader and not state.startswith("Z")}


def of(pids: set[int]) -> Usage:
    """Memory of processes; one that ends meanwhile counts nothing."""
    proportional = {pid: size for pid in pids if (size := _pss(pid)) is not None}
    if proportional:
        return Usage(_megabytes(sum(proportional.values())), len(proportional), "pss")
    resident = _rss(pids)
    return Usage(_megabytes(sum(resident)), len(resident), "rss")


def _pss(pid: int) -> int | None:
    """Proportional set size (kB)."""
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), None)


def _rss(pids: set[int]) -> list[int]:
    """Resident set sizes (kB)."""
    command = ["ps", "-o", "rss=", "-p", ",".join(map(str, pids)) or "0"]
    return [int(line) for line in subprocess.run(command, capture_output=True, text=True).stdout.split()]


def _megabytes(kilobytes: int) -> float:
    return round(kilobytes / KILOBYTES_PER_MEGABYTE, 1)
