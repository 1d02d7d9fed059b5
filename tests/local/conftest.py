"""One local AWS with the deployed stack for all tests of the local suite, whichever worker comes first."""

import fcntl
import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from cli.base.session import Session
from local import lifecycle
from tests.conftest import DEPLOYED, HOME, RUN, RUNS

#: Makes a client of the local AWS: `client("s3")`, or with other credentials.
ClientMaker = Callable[..., Any]
#: A minute of metrics and of waiting is a second here.
SPEED = 60
#: An instance type that endpoints cannot have here.
SHORT = "ml.c5.large"


@pytest.fixture(scope="session")
def running() -> Iterator[lifecycle.LocalAws]:
    """The local AWS, shared by all workers; nothing is deployed on it by this alone."""
    RUNS.mkdir(parents=True, exist_ok=True)
    (RUNS / os.environ[RUN]).touch()
    before = os.environ.get("NORIA_HOME")
    os.environ["NORIA_HOME"] = str(HOME)
    with (HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if lifecycle.running() is None:
            (HOME / DEPLOYED).unlink(missing_ok=True)
        result = lifecycle.up(SPEED, (SHORT,))
    yield result
    os.environ.pop("NORIA_HOME")
    if before:
        os.environ["NORIA_HOME"] = before


@pytest.fixture(scope="session")
def client(running: lifecycle.LocalAws) -> ClientMaker:
    """Clients of the local AWS, as its root unless credentials are given."""

    def result(service: str, access_key: str = "test", secret_key: str = "test", token: str | None = None) -> Any:
        return boto3.client(
            service,
            region_name=running.region,
            endpoint_url=running.endpoint_url,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            aws_session_token=token,
            config=Config(retries={"total_max_attempts": 1}, inject_host_prefix=False),
        )

    return result


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return f"t{uuid.uuid4().hex[:10]}"


@pytest.fixture(scope="session")
def stack(running: lifecycle.LocalAws) -> Session:
    """The application, deployed by unmodified `sam build` and `sam deploy`."""
    with (HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (HOME / DEPLOYED).exists():
            deployed = subprocess.run([str(lifecycle.ROOT / "scripts" / "deploy.sh"), "local"], capture_output=True, text=True)
            assert deployed.returncode == 0, deployed.stderr
            (HOME / DEPLOYED).touch()
    return Session()
