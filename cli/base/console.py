"""Prints for a person by Rich, and for a program one JSON document."""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, is_dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from cli.base.records import Dataset, Healing, Reason, Release, Rollback, Run

#: Outcomes that are printed in green, and in red; any other is yellow.
GOOD = {"undone", "restored", "accepted", "completed", "registered", "approved", "InService", "published", "serves", "ok"}
BAD = {"quarantined", "rejected", "failed", "by_hand", "rolled_back", "rollback_failed", "Failed", "Missing", "drift", "incident", "contract", "degraded"}
#: Characters of an ISO 8601 time up to its seconds.
SECONDS = 19

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: object) -> None:
    """One JSON document; of a dataclass, its fields."""
    print(json.dumps(value, indent=2, default=_jsonable))


def _jsonable(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)


def say(quiet: bool, text: str) -> None:
    """A line for a person, unless the command prints one JSON document alone."""
    if not quiet:
        out.print(text)


def outcome(text: str) -> Text:
    """An outcome, coloured by whether it is good."""
    name = text.strip()
    return Text(text, style="green" if name in GOOD else "red" if name in BAD else "yellow")


def print_records[R: (Dataset, Run, Release, Rollback, Healing)](kind: str, records: Iterable[R], line: Callable[[R], str]) -> None:
    """Each record with its time, status and reasons; `line` says the rest of it."""
    for record in records:
        out.print(Text(f"  {kind:8} "), Text(record["time"][:SECONDS], style="dim"), outcome(record.get("status", "")), Text(line(record)))
        print_reasons(record["reasons"], 13)


def print_reasons(reasons: Iterable[Reason], indent: int) -> None:
    for reason in reasons:
        out.print(Text(f"{'':{indent}}{reason['text']}"))
