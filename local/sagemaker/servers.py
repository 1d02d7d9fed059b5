"""Model servers: a real one per instance, in its sandbox, reached through a unix socket."""

import http.client
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ministack.core.responses import get_region

from local.aws import roles
from local.sagemaker import environments, families, images, jobs, sandbox, storage
from local.sagemaker.errors import JobFailedError
from local.sagemaker.families import Record
from local.sagemaker.logs import Log

TOOLKIT = Path(__file__).with_name("toolkit")
#: SageMaker waits this long for the first healthy ping, and this long for an answer (seconds).
STARTUP_SECONDS, INVOCATION_SECONDS = 240.0, 60.0
STOP_GRACE_SECONDS = 30.0
THREADS = 8
#: What a container of a pipeline is asked for whose answer goes to the next one.
ANY = "*/*"
#: Many requests a process, and a model that does not load ends the server before it listens.
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


@dataclass(frozen=True)
class Reply:
    """What a server answered."""

    status: int
    content_type: str
    body: bytes


class ServerStoppedError(Exception):
    """The server was chosen and then stopped: another one has its place."""


def containers_of(model: Record) -> list[Record]:
    """The containers of a model in their order: its own, or those of the model package that one of them names.

    Raises:
        JobFailedError: the package is not there.
    """
    listed = [model["PrimaryContainer"]] if model.get("PrimaryContainer") else model["Containers"]
    return [container for named in listed for container in _registered(named)]


def _registered(container: Record) -> list[Record]:
    package = container.get("ModelPackageName")
    if not package:
        return [container]
    record = families.STORE.records.get(families.STORE.key("ModelPackage", package))
    if record is None:
        raise JobFailedError(f"ClientError: model package {package} does not exist")
    more = container.get("Environment", {})
    return [{**held, "Environment": {**held.get("Environment", {}), **more}} for held in record["InferenceSpecification"]["Containers"]]


