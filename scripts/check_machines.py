"""Checks of the state machines that no linter makes: legal fields and states, reachability, expressions, substitutions, errors.

usage: python -m scripts.check_machines
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonata

from noria.kernel import errors
from noria.kernel.json import Json
from scripts import retries
from scripts.templates import machines

MOST_STATES = 12
#: Functions and operators that Step Functions' JSONata (2.0.6) does not have.
ABSENT = (r"\$eval\(", r"\?\?", r"\?:")
#: Error names of services: a prefix, and a name in Pascal case.
SERVICE_ERROR = re.compile(r"(States|Lambda|DynamoDB|DynamoDb|S3|SageMaker|EventBridge|StepFunctions|CloudWatch|SNS|Sfn|ApplicationAutoScaling)\.[A-Z]\w+")
OWN_ERRORS = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, errors.NoriaError)}
SUBSTITUTION = re.compile(r"\$\{(\w+)\}")


def faults(name: str, machine: Json, resource: Json) -> Iterator[str]:
    """What is wrong with one machine, a sentence each."""
    states = machine["States"]
    if len(states) > MOST_STATES:
        yield f"{name}: {len(states)} states, at most {MOST_STATES}"
    if "TimeoutSeconds" not in machine:
        yield f"{name}: has no TimeoutSeconds"
    yield from _flow(name, machine)
    for state_name, state in states.items():
        yield from _task(f"{name}: {state_name}", state, states)
        if state["Type"] == "Map":
            yield from _flow(f"{name}: {state_name}", state["ItemProcessor"])
            for twice in sorted(_assigned(state["ItemProcessor"]) & _assigned(machine)):
                yield f"{name}: {state_name} assigns {twice}, which an outer state assigns as well: Step Functions refuses that"
    yield from _expressions(name, machine)
    used = set(SUBSTITUTION.findall(json.dumps(machine)))
    given = set(resource.get("DefinitionSubstitutions", {}))
    if used != given:
        yield f"{name}: substitutions not given {sorted(used - given)}, not used {sorted(given - used)}"


def _flow(name: str, machine: Json) -> Iterator[str]:
    states = machine["States"]
    goes = {state_name: set(_targets(state)) for state_name, state in states.items()}
    for state_name, targets in goes.items():
        for target in targets - set(states):
            yield f"{name}: {state_name} goes to {target}, which is no state"
    reached, new = set[str](), {machine["StartAt"]}
    while new:
        reached |= new
        new = {target for state_name in new for target in goes[state_name]} - reached
    for state_name in set(states) - reached:
        yield f"{name}: {state_name} is never reached"


def _assigned(machine: Json) -> set[str]:
    """The variables that a machine's own states assign, those of its inner machines apart."""
    states = machine["States"].values()
    return {name for state in states for block in (state, *state.get("Catch", []), *state.get("Choices", [])) for name in block.get("Assign", {})}


def _targets(state: Json) -> Iterator[str]:
    for key in ("Next", "Default"):
        if key in state:
            yield state[key]
    for rule in [*state.get("Choices", []), *state.get("Catch", [])]:
        yield rule["Next"]


def _task(where: str, state: Json, states: Json) -> Iterator[str]:
    if state["Type"] == "Task":
        for key in ("TimeoutSeconds", "Retry"):
            if key not in state:
                yield f"{where} has no {key}"
        for retry in state.get("Retry", []):
            if not {"JitterStrategy", "MaxDelaySeconds", "MaxAttempts"} <= set(retry):
                yield f"{where} retries without jitter, a longest delay or a bound"
    if state["Type"] == "Map":
        inner = state["ItemProcessor"]["States"]
        for name, item in inner.items():
            yield from _task(f"{where}: {name}", item, inner)
    yield from _errors(where, state)
    for rule in state.get("Catch", []):
        if _throws_again(states.get(rule["Next"], {})):
            yield f"{where} catches an error only to fail with it again in {rule['Next']}; a Catch routes: drop it, an uncaught error ends the execution"


def _throws_again(state: Json) -> bool:
    """Whether a state is a Fail that has no error of its own, but the name of one that was caught."""
    return state.get("Type") == "Fail" and str(state.get("Error", "")).startswith("{%")


def _errors(where: str, state: Json) -> Iterator[str]:
    for rule in [*state.get("Retry", []), *state.get("Catch", [])]:
        for error in rule["ErrorEquals"]:
            if error not in OWN_ERRORS and not SERVICE_ERROR.fullmatch(error):
                yield f"{where} names {error}, which nothing raises"


def _expressions(name: str, node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from _expressions(name, item)
    if isinstance(node, str) and node.startswith("{%"):
        source = node.removeprefix("{%").removesuffix("%}")
        for absent in ABSENT:
            if re.search(absent, source):
                yield f"{name}: {source.strip()} uses what Step Functions does not have"
        try:
            jsonata.Jsonata(source)
        except jsonata.jexception.JException as error:
            yield f"{name}: {source.strip()} does not compile: {error}"


def lint_inline() -> str:
    """cfn-lint's word on every definition, put into a template of its own; nothing where all is well."""
    resources = {
        re.sub(r"[\W_]", "", name): {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {"RoleArn": "arn:aws:iam::123456789012:role/r", "Definition": _filled(machine)},
        }
        for name, machine, _ in machines()
    }
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}, file)
        file.flush()
        command = [str(Path(sys.executable).with_name("cfn-lint")), "--regions", "us-east-1", "--", file.name]
        ended = subprocess.run(command, capture_output=True, text=True)
    return ended.stdout + ended.stderr if ended.returncode else ""


def _filled(machine: Json) -> Json:
    # Step Functions takes an expression for a time-out, cfn-lint a number.
    text = re.sub(r'"TimeoutSeconds": "{%[^"]*%}"', '"TimeoutSeconds": 60', json.dumps(machine))
    filled: Json = json.loads(SUBSTITUTION.sub("filled", text))
    return filled


def main() -> None:
    """Print every fault and end with 1, or say nothing."""
    results = [fault for name, machine, resource in machines() for fault in faults(name, machine, resource.properties)]
    results += retries.faults()
    if linted := lint_inline():
        results.append(linted)
    if results:
        sys.exit("\n".join(results))


if __name__ == "__main__":
    main()
