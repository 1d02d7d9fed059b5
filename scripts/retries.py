"""Writes each Task's Retry from the catalogue of policies, `statemachines/retries.yaml`.

A Task whose Retry is one line, or that has none yet, gets its integration's policy. One that spells its Retry out as a block
keeps it, and gives the reason in a comment, above the block or beside its key.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

MACHINES = Path(__file__).resolve().parents[1] / "statemachines"
CATALOGUE = "retries.yaml"
OPTIMISED = "arn:aws:states:::"


@dataclass(frozen=True)
class Task:
    """A Task as it stands in a machine's text.

    Attributes:
        integration: the service of an optimised integration, or `aws-sdk:<service>`.
        column: of its fields.
        retry: the lines of its Retry, counted from 0; an empty span where it has none and one belongs.
        own: whether it spells its Retry out as a block.
    """

    name: str
    integration: str
    column: int
    retry: slice
    own: bool


def catalogue() -> dict[str, str]:
    """By integration, its policy as the one line that a Task has."""
    document: dict[str, Any] = yaml.safe_load((MACHINES / CATALOGUE).read_text())
    return {integration: _line(document["defaults"], policy) for integration, policy in document["integrations"].items()}


def _line(defaults: dict[str, Any], policy: dict[str, Any] | list[dict[str, Any]]) -> str:
    retriers = policy if isinstance(policy, list) else [policy]
    return f"Retry: [{', '.join(_retrier({'ErrorEquals': [], **defaults, **retrier}) for retrier in retriers)}]"


def _retrier(retrier: dict[str, Any]) -> str:
    fields = (f"{key}: {'[' + ', '.join(value) + ']' if isinstance(value, list) else value}" for key, value in retrier.items())
    return f"{{{', '.join(fields)}}}"


def machines() -> Iterator[Path]:
    """The definition of each machine."""
    yield from sorted(MACHINES.rglob("*.asl.yaml"))


def stamped() -> Iterator[tuple[Path, str]]:
    """Each machine's file, and its text with the policies as the catalogue has them."""
    policies = catalogue()
    for path in machines():
        yield path, stamp(path, policies)


def stamp(path: Path, policies: dict[str, str]) -> str:
    """A machine's text with the policy of its integration in every Task that spells out none."""
    text = path.read_text()
    lines = text.splitlines()
    for task in reversed([task for task in tasks(text) if not task.own]):
        if task.integration not in policies:
            call = f"{path.name}: {task.name} calls the integration {task.integration}"
            sys.exit(f"{call}, expected one of {', '.join(policies)}; add its policy to {CATALOGUE}")
        lines[task.retry] = [" " * task.column + policies[task.integration]]
    return "\n".join(lines) + "\n"


def tasks(text: str) -> Iterator[Task]:
    """Every Task of a machine in the order of its text, those within a Map included."""
    yield from _tasks("", yaml.compose(text, Loader=yaml.SafeLoader))


def _tasks(name: str, node: yaml.Node | None) -> Iterator[Task]:
    if isinstance(node, yaml.MappingNode):
        fields = {key.value: (key, value) for key, value in node.value}
        if "Type" in fields and fields["Type"][1].value == "Task":
            if node.flow_style:
                sys.exit(f"{name}: found a Task in braces, expected one field a line")
            yield _task(name, fields)
        for key, (_, value) in fields.items():
            yield from _tasks(key, value)


def _task(name: str, fields: dict[str, tuple[yaml.Node, yaml.Node]]) -> Task:
    resource = fields["Resource"][1].value.removeprefix(OPTIMISED).split(".")[0].split(":")
    integration = ":".join(resource[:2]) if resource[0] == "aws-sdk" else resource[0]
    column = fields["Type"][0].start_mark.column
    if "Retry" not in fields:
        after = fields.get("TimeoutSeconds", fields["Resource"])[1].end_mark.line + 1
        return Task(name, integration, column, slice(after, after), own=False)
    key, value = fields["Retry"]
    block = isinstance(value, yaml.SequenceNode) and not value.flow_style
    return Task(name, integration, column, slice(key.start_mark.line, value.end_mark.line + 1), own=block)


def faults() -> Iterator[str]:
    """What no stamp mends, a sentence each: a Task's own policy without a reason, and one of the catalogue that no Task has."""
    unused = set(catalogue())
    for path in machines():
        text = path.read_text()
        for task in tasks(text):
            unused.discard(task.integration)
            if task.own and not explained(text, task):
                yield f"{path.name}: {task.name} spells out its Retry and gives no reason; give it in a comment above, or delete the Retry and run: make docs"
    for integration in sorted(unused):
        yield f"{CATALOGUE}: no Task calls {integration}; delete its policy"


def explained(text: str, task: Task) -> bool:
    """Whether the Retry that a Task spells out has a comment, above it or beside its key."""
    above, key = text.splitlines()[task.retry.start - 1 : task.retry.start + 1]
    return above.lstrip().startswith("#") or "#" in key
