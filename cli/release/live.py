"""Shows a release under way: weights, requests, errors, latency, and the guard's interval closing in."""

import math
import time
from contextlib import nullcontext

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from cli.base import console
from cli.base.session import Session
from cli.release.state import ReleaseState, VariantState, release_state
from noria.release import findings as guard_findings
from noria.release.shapes.observation import Finding

#: Width of an interval, and the ratios at its ends.
CELLS, LEFT, RIGHT = 48, 0.25, 4.0
#: Width of a variant's share.
BAR = 20
FRAMES_PER_SECOND = 4
COLUMNS = ("variant", "weight", "instances", "requests", "errors", "p99 ms")


def watch(session: Session, model: str, seconds: float) -> None:
    """Show the state until the release under way has ended, or for so many seconds; without a terminal, each change of the weights."""
    ends, seen = time.monotonic() + seconds, False
    shown: tuple[str | None, list[tuple[float | None, str | None]]] | None = None
    with Live(console=console.out, refresh_per_second=FRAMES_PER_SECOND) if console.out.is_terminal else nullcontext() as live:
        while time.monotonic() < ends:
            state = release_state(session, model)
            step = state.under_way, [(variant.weight, variant.stage) for variant in state.variants]
            if live:
                live.update(frame(state))
            elif step != shown:
                console.out.print(frame(state))
            shown = step
            if seen and state.under_way is None:
                return
            seen = seen or state.under_way is not None
            time.sleep(session.poll_seconds)


def frame(state: ReleaseState) -> Group:
    """One frame."""
    coming = dict.fromkeys(variant.config for variant in state.variants if variant.stage)
    head = Text.assemble((state.endpoint, "bold"), "  ", console.outcome(state.status), f"  {state.config}", *(f" → {config}" for config in coming))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in COLUMNS:
        table.add_column(name, no_wrap=True)
    for variant in state.variants:
        name = f"{variant.variant}, {variant.stage}" if variant.stage else variant.variant
        numbers = f"{variant.requests:,.0f}", f"{variant.errors:,.0f}", f"{variant.p99_ms:.1f}"
        table.add_row(name, share(variant, state.variants), str(variant.instances or ""), *numbers)
    intervals = [Text(f"{finding['metric']:>10} {interval(finding)}  {guard_findings.text(finding)}") for finding in state.findings]
    under_way = [Text(f"under way: {text}", style="dim") for text in (state.under_way, state.outlook) if text]
    return Group(head, table, *intervals, *under_way)


def share(variant: VariantState, variants: list[VariantState]) -> str:
    """A variant's share of the traffic: by weight, by requests while two fleets serve, and none for a shadow, which gets a copy."""
    if variant.shadow:
        return f"{'':{BAR}} a copy"
    amounts = {id(entry): (entry.recent if entry.config else entry.weight or 0) for entry in variants if not entry.shadow}
    whole = sum(amounts.values())
    if not whole:
        return f"{'':{BAR}} no request"
    part = amounts[id(variant)] / whole
    return f"{'█' * round(BAR * part):<{BAR}} {part:.0%}"


def interval(finding: Finding) -> str:
    """The guard's interval on a line from a quarter to four times the champion's rate."""
    low, high, same = _cell(finding["low"]), _cell(finding["high"]), _cell(1.0)
    return "".join("┃" if i == same else "━" if low <= i <= high else "·" for i in range(CELLS))


def _cell(ratio: float | None) -> int:
    if ratio is None or ratio >= RIGHT:
        return CELLS - 1
    return max(0, min(CELLS - 1, round((CELLS - 1) * math.log(max(ratio, LEFT) / LEFT) / math.log(RIGHT / LEFT))))
