"""Writes `docs/permissions.md`: what every role of the application may do, from the templates."""

import json
import re
from collections.abc import Iterator
from typing import Any

from noria.kernel.json import Json
from scripts import templates

ROLE, POLICY = "AWS::IAM::Role", "AWS::IAM::ManagedPolicy"
HEADER = """# Permissions

Generated from `template.yaml` and `stacks/` (`make docs`). A state machine's role has the machine's name. Shared policies stand first; a role
lists those that it has. `${Prefix}` begins the names of this stack.
"""


def text() -> str:
    """The page."""
    sections = [HEADER]
    for title, types in (("Shared policies", (POLICY,)), ("Roles", (ROLE,)), ("State machines", (templates.MACHINE,))):
        sections.append(f"## {title}\n")
        sections += [_section(resource) for resource in templates.resources(*types)]
    return "\n".join(sections)


def _section(resource: templates.Resource) -> str:
    rows = [_row(statement) for statement in _statements(resource.properties, resource.type)]
    shared = [_short(arn) for arn in resource.properties.get("ManagedPolicyArns", [])]
    shared += [_short(policy) for policy in resource.properties.get("Policies", []) if resource.type == templates.MACHINE and "Statement" not in policy]
    lines = [f"### {resource.address}", "", str(resource.properties.get("Description", ""))]
    lines += [f"Shared: {', '.join(shared)}"] if shared else []
    table = ["", "| actions | resources | conditions |", "|---|---|---|", *rows] if rows else []
    return "\n".join([*lines, *table, ""])


def _statements(properties: Json, kind: str) -> Iterator[Json]:
    if kind == POLICY:
        yield from properties["PolicyDocument"]["Statement"]
    for policy in properties.get("Policies", []) if kind != POLICY else []:
        yield from policy.get("PolicyDocument", policy).get("Statement", []) if isinstance(policy, dict) else []


def _row(statement: Json) -> str:
    condition = json.dumps(statement["Condition"], default=str) if "Condition" in statement else ""
    return f"| {_list(statement['Action'])} | {_list(statement['Resource'])} | {_code(_short_text(condition)) if condition else ''} |"


def _list(value: Any) -> str:
    return "<br>".join(_code(_short(item)) for item in (value if isinstance(value, list) else [value]))


def _short(value: Any) -> str:
    """A reference as CloudFormation's short form says it."""
    if not isinstance(value, dict):
        return str(value)
    ((function, argument),) = value.items()
    named = ".".join(argument) if isinstance(argument, list) and function == "Fn::GetAtt" else str(argument)
    return _short_text(named if function == "Fn::Sub" else f"${{{named}}}")


def _short_text(text: str) -> str:
    return re.sub(r"arn:\$\{AWS::Partition\}:(\w[\w-]*):\$\{AWS::Region\}:\$\{AWS::AccountId\}:", r"\1:", text)


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")
