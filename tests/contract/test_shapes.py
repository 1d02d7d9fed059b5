"""Typed seams: what state machines hand to functions and read of their results is what the functions' annotations say."""

import json
import re

import pytest
from pydantic import ValidationError

from scripts import import_graph, shapes
from scripts.templates import machines
from tests.samples import sample

FUNCTIONS = sorted(import_graph.use_cases())
BY_NAME = {"".join(word.title() for word in folder.split("/")[1].split("_")): folder for folder in FUNCTIONS}


def input_shape(folder):
    return shapes.hints(shapes.use_case(folder))["event"]


def result_shape(folder):
    return shapes.hints(shapes.use_case(folder))["return"]


def invocations():
    """Every task that invokes a function: the machine, the state's name, the function's folder, the state, the whole definition."""
    for name, machine, _ in machines():
        for state_name, state in states(machine):
            if state.get("Resource", "").endswith("lambda:invoke"):
                function = re.fullmatch(r"\$\{(\w+)\}", state["Arguments"]["FunctionName"])[1]
                yield name, state_name, BY_NAME[function], state, machine


def states(machine):
    for name, state in machine["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])


INVOCATIONS = list(invocations())
IDS = [f"{machine}: {state}" for machine, state, *_ in INVOCATIONS]


@pytest.mark.parametrize("folder", FUNCTIONS)
def test_a_sample_of_a_function_s_input_has_its_shape(folder):
    shapes.adapter(input_shape(folder)).validate_python(sample(f"functions/{folder}.json"))


@pytest.mark.parametrize("folder", FUNCTIONS)
def test_a_shape_admits_no_key_that_it_does_not_name(folder):
    with pytest.raises(ValidationError, match="unforeseen"):
        shapes.adapter(input_shape(folder)).validate_python({**sample(f"functions/{folder}.json"), "unforeseen": 1})


@pytest.mark.parametrize(("machine", "state_name", "folder", "state", "definition"), INVOCATIONS, ids=IDS)
def test_a_literal_payload_has_the_keys_of_its_function_s_input(machine, state_name, folder, state, definition):
    payload = state["Arguments"]["Payload"]
    required, named = shapes.keys(input_shape(folder))
    if isinstance(payload, dict):
        assert required <= set(payload) <= named
    else:
        literal = set(re.findall(r"'(\w+)'\s*:", payload.rsplit("{'", 1)[-1] and "{'" + payload.rsplit("{'", 1)[-1]))
        assert literal <= named


@pytest.mark.parametrize(("machine", "state_name", "folder", "state", "definition"), INVOCATIONS, ids=IDS)
def test_what_a_machine_reads_of_a_result_is_a_key_of_its_shape(machine, state_name, folder, state, definition):
    _, named = shapes.keys(result_shape(folder))
    text = json.dumps(definition)
    for variable, expression in state.get("Assign", {}).items():
        whole = re.fullmatch(r"\{% \$states\.result\.Payload(?:\.(\w+))? %\}", str(expression))
        if whole and whole[1]:
            assert whole[1] in named
        elif whole:
            assert set(re.findall(rf"\${variable}\.(\w+)", text)) <= named