class ModelServer:
    """A model's containers on one instance, in a row behind each other where the model is a pipeline.

    Its processes may be ended while nobody asks it; the next request starts them again from what lies in its folders.

    Args:
        model: a record of `CreateModel`.
        group: the log group, `/aws/sagemaker/Endpoints/<name>` for one.
        stream: the stream's name; in a pipeline, each container's name comes after it.
        variables: environment variables by which SageMaker says what the container is used for.

    Raises:
        JobFailedError: it does not come up; ends with the server's last words.
    """

    def __init__(self, model: Record, group: str, stream: str, variables: Mapping[str, str] | None = None) -> None:
        self._active = threading.Semaphore(THREADS)
        self._lock = threading.RLock()
        self._stopped = self.idle = False
        self._requests, self._used = 0, time.monotonic()
        self.role = model["ExecutionRoleArn"]
        containers = containers_of(model)
        self._servers: list[ContainerServer] = []
        try:
            for number, container in enumerate(containers, 1):
                name = container.get("ContainerHostname", f"container-{number}")
                log = Log(self.role, group, stream if len(containers) == 1 else f"{stream}/{name}")
                self._servers.append(ContainerServer(container, self.role, log, variables or {}))
            self._start()
        except JobFailedError:
            self._remove()
            raise

    def alive(self) -> bool:
        """Whether its processes run."""
        return all(server.alive() for server in self._servers)

    def healthy(self) -> bool:
        return all(server.healthy() for server in self._servers)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Keep the processes while a request needs them; they are started first where they were ended.

        Raises:
            ServerStoppedError: it was stopped before it could be asked.
            OSError: it was idle and does not start again.
        """
        with self._lock:
            self.start()
            self._requests += 1
        try:
            yield
        finally:
            with self._lock:
                self._requests -= 1
                self._used = time.monotonic()

    def start(self) -> None:
        """Start the processes of an idle server; one that runs, or has crashed, is left alone.

        Raises:
            ServerStoppedError: it was stopped.
            OSError: it does not start again.
        """
        with self._lock:
            if self._stopped:
                raise ServerStoppedError
            if not self.idle:
                return
            try:
                self._start()
            except JobFailedError as error:
                self._end()
                raise ConnectionError(str(error)) from error
            self.idle, self._used = False, time.monotonic()

    def end_idle(self, seconds: float) -> None:
        """End the processes where no request has needed them for so long; what they were started from is kept."""
        with self._lock:
            if self.idle or self._stopped or self._requests or time.monotonic() - self._used < seconds or not self.alive():
                return
            self.idle = True
            for server in self._servers:
                server.log(f"local SageMaker: no request for {seconds:g} s: the server ends, and starts again at the next request")
            self._end()

    def invoke(self, body: bytes, content_type: str, accept: str) -> Reply:
        """One invocation; of a pipeline, the answer of the last container, or of the first that fails.

        Raises:
            ServerStoppedError: it was stopped before it could be asked.
            OSError: the server is gone or did not answer in 60 s.
        """
        with self._active:
            if self._stopped:
                raise ServerStoppedError
            *before, last = self._servers
            for server in before:
                reply = server.invoke(body, content_type, ANY)
                if reply.status != 200:
                    return reply
                body, content_type = reply.body, reply.content_type
            return last.invoke(body, content_type, accept)

    def stop(self) -> None:
        """Let requests under way finish, then end every process of it and remove its folders."""
        for _ in range(THREADS):
            self._active.acquire(timeout=STOP_GRACE_SECONDS)
        with self._lock:
            self._stopped = True
        self._active.release(THREADS)
        self._remove()

    def _start(self) -> None:
        for server in self._servers:
            server.start()
        for server in self._servers:
            server.await_ping()

    def _end(self) -> None:
        for server in self._servers:
            server.end()

    def _remove(self) -> None:
        for server in self._servers:
            server.remove()


class ContainerServer:
    """One container behind /ping and /invocations.

    Its folder holds model and code, so that its process can be started more than once.

    Raises:
        JobFailedError: its model, its code or its environment cannot be had.
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
        submitted = self._variables.get("SAGEMAKER_SUBMIT_DIRECTORY", "")
        if submitted.startswith("s3://"):
            storage.unpack(storage.read(self._role, submitted), self._folder / "model" / "code")
        requirements = self._folder / "model" / "code" / "requirements.txt"
        return environments.python_for(image, requirements.read_text() if requirements.exists() else "")

    def start(self) -> None:
        """Start the process; `await_ping` waits for it.

        Raises:
            JobFailedError: SageMaker may not assume the role any more.
        """
        base = sandbox.base_dir(self._folder)
        self._process = sandbox.start(
            [str(self._python), "-m", "gunicorn", "--bind", f"unix:{base}/server.sock", *GUNICORN, "serve:app"],
            self._folder,
            {
                **jobs.region_environment(storage.session(self._role), get_region(), roles.gateway_url()),
                "PATH": f"{self._python.parent}:/usr/local/bin:/usr/bin:/bin",
                "SAGEMAKER_BASE_DIR": str(base),
                **self._variables,
            },
        )
        threading.Thread(target=self._drain, args=(self._process,), daemon=True).start()

    def _drain(self, process: "subprocess.Popen[str]") -> None:
        for line in process.stdout or ():
            self._log.write(line.rstrip("\n"))
        self._log.flush()

    def alive(self) -> bool:
        """Whether its process runs."""
        return self._process is not None and self._process.poll() is None

    def log(self, sentence: str) -> None:
        """One line in the container's log."""
        self._log.write(sentence)

    def await_ping(self) -> None:
        """Wait until it is healthy.

        Raises:
            JobFailedError: it has ended, or says nothing in time.
        """
        ends = time.monotonic() + STARTUP_SECONDS
        while time.monotonic() < ends:
            if not self.alive():
                time.sleep(0.1)
                said = "\n".join(self._log.tail[-12:])
                raise JobFailedError(f"The primary container for production variant did not pass the ping health check. The server ended: {said}")
            if self.healthy():
                return
            time.sleep(0.05)
        raise JobFailedError("The primary container for production variant did not pass the ping health check. Please check CloudWatch logs for this endpoint.")

    def healthy(self) -> bool:
        try:
            return self._ask("GET", "/ping", b"", {}).status == 200
        except OSError:
            return False

    def invoke(self, body: bytes, content_type: str, accept: str) -> Reply:
        return self._ask("POST", "/invocations", body, {"Content-Type": content_type, "Accept": accept})

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        connection = UnixConnection(str(self._folder / "server.sock"))
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            return Reply(response.status, response.getheader("Content-Type", ""), response.read())
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()

    def end(self) -> None:
        """End the process; its folder stays."""
        if self._process is not None:
            sandbox.terminate(self._process, STOP_GRACE_SECONDS)
        self._log.flush()

    def remove(self) -> None:
        """End the process and remove its folder."""
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
