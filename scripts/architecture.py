"""Draws the application from its templates, state machines and event classes: the loop, and every machine."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from noria.kernel.json import Json
from scripts import import_graph, shapes, templates

#: What an event of an AWS service means to a reader of the picture.
AWS_EVENTS = {
    ("aws.s3", "Object Created"): "S3 Object Created",
    ("aws.sagemaker", "SageMaker Model Package State Change"): "Model Package State Change",
    ("aws.sagemaker", "SageMaker Endpoint State Change"): "Endpoint State Change",
    ("aws.cloudwatch", "CloudWatch Alarm State Change"): "CloudWatch alarm",
    ("aws.states", "Step Functions Execution Status Change"): "execution",
}
#: Calls that an event of an AWS service follows, as the picture names the call and the event.
CAUSES = {
    "aws-sdk:sagemaker:updateModelPackage": ("UpdateModelPackage", "Model Package State Change"),
    "aws-sdk:sagemaker:updateEndpoint": ("UpdateEndpoint", "Endpoint State Change"),
}
#: How a Choice's condition becomes the label of its branch: what is matched, and the words in its place.
CONDITION_WORDS = (
    (r"^\{% | %\}$", ""),
    (r"\$not\(\$contains\([^,]*, ['/]([^'/]*)['/]\)\)", r"other than \1"),
    (r"\$contains\([^,]*, ['/]([^'/]*)['/]\)", r"\1"),
    (r"\$not\(([^()]*)\)", r"not \1"),
    (r"\$exists\(([^()]*)\)", r"\1"),
    (r"\$(?:\w+\.)*(\w+)", r"\1"),
    (r"(\w+) != null", r"\1"),
    (r"(\w+) = null", r"no \1"),
    (r" in \[([^\]]*)\]", r" = \1"),
    (r"', '|\|", " or "),
    (r"'", ""),
)
#: Characters of such a label.
MOST_LABEL = 48
HEADER = """# Architecture

Generated from `template.yaml`, `stacks/`, `statemachines/` and the event classes (`make docs`). State machines communicate by events
and the ledger. A solid arrow with a name is an event or a call that nothing waits for, a dotted arrow a call that the caller waits for, an arrow
without a name comes from outside of the machines. `restart` starts a failed machine again by its ARN.
"""


@dataclass(frozen=True)
class Machine:
    """A state machine in the picture.

    Attributes:
        name: `train`; `context` is the folder that it is in.
        starts: what starts it: names of Noria's events, an AWS event, or a schedule.
        publishes: names of the events that it publishes.
        calls: machines that it starts and waits for.
        restarts: machines that it starts by their ARN, without waiting.
        causes: the calls by which it brings events of AWS services about, each with that event.
    """

    context: str
    name: str
    definition: Json
    starts: tuple[str, ...]
    publishes: tuple[str, ...]
    calls: tuple[str, ...]
    restarts: tuple[str, ...]
    causes: tuple[tuple[str, str], ...]


@cache
def machines() -> tuple[Machine, ...]:
    """Every state machine, by context and name."""
    results = []
    for name, definition, resource in templates.machines():
        folder = resource.path("DefinitionUri").parent.name
        substitutions = {key for key in resource.properties.get("DefinitionSubstitutions", {}) if f"${{{key}}}" in str(definition)}
        literal = {str(entry["DetailType"]) for entry in templates.literal_entries(definition)}
        events = literal | {event for key in substitutions for event in _published_by(key)}
        calls = sorted(templates.snake_case(key.removesuffix("StateMachine")) for key in substitutions if key.endswith("StateMachine"))
        starts = tuple(dict.fromkeys(start for event in resource.properties.get("Events", {}).values() for start in _starts(event)))
        noun, restarts = name.removesuffix(".asl.yaml"), tuple(_restarted(resource))
        results.append(Machine(folder, noun, definition, starts, tuple(sorted(events)), tuple(calls), restarts, tuple(_caused(definition))))
    contexts = list(dict.fromkeys(kind.event_context() for kind in shapes.event_classes()))
    return tuple(sorted(results, key=lambda machine: (contexts.index(machine.context) if machine.context in contexts else 99, machine.name)))


def _restarted(resource: templates.Resource) -> Iterator[str]:
    """The machines whose ARNs a machine's role may start."""
    for policy in resource.properties.get("Policies", []):
        for statement in policy.get("Statement", []):
            if statement["Action"] == "states:StartExecution":
                names = [re.search(r"stateMachine:\$\{Prefix\}-([\w-]+)$", str(arn.get("Fn::Sub"))) for arn in statement["Resource"] if isinstance(arn, dict)]
                yield from (name[1].replace("-", "_") for name in names if name)


