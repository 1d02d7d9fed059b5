"""Processes of jobs and servers: an absolute, private /opt/ml where the machine allows it, and an end for every one of them.

bubblewrap gives a process its own mounts and pid namespace. Where namespaces are refused, it gets the paths by environment
only, and its log says so in the first line.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

MOUNT = Path("/opt/ml")
#: Exit codes of processes that a signal ended, as containers report them.
SIGNALLED = 128
#: bubblewrap takes milliseconds to start its command.
START_SECONDS = 5.0
NO_SANDBOX = "local SageMaker: no sandbox on this machine (bubblewrap is missing or refused): a script with /opt/ml written into it will not find it"
#: What a container's process inherits from this machine.
INHERITED = ("LANG", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "SSL_CERT_FILE")

#: A sandbox dies with the *thread* that started it (prctl PR_SET_PDEATHSIG), so one thread starts them all and never ends.
_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox")


@cache
def available() -> bool:
    """Whether the real command line works here, tried once with `true`."""
    if not shutil.which("bwrap"):
        return False
    probe = _wrapped(["true"], Path("/tmp"), Path("/"))
    return subprocess.run(probe, capture_output=True).returncode == 0


def base_dir(folder: Path) -> Path:
    """Where the process finds what lies in `folder`: `/opt/ml` in a sandbox, the folder itself without."""
    return MOUNT if available() else folder


def start(command: Sequence[str], folder: Path, environment: Mapping[str, str], cwd: Path | None = None) -> subprocess.Popen[str]:
    """Start a process whose /opt/ml is `folder`; stdout and stderr come together as lines.

    Args:
        command: as the process itself sees it.
        environment: all it gets, besides PATH, HOME and the machine's language.
        cwd: a path as the process sees it.
    """
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    complete = {"HOME": "/tmp", "PYTHONUNBUFFERED": "1", **inherited, **environment}
    work = cwd or base_dir(folder)
    line = _wrapped(command, folder, work) if available() else list(command)
    return _starter.submit(
        subprocess.Popen,
        line,
        cwd="/" if available() else work,
        env=complete,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        process_group=0,
    ).result()


def _wrapped(command: Sequence[str], folder: Path, cwd: Path) -> list[str]:
    """The command in bubblewrap. What else lies under /opt stays visible; a missing mount point is never made on the host.

    The environments are read-only: all jobs of an image share one.
    """
    images = str(Path(os.environ.get("NORIA_IMAGES", "/nowhere")).resolve())
    beside = [part for child in sorted(Path("/opt").iterdir()) if child.name != "ml" for part in ("--bind", str(child), str(child))]
    mounts = ["--bind", "/", "/", "--dev-bind", "/dev", "/dev", "--tmpfs", "/opt", *beside, "--bind", str(folder), str(MOUNT), "--proc", "/proc"]
    return ["bwrap", "--die-with-parent", "--unshare-pid", *mounts, "--ro-bind-try", images, images, "--chdir", str(cwd), "--", *command]


def terminate(process: subprocess.Popen[str], grace_seconds: float) -> None:
    """SIGTERM to the process itself, SIGKILL to all of it after the grace; one that has ended is left alone, its id may be another's."""
    if process.poll() is not None:
        return
    for pid in _inner(process):
        _signal(pid, signal.SIGTERM)
    try:
        process.wait(grace_seconds)
    except subprocess.TimeoutExpired:
        _kill_group(process.pid)
        process.wait()


def exit_code(process: subprocess.Popen[str]) -> int:
    """As a container has it: 137 for a killed one."""
    code = process.wait()
    return SIGNALLED - code if code < 0 else code


def _inner(process: subprocess.Popen[str]) -> list[int]:
    """The processes that get the signal: what bubblewrap runs, since it does not forward signals; else the process itself.

    bubblewrap's own process inside ignores SIGTERM, so one that is just starting is waited for.
    """
    ends = time.monotonic() + START_SECONDS
    while available() and process.poll() is None and time.monotonic() < ends:
        if started := [pid for child in _children(process.pid) for pid in _children(child) if _program(pid) != "bwrap"]:
            return started
        time.sleep(0.01)
    return [process.pid]


def _program(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _children(pid: int) -> list[int]:
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(child) for child in listed.split()]


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
