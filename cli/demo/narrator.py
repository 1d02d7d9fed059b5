"""Prints how the traffic moves during a release: a line for each step, once it has ended."""

import threading
import time

from rich.text import Text

from cli.base import console
from cli.base.session import Session
from cli.release.live import interval
from cli.release.state import release_state
from noria.release import findings as guard_findings
from noria.release.shapes.observation import Finding

POLL_SECONDS = 1.0


class Narrator:
    """Follows one release in a thread of its own; a quiet one does nothing."""

    def __init__(self, session: Session, model: str, quiet: bool) -> None:
        self._session, self._model, self._running = session, model, True
        self._thread = None if quiet else threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> None:
        if self._thread:
            self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._running = False
        if self._thread:
            self._thread.join()

    def _follow(self) -> None:
        weights: tuple[float, ...] = ()
        findings: list[Finding] = []
        while self._running:
            state = release_state(self._session, self._model)
            present = tuple(variant.weight or 0.0 for variant in state.variants)
            if present != weights:
                _print_step(weights, findings)
                weights, findings = present, []
            findings = state.findings or findings
            time.sleep(POLL_SECONDS)
        _print_step(weights, findings)


def _print_step(weights: tuple[float, ...], findings: list[Finding]) -> None:
    """The guard's findings at the end of a step."""
    if not weights[1:] or not weights[-1]:
        return
    share = weights[-1] / sum(weights)
    for finding in findings:
        console.out.print(Text(f"{'':12} {share:4.0%} of the traffic  {interval(finding)}  {guard_findings.text(finding)}", style="dim"))
