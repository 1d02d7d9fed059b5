"""Starts and ends the processes of jobs and servers, each with a private /opt/ml where the machine allows it.

bubblewrap gives a process its own mounts and pid namespace. Where the machine refuses namespaces, the process gets its paths by
environment variables only, and the first line of its log says so.
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
#: Containers report a process that a signal ended with this plus the signal's number.
SIGNAL_CODE = 128
#: bubblewrap takes milliseconds to start its command.
START_SECONDS = 5.0
NO_SANDBOX = "local SageMaker: no sandbox on this machine (bubblewrap is missing or refused): a script with /opt/ml written into it will not find it"
#: Environment variables that a container's process inherits from this machine.
INHERITED = ("LANG", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "SSL_CERT_FILE")

#: A sandbox dies with the *thread* that started it (prctl PR_SET_PDEATHSIG), so one thread starts them all and never ends.
_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox")


@cache
def available() -> bool:
    """Whether bubblewrap works here; tries the real command line once, with `true`."""
    if not shutil.which("bwrap"):
        return False
    probe = _bubblewrap(["true"], Path("/tmp"), Path("/"))
    return subprocess.run(probe, capture_output=True).returncode == 0


def base_dir(folder: Path) -> Path:
    """The path of `folder` as the process sees it: `/opt/ml` in a sandbox, the folder itself without one."""
    return MOUNT if available() else folder


def start(command: Sequence[str], folder: Path, environment: Mapping[str, str], cwd: Path | None = None) -> subprocess.Popen[str]:
    """Start a process whose /opt/ml is `folder`; its stdout has the lines of stdout and stderr.

    Args:
        command: with paths as the process sees them.
        environment: its variables, besides HOME and the machine's language.
        cwd: a path as the process sees it.
    """
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    work = cwd or base_dir(folder)
    line = _bubblewrap(command, folder, work) if available() else list(command)
    return _starter.submit(
        subprocess.Popen,
        line,
        cwd="/" if available() else work,
        env={"HOME": "/tmp", "PYTHONUNBUFFERED": "1", **inherited, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        process_group=0,
    ).result()


def _bubblewrap(command: Sequence[str], folder: Path, cwd: Path) -> list[str]:
    """The command in bubblewrap. Other folders of /opt stay visible; a missing mount point is never created on the host.

    The environments are read-only: all jobs of an image share one.
    """
    images = str(Path(os.environ.get("NORIA_IMAGES", "/nowhere")).resolve())
    beside = [part for child in sorted(Path("/opt").iterdir()) if child.name != "ml" for part in ("--bind", str(child), str(child))]
    mounts = ["--bind", "/", "/", "--dev-bind", "/dev", "/dev", "--tmpfs", "/opt", *beside, "--bind", str(folder), str(MOUNT), "--proc", "/proc"]
    return ["bwrap", "--die-with-parent", "--unshare-pid", *mounts, "--ro-bind-try", images, images, "--chdir", str(cwd), "--", *command]


def terminate(process: subprocess.Popen[str], grace_seconds: float) -> None:
    """SIGTERM to the process, SIGKILL to its group after the grace; one that has ended gets none, since its id may be another's."""
    if process.poll() is not None:
        return
    for pid in _inner_pids(process):
        _signal(pid, signal.SIGTERM)
    try:
        process.wait(grace_seconds)
    except subprocess.TimeoutExpired:
        _kill_group(process.pid)
        process.wait()


def exit_code(process: subprocess.Popen[str]) -> int:
    """Wait for the process; its exit code as a container has it, such as 137 for a killed one."""
    code = process.wait()
    return SIGNAL_CODE - code if code < 0 else code


def _inner_pids(process: subprocess.Popen[str]) -> list[int]:
    """The processes to signal: those that bubblewrap runs, since it does not forward signals; else the process itself.

    bubblewrap's own process inside ignores SIGTERM, so this waits for one that is just starting.
    """
    ends = time.monotonic() + START_SECONDS
    while available() and process.poll() is None and time.monotonic() < ends:
        if pids := [pid for child in _children(process.pid) for pid in _children(child) if _program(pid) != "bwrap"]:
            return pids
        time.sleep(0.01)
    return [process.pid]


def _program(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _children(pid: int) -> list[int]:
    try:
        pids = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(child) for child in pids.split()]


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
