"""Which lines of the product each test runs, by Python's own monitoring (PEP 669).

A line is heard once a test and then no more, so a loop costs as good as nothing; coverage's tracer, the only one of its cores that
knows contexts, is called at every line each time.
"""

import sys
from collections import defaultdict
from types import CodeType
from typing import Any


class Lines:
    """Hears each line of the modules of a folder, from now on and in all threads."""

    def __init__(self, folder: str) -> None:
        self._folder, self._context = folder, ""
        self._found: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        monitoring = sys.monitoring
        monitoring.use_tool_id(monitoring.COVERAGE_ID, "mutants")
        monitoring.register_callback(monitoring.COVERAGE_ID, monitoring.events.LINE, self._ran)
        monitoring.set_events(monitoring.COVERAGE_ID, monitoring.events.LINE)

    def enter(self, context: str) -> None:
        """What runs from now on belongs to a context."""
        self._context = context
        sys.monitoring.restart_events()

    def by_context(self) -> dict[str, dict[str, list[int]]]:
        """Of each context, of each module (by path), the lines that ran."""
        return {context: {path: sorted(lines) for path, lines in files.items()} for context, files in self._found.items() if context}

    def _ran(self, code: CodeType, line: int) -> Any:
        if code.co_filename.startswith(self._folder):
            self._found[self._context][code.co_filename].add(line)
        return sys.monitoring.DISABLE