def _caused(definition: Json) -> Iterator[tuple[str, str]]:
    """The calls after which an AWS service sends an event that starts a machine; a rejected version starts none."""
    for state in definition["States"].values():
        arguments = state.get("Arguments")
        rejects = isinstance(arguments, dict) and arguments.get("ModelApprovalStatus") == "Rejected"
        if (call := str(state.get("Resource", "")).removeprefix("arn:aws:states:::")) in CAUSES and not rejects:
            yield CAUSES[call]


def _starts(event: Json) -> Iterator[str]:
    properties = event["Properties"]
    if event["Type"].startswith("Schedule"):
        yield str(properties["Schedule"]) if "Schedule" in properties else "schedule"
        return
    pattern = properties["Pattern"]
    for name in pattern.get("detail-type", []):
        source = pattern["source"][0]
        yield name if str(source).startswith("noria.") else AWS_EVENTS[source, name] + _statuses(pattern) + _object_prefix(pattern)


def _statuses(pattern: Json) -> str:
    """With which statuses an execution's end starts a machine: ` failed or timed out`."""
    words = [str(status).replace("_", " ").lower() for status in pattern.get("detail", {}).get("status", [])]
    return f" {' or '.join(filter(None, [', '.join(words[:-1]), words[-1]]))}" if words else ""


def _object_prefix(pattern: Json) -> str:
    keys = pattern.get("detail", {}).get("object", {}).get("key", [])
    prefixes = [key["prefix"] for key in keys if isinstance(key, dict) and "prefix" in key]
    return f" {', '.join(prefixes)}" if prefixes else ""


def _published_by(substitution: str) -> set[str]:
    """The events whose classes the use case of a function imports."""
    folders = [folder for folder in import_graph.use_cases() if folder.split("/")[1] == templates.snake_case(substitution)]
    return {event for folder in folders for event in _imported_events(import_graph.use_cases()[folder])}


def _imported_events(module: str) -> set[str]:
    names = {kind.__name__ for kind in shapes.event_classes()}
    tree = ast.parse(inspect.getsource(__import__(module, fromlist=["_"])))
    return {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names} & names


def loop() -> str:
    """All machines as a Mermaid flow chart: by context, joined by events and calls."""
    lines = ["```mermaid", "flowchart LR"]
    for context in dict.fromkeys(machine.context for machine in machines()):
        members = [machine.name for machine in machines() if machine.context == context]
        lines += [f"  subgraph {context}_context [{context}]", *(f"    {name}([{name}])" for name in members), "  end"]
    lines += [*_outside(machines()), *_arrows(machines())]
    lines += [f'  {machine.name} -- "StartExecution" --> {" & ".join(machine.restarts)}' for machine in machines() if machine.restarts]
    lines += [f"  {machine.name} -.-> {called}" for machine in machines() for called in machine.calls]
    return "\n".join([*lines, "```", ""])


def short_loop() -> str:
    """The machines that pass events on: what an upload sets in motion, without the ones that only serve another."""
    steps = tuple(machine for machine in machines() if machine.publishes or (machine.causes and machine.starts))
    return "\n".join(["```mermaid", "flowchart LR", *_outside(steps), *_arrows(steps), "```", ""])


def _publishers(event: str) -> list[str]:
    return [machine.name for machine in machines() if event in machine.publishes]


