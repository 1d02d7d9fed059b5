"""One interpreter for all tests of a worker."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.workflow.running import Interpreter
from tests.workflow.world import World

#: Makes the services of one story: `world(champion="m")`.
WorldMaker = Callable[..., World]


@pytest.fixture(scope="session")
def interpreter() -> Iterator[Interpreter]:
    started = Interpreter()
    yield started
    started.close()


@pytest.fixture
def world(interpreter: Interpreter) -> WorldMaker:
    def result(**differences: Any) -> World:
        return World(interpreter, **differences)

    return result
