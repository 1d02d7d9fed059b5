"""Starts and ends the local AWS. Runs in the product's own environment; the gateway is a process in the emulator's."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from local import usage

ROOT = Path(__file__).resolve().parents[1]
REGION = "us-east-1"
#: The emulator's account; its root key is any of twelve digits, or `test`.
ACCOUNT = "000000000000"
KEY = "test"
START_SECONDS = 60.0
END_SECONDS = 10.0
#: Lines of the gateway's log that an error carries.
LOG_LINES = 15


class LocalAwsError(RuntimeError):
    """The local AWS did not start; the message has the reason and the path of its log."""


@dataclass(frozen=True)
class LocalAws:
    """A running local AWS.

    Attributes:
        endpoint_url: URL of every service.
        pid: process id of the gateway, which leads the session of all its processes.
        started_s: time until it answered (seconds).
        speed: divisor of bake times, metric periods and the waits of state machines.
        without: instance types that endpoints cannot have.
    """

    endpoint_url: str
    region: str
    aws_access_key_id: str
    aws_secret_access_key: str
    pid: int
    started_s: float
    speed: float = 1.0
    without: tuple[str, ...] = ()

    def environment(self) -> dict[str, str]:
        """Environment variables by which an AWS client finds it."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ENDPOINT_URL_STS": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.aws_access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.aws_secret_access_key,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        }


def home() -> Path:
    """Folder of its state, logs and environments."""
    return Path(os.environ.get("NORIA_HOME", ROOT / ".noria"))


def running() -> LocalAws | None:
    """The local AWS of this home, if it answers."""
    try:
        aws = LocalAws(**json.loads((home() / "local.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return aws if _answers(aws.endpoint_url) else None


def up(speed: float | None = None, without: tuple[str, ...] = ()) -> LocalAws:
    """Start the local AWS, or return the one that runs.

    Args:
        speed: divisor of bake times, metric periods and the waits of state machines; 1 if not given.
        without: instance types that endpoints cannot have.

    Raises:
        LocalAwsError: it did not answer in time (the message ends with the last lines of its log), or it runs at another speed or with other types.
    """
    if aws := running():
        if speed not in (None, aws.speed):
            raise LocalAwsError(f"the local AWS runs at speed {aws.speed:g} already; end it first, and what is on it: make down")
        if without and set(without) != set(aws.without):
            raise LocalAwsError(f"the local AWS runs without {', '.join(aws.without) or 'nothing'} already; end it first, and what is on it: make down")
        return aws
    down()
    (home() / "logs").mkdir(parents=True, exist_ok=True)
    shutil.rmtree(home() / "work", ignore_errors=True)
    (home() / "work").mkdir()
    port, began = _free_port(), time.monotonic()
    log = home() / "logs" / "gateway.log"
    process = _start_gateway(port, log, {"NORIA_SPEED": str(speed or 1), "NORIA_WITHOUT": " ".join(without)})
    url = f"http://127.0.0.1:{port}"
    while not _answers(url):
        if process.poll() is not None or time.monotonic() - began > START_SECONDS:
            down()
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES:])
            raise LocalAwsError(f"the local AWS did not start; its log is {log} and ends:\n{tail}")
        time.sleep(0.05)
    # It outlives this process on purpose, which Python would warn about.
    process.returncode = 0
    aws = LocalAws(url, REGION, KEY, KEY, process.pid, round(time.monotonic() - began, 2), speed or 1.0, without)
    (home() / "local.json").write_text(json.dumps(asdict(aws)))
    (home() / "local.env").write_text("".join(f"{name}={value}\n" for name, value in aws.environment().items()))
    return aws


def measure_usage(aws: LocalAws) -> dict[str, Any]:
    """Memory, processes, functions and model servers of a running local AWS.

    Returns:
        `memory_mb` of every process of it, `measure` (`pss`: shared pages count once; or `rss`), `processes`,
        `functions`: how many executions are `running` and the `limit` of them, its `processes` and the `most_processes`, and
        `model_servers`: how many of its endpoints' servers are `running` and `idle`.

    Raises:
        LocalAwsError: it does not report its functions or model servers, as one of an older version.
    """
    servers = _report(aws, "model-servers").values()
    counts = {state: sum(endpoint[state] for endpoint in servers) for state in ("running", "idle")}
    return {**asdict(usage.of(usage.session(aws.pid))), "functions": _report(aws, "functions"), "model_servers": counts}


def _report(aws: LocalAws, page: str) -> dict[str, Any]:
    """A page of the gateway itself."""
    try:
        with urllib.request.urlopen(f"{aws.endpoint_url}/_noria/{page}", timeout=10) as response:
            report: dict[str, Any] = json.load(response)
    except (OSError, ValueError) as error:
        what = page.replace("-", " ")
        raise LocalAwsError(f"the local AWS at {aws.endpoint_url} does not report its {what} ({error}); end it and start it again: make down") from error
    return report


def down() -> int:
    """End every process of the local AWS, also after its gateway was killed.

    A process id left from before a reboot may lead somebody else's session by now: that one is left alone.

    Returns:
        The number of processes that ended.
    """
    try:
        leader = int((home() / "local.pid").read_text())
    except (OSError, ValueError):
        return 0
    pids = usage.session(leader)
    if not _is_local_aws(pids):
        pids = set()
    if pids:
        _end_session(leader)
    for name in ("local.json", "local.env", "local.pid"):
        (home() / name).unlink(missing_ok=True)
    shutil.rmtree(home() / "work", ignore_errors=True)
    return len(pids)


def _start_gateway(port: int, log: Path, settings: dict[str, str]) -> "subprocess.Popen[bytes]":
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(_interpreter("local")), "-m", "local"],
            cwd=home() / "work",
            env={**_gateway_environment(port), **settings},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    (home() / "local.pid").write_text(str(process.pid))
    return process


def _end_session(leader: int) -> None:
    _signal(usage.session(leader) & {leader}, signal.SIGTERM)
    ends = time.monotonic() + END_SECONDS
    while leader in usage.session(leader) and time.monotonic() < ends:
        time.sleep(0.05)
    while (left := usage.session(leader)) and time.monotonic() < ends + END_SECONDS:
        _signal(left, signal.SIGKILL)
        time.sleep(0.02)


def _is_local_aws(pids: set[int]) -> bool:
    """Whether a session is the local AWS of this home: one of its processes names our environments or our work folder."""
    marks = (str(ROOT / ".noria"), str(home()), "ministack-lambda-")
    commands = subprocess.run(["ps", "-o", "args=", "-p", ",".join(map(str, pids)) or "0"], capture_output=True, text=True).stdout
    return any(mark in line for line in commands.splitlines() for mark in marks)


def _interpreter(group: str) -> Path:
    python = ROOT / ".noria" / "envs" / group / "bin" / "python"
    if not python.exists():
        raise LocalAwsError(f"the environment {python.parent.parent} is missing; run: make setup")
    return python


def _gateway_environment(port: int) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON", "VIRTUAL_ENV"))}
    return {
        **inherited,
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": KEY,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MOTO_ACCOUNT_ID": ACCOUNT,
        "NORIA_IMAGES": str(ROOT / ".noria" / "images"),
        "NORIA_RUNTIME_PYTHON": str(_interpreter("runtime")),
        "NORIA_UV": str(ROOT / ".noria" / "uv" / "bin" / "uv"),
        "NORIA_WORK": str(home() / "work"),
        "PYTHONPATH": str(ROOT),
        "TMPDIR": str(home() / "work"),
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_ministack/health", timeout=2) as response:
            return bool(response.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _signal(pids: set[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
