"""Model servers of endpoints and transform jobs: the containers of a model on one instance."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from local.sagemaker import resources
from local.sagemaker.containers.container_server import STOP_GRACE_SECONDS, THREADS, ContainerServer, Reply
from local.sagemaker.errors import JobFailedError
from local.sagemaker.logs import Log
from local.sagemaker.resources import Record

#: `Accept` of a request to a container whose response goes to the next container of a pipeline.
ANY = "*/*"


class ServerStoppedError(Exception):
    """The server was stopped after it was chosen: another one has its place."""


def containers_of(model: Record) -> list[Record]:
    """The container definitions of a model in their order; those of a model package where one of them names it.

    Raises:
        JobFailedError: the package does not exist.
    """
    definitions = [model["PrimaryContainer"]] if model.get("PrimaryContainer") else model["Containers"]
    return [container for definition in definitions for container in _with_package(definition)]


def _with_package(definition: Record) -> list[Record]:
    package = definition.get("ModelPackageName")
    if not package:
        return [definition]
    record = resources.STORE.records.get(resources.STORE.key("ModelPackage", package))
    if record is None:
        raise JobFailedError(f"ClientError: model package {package} does not exist")
    more = definition.get("Environment", {})
    return [{**container, "Environment": {**container.get("Environment", {}), **more}} for container in record["InferenceSpecification"]["Containers"]]


class ModelServer:
    """The containers of a model on one instance; in a pipeline, each answers the response of the one before.

    Its processes may end while no request needs them; the next request starts them again from the containers' folders.

    Args:
        model: a record of `CreateModel`.
        group: the log group, such as `/aws/sagemaker/Endpoints/<name>`.
        stream: the stream's name; in a pipeline, followed by the container's name.
        variables: environment variables by which SageMaker says what the container is used for.

    Attributes:
        role: the model's execution role.
        idle: whether its processes ended for want of requests.

    Raises:
        JobFailedError: a container does not come up; the message ends with the last lines of its log.
    """

    def __init__(self, model: Record, group: str, stream: str, variables: Mapping[str, str] | None = None) -> None:
        self._slots = threading.Semaphore(THREADS)
        self._lock = threading.RLock()
        self._stopped = self.idle = False
        self._requests, self._last_request = 0, time.monotonic()
        self.role = model["ExecutionRoleArn"]
        containers = containers_of(model)
        self._containers: list[ContainerServer] = []
        try:
            for number, container in enumerate(containers, 1):
                name = container.get("ContainerHostname", f"container-{number}")
                log = Log(self.role, group, stream if len(containers) == 1 else f"{stream}/{name}")
                self._containers.append(ContainerServer(container, self.role, log, variables or {}))
            self._start_containers()
        except JobFailedError:
            self._remove_containers()
            raise

    def alive(self) -> bool:
        """Whether its processes run."""
        return all(container.alive() for container in self._containers)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Hold the processes while a request needs them; start them first where they have ended.

        Raises:
            ServerStoppedError: it was stopped.
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
                self._last_request = time.monotonic()

    def start(self) -> None:
        """Start the processes of an idle server; one that runs or has crashed is left alone.

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
                self._start_containers()
            except JobFailedError as error:
                self._end_containers()
                raise ConnectionError(str(error)) from error
            self.idle, self._last_request = False, time.monotonic()

    def end_if_idle(self, seconds: float) -> None:
        """End the processes where no request has needed them for so long; the containers' folders stay."""
        with self._lock:
            if self.idle or self._stopped or self._requests or time.monotonic() - self._last_request < seconds or not self.alive():
                return
            self.idle = True
            for container in self._containers:
                container.log(f"local SageMaker: no request for {seconds:g} s: the server ends, and starts again at the next request")
            self._end_containers()

    def invoke(self, body: bytes, content_type: str, accept: str) -> Reply:
        """One invocation; of a pipeline, the response of the last container, or of the first that fails.

        Raises:
            ServerStoppedError: it was stopped before the request.
            OSError: a process is gone or did not answer in 60 s.
        """
        with self._slots:
            if self._stopped:
                raise ServerStoppedError
            *before, last = self._containers
            for container in before:
                reply = container.invoke(body, content_type, ANY)
                if reply.status != 200:
                    return reply
                body, content_type = reply.body, reply.content_type
            return last.invoke(body, content_type, accept)

    def stop(self) -> None:
        """Let requests under way finish, then end every process and remove the folders."""
        for _ in range(THREADS):
            self._slots.acquire(timeout=STOP_GRACE_SECONDS)
        with self._lock:
            self._stopped = True
        self._slots.release(THREADS)
        self._remove_containers()

    def _start_containers(self) -> None:
        for container in self._containers:
            container.start()
        for container in self._containers:
            container.await_ping()

    def _end_containers(self) -> None:
        for container in self._containers:
            container.end()

    def _remove_containers(self) -> None:
        for container in self._containers:
            container.remove()
