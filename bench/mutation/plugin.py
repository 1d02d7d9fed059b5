"""What pytest is told while mutants are tried: which tests to run in which order, and where the first failure ends it."""

import time
from collections.abc import Callable, Generator
from typing import Any

import pytest


class Chosen:
    """A plugin that runs the chosen tests, or all that were collected, and ends at the first that fails.

    A failing teardown is no failure: what ends late on a busy machine says nothing of the code.

    Attributes:
        seconds: of CPU, of each test that ran, by its id.
        failures: the id and the error's first line of the tests that failed; of a mutant's at most one.
    """

    def __init__(self, tests: list[str] | None, enter: Callable[[str], object] = lambda context: None) -> None:
        """`enter` gets the id of each test that begins, `<file>::` while what all tests of a file share is made, and `` between them."""
        self.seconds: dict[str, float] = {}
        self.failures: list[tuple[str, str]] = []
        self._rank = None if tests is None else {test: number for number, test in enumerate(tests)}
        self._enter = enter

    def pytest_configure(self) -> None:
        """Let Hypothesis draw the same examples each time, and judge no speed; pytest wants to be the first who imports it."""
        from hypothesis import HealthCheck, settings

        settings.register_profile("mutants", derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
        settings.load_profile("mutants")

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        self._session = session

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if (rank := self._rank) is not None:
            items[:] = sorted((item for item in items if item.nodeid in rank), key=lambda item: rank[item.nodeid])

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, Any]:
        """A file may ask the product already while its cases are put together."""
        self._enter(f"{collector.nodeid}::" if isinstance(collector, pytest.Module) else "")
        try:
            return (yield)
        finally:
            self._enter("")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        self._enter(item.nodeid)
        began = time.process_time()
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = time.process_time() - began
            self._enter("")

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Generator[None, Any, Any]:
        if fixturedef.scope == "function":
            return (yield)
        test = request.node if isinstance(request.node, pytest.Item) else request._pyfuncitem
        self._enter(test.nodeid.split("::")[0] + "::")
        try:
            return (yield)
        finally:
            self._enter(test.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and report.when != "teardown":
            crash = getattr(report.longrepr, "reprcrash", None)
            self.failures.append((report.nodeid, str(getattr(crash, "message", report.longrepr)).split("\n")[0]))
            if self._rank is not None:
                self._session.shouldfail = "a test noticed"
