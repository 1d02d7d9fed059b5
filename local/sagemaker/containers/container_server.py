"""One container behind /ping and /invocations: gunicorn in a sandbox, reached through a unix socket."""

import http.client
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.sagemaker import execution_role, storage
from local.sagemaker.containers import TOOLKIT, environments, images, sandbox
from local.sagemaker.errors import JobFailedError
from local.sagemaker.logs import Log
from local.sagemaker.resources import Record

#: SageMaker's time-outs of the first healthy ping and of an invocation (seconds).
STARTUP_SECONDS, INVOCATION_SECONDS = 240.0, 60.0
STOP_GRACE_SECONDS = 30.0
#: Requests that a container answers at once.
THREADS = 8
#: Lines of the log that a failure reason has.
REASON_LINES = 12
#: One process with threads; a model that does not load ends the server before it listens.
GUNICORN = (
    "--worker-class",
    "gthread",
    "--threads",
    str(THREADS),
    "--preload",
    "--chdir",
    str(TOOLKIT),
    "--worker-tmp-dir",
    "/tmp",
    "--graceful-timeout",
    "20",
)
PING_FAILED = "The primary container for production variant did not pass the ping health check."


@dataclass(frozen=True)
class Reply:
    """The response of a container."""

    status: int
    content_type: str
    body: bytes


class ContainerServer:
    """A container's folder and its process. The folder holds model and code, so that the process can start more than once.

    Args:
        container: a `ContainerDefinition`.
        role: the execution role.
        variables: environment variables besides the container's own.

    Raises:
        JobFailedError: its model, code or environment is not available.
    """

    def __init__(self, container: Record, role: str, log: Log, variables: Mapping[str, str]) -> None:
        self._role, self._log = role, log
        self._variables = {**variables, **container.get("Environment", {})}
        self._folder = Path(tempfile.mkdtemp(prefix="srv-", dir=os.environ["NORIA_WORK"]))
        self._process: subprocess.Popen[str] | None = None
        try:
            self._python = self._prepare(container)
        except JobFailedError:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def _prepare(self, container: Record) -> Path:
        """Fill the folder; the interpreter of the container's environment."""
        image = images.resolve(container.get("Image", ""))
        for sentence in image.substitutions:
            self._log.write(sentence)
        (self._folder / "model").mkdir()
        if url := container.get("ModelDataUrl"):
            storage.unpack(storage.read(self._role, url), self._folder / "model")
        source = self._variables.get("SAGEMAKER_SUBMIT_DIRECTORY", "")
        if source.startswith("s3://"):
            storage.unpack(storage.read(self._role, source), self._folder / "model" / "code")
        requirements = self._folder / "model" / "code" / "requirements.txt"
        return environments.python_for(image, requirements.read_text() if requirements.exists() else "")

    def start(self) -> None:
        """Start the process; `await_ping` waits for it.

        Raises:
            JobFailedError: the role does not trust SageMaker any more.
        """
        base = sandbox.base_dir(self._folder)
        self._process = sandbox.start(
            [str(self._python), "-m", "gunicorn", "--bind", f"unix:{base}/server.sock", *GUNICORN, "serve:app"],
            self._folder,
            {
                **execution_role.environment(self._role),
                "PATH": f"{self._python.parent}:/usr/local/bin:/usr/bin:/bin",
                "SAGEMAKER_BASE_DIR": str(base),
                **self._variables,
            },
        )
        threading.Thread(target=self._copy_output, args=(self._process,), daemon=True).start()

    def _copy_output(self, process: "subprocess.Popen[str]") -> None:
        for line in process.stdout or ():
            self._log.write(line.rstrip("\n"))
        self._log.flush()

    def alive(self) -> bool:
        """Whether its process runs."""
        return self._process is not None and self._process.poll() is None

    def await_ping(self) -> None:
        """Wait until it is healthy.

        Raises:
            JobFailedError: the process ended, or did not answer in time.
        """
        ends = time.monotonic() + STARTUP_SECONDS
        while time.monotonic() < ends:
            if not self.alive():
                time.sleep(0.1)
                tail = "\n".join(self._log.tail[-REASON_LINES:])
                raise JobFailedError(f"{PING_FAILED} The server ended: {tail}")
            if self._healthy():
                return
            time.sleep(0.05)
        raise JobFailedError(f"{PING_FAILED} Please check CloudWatch logs for this endpoint.")

    def _healthy(self) -> bool:
        try:
            return self._request("GET", "/ping", b"", {}).status == 200
        except OSError:
            return False

    def invoke(self, body: bytes, content_type: str, accept: str) -> Reply:
        """`POST /invocations`.

        Raises:
            OSError: the process is gone or did not answer in `INVOCATION_SECONDS`.
        """
        return self._request("POST", "/invocations", body, {"Content-Type": content_type, "Accept": accept})

    def _request(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        connection = UnixConnection(str(self._folder / "server.sock"))
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            return Reply(response.status, response.getheader("Content-Type", ""), response.read())
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()

    def log(self, line: str) -> None:
        """Write a line to the container's log."""
        self._log.write(line)

    def end(self) -> None:
        """End the process; the folder stays."""
        if self._process is not None:
            sandbox.terminate(self._process, STOP_GRACE_SECONDS)
        self._log.flush()

    def remove(self) -> None:
        """End the process and remove the folder."""
        self.end()
        shutil.rmtree(self._folder, ignore_errors=True)


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=INVOCATION_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