def _outside(drawn: tuple[Machine, ...]) -> Iterator[str]:
    """What starts machines from outside of the application."""
    starts = dict.fromkeys(start for machine in drawn for start in machine.starts if not _publishers(start))
    for number, start in enumerate(starts):
        targets = " & ".join(f"{machine.name}([{machine.name}])" for machine in drawn if start in machine.starts)
        yield f'  start{number}["{start}"] --> {targets}'
        for machine in drawn:
            for call in dict.fromkeys(call for call, event in machine.causes if event == start):
                yield f'  {machine.name}([{machine.name}]) -- "{call}" --> start{number}'


def _arrows(drawn: tuple[Machine, ...]) -> Iterator[str]:
    """Events from one machine to another, their names on one arrow."""
    for source in drawn:
        for target in drawn:
            events = sorted(set(source.publishes) & set(target.starts))
            if events:
                yield f'  {source.name}([{source.name}]) -- "{"<br>".join(events)}" --> {target.name}([{target.name}])'


def diagram(machine: Machine) -> str:
    """One machine as a Mermaid state diagram."""
    states = machine.definition["States"]
    ids = {name: f"s{number}" for number, name in enumerate(states)}
    lines = ["```mermaid", "stateDiagram-v2", *(f'  state "{name}" as {ids[name]}' for name in states), f"  [*] --> {ids[machine.definition['StartAt']]}"]
    for name, state in states.items():
        for target, label in _ways(state):
            lines.append(f"  {ids[name]} --> {ids[target]}{f': {label}' if label else ''}")
        if state.get("End") or state["Type"] in ("Succeed", "Fail"):
            lines.append(f"  {ids[name]} --> [*]")
    return "\n".join([*lines, "```", ""])


def _ways(state: Json) -> Iterator[tuple[str, str]]:
    for choice in state.get("Choices", []):
        yield choice["Next"], _condition(str(choice["Condition"]))
    if "Default" in state:
        yield state["Default"], "otherwise" if state.get("Choices") else ""
    if "Next" in state:
        yield state["Next"], ""
    for catcher in state.get("Catch", []):
        yield catcher["Next"], "any error" if catcher["ErrorEquals"] == ["States.ALL"] else ", ".join(error.split(".")[-1] for error in catcher["ErrorEquals"])


def _condition(text: str) -> str:
    """A Choice's condition in a few words."""
    for pattern, words in CONDITION_WORDS:
        text = re.sub(pattern, words, text)
    return textwrap.shorten(text, MOST_LABEL, placeholder=" …")


def text() -> str:
    """`docs/architecture.md`."""
    sections = [HEADER, "## The loop\n", loop(), "## The machines\n"]
    for machine in machines():
        sections += [f"### {machine.context}/{machine.name}\n", f"{machine.definition.get('Comment', '')}\n", diagram(machine)]
    return "\n".join(sections)


def machines_text() -> str:
    """`docs/machines.md`: what starts each machine, what it calls and publishes, and its tasks."""
    lines = ["# State machines", "", "Generated from `template.yaml`, `stacks/` and `statemachines/` (`make docs`). [Pictures](architecture.md).", ""]
    for machine in machines():
        lines += [f"## {machine.context}/{machine.name}", "", str(machine.definition.get("Comment", "")), ""]
        lines += [f"- starts on: {', '.join(machine.starts) or 'another machine'}; at most {machine.definition['TimeoutSeconds']:,} s"]
        lines += [f"- publishes: {', '.join(machine.publishes)}"] if machine.publishes else []
        lines += [f"- calls: {', '.join(machine.calls)}"] if machine.calls else []
        lines += ["", "| state | type | calls | why |", "|---|---|---|---|"]
        lines += [_row(name, state) for name, state in machine.definition["States"].items()]
        lines.append("")
    return "\n".join(lines)


def _row(name: str, state: Json) -> str:
    resource = str(state.get("Resource", "")).removeprefix("arn:aws:states:::")
    return f"| {name} | {state['Type']} | {f'`{resource}`' if resource else ''} | {state.get('Comment', '')} |"
