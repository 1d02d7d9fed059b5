"""What every suite shares."""

import os
from pathlib import Path

import hypothesis
import pytest

from local import lifecycle

# How long an example takes is a matter of the machine, and no property of the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

#: Where the local AWS of the tests lives, and the file that says that the application is deployed on it.
HOME = Path(os.environ.get("NORIA_TEST_HOME", lifecycle.ROOT / ".noria" / "test"))
DEPLOYED = "deployed"


#: A run of pytest, with all of its workers; a file of this name says that the run uses the local AWS.
RUN = "NORIA_TEST_RUN"
RUNS = HOME / "runs"


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        os.environ[RUN] = str(os.getpid())


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The last run that uses the local AWS of the tests ends it."""
    if hasattr(session.config, "workerinput") or not (RUNS / os.environ[RUN]).exists():
        return
    (RUNS / os.environ[RUN]).unlink()
    if any(Path("/proc", run.name).exists() for run in RUNS.iterdir()):
        return
    before = os.environ.get("NORIA_HOME")
    os.environ["NORIA_HOME"] = str(HOME)
    lifecycle.down()
    (HOME / DEPLOYED).unlink(missing_ok=True)
    os.environ.pop("NORIA_HOME")
    if before:
        os.environ["NORIA_HOME"] = before


@pytest.fixture(autouse=True, scope="session")
def _no_credentials_of_the_user() -> None:
    """No test may reach an AWS account by the user's own settings."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_EC2_METADATA_DISABLED": "true"}
