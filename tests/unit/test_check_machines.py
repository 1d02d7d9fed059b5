"""What the checks of the state machines refuse."""

from typing import Any

import pytest

from scripts.check_machines import faults

RETRY = {"ErrorEquals": ["TransientError"], "MaxAttempts": 6, "MaxDelaySeconds": 30, "JitterStrategy": "FULL"}


def machine(**fields: Any) -> dict[str, Any]:
    """A machine of one Task, which leads to the end or, caught, to `Failed` or `Rejected`."""
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": 60, "Retry": [RETRY], "End": True, **fields}
    again = {"Type": "Fail", "Error": "{% $failure.Error %}", "Cause": "{% $failure.Cause %}"}
    states = {"Call": task, "Failed": again, "Rejected": {"Type": "Fail", "Error": "RejectedError", "Cause": "{% $failure.Cause %}"}}
    used = {"Call", *(rule["Next"] for rule in fields.get("Catch", []))}
    return {"StartAt": "Call", "TimeoutSeconds": 60, "States": {name: state for name, state in states.items() if name in used}}


def catch(target: str) -> list[dict[str, Any]]:
    return [{"ErrorEquals": ["States.ALL"], "Assign": {"failure": "{% $states.errorOutput %}"}, "Next": target}]


def check(definition: dict[str, Any]) -> list[str]:
    return list(faults("one.asl.yaml", definition, {}))


def test_a_task_needs_no_catch():
    assert check(machine()) == []


def test_a_catch_that_only_fails_with_the_same_error_again_is_refused():
    (fault,) = check(machine(Catch=catch("Failed")))
    assert fault.startswith("one.asl.yaml: Call catches an error only to fail with it again in Failed; a Catch routes")


def test_a_catch_that_gives_an_error_a_name_of_its_own_routes():
    assert check(machine(Catch=catch("Rejected"))) == []


def test_a_catch_within_a_map_is_held_to_the_same():
    inner = machine(Catch=catch("Failed"))
    outer = {"StartAt": "Repeat", "TimeoutSeconds": 60, "States": {"Repeat": {"Type": "Map", "ItemProcessor": inner, "End": True}}}
    (fault,) = check(outer)
    assert fault.startswith("one.asl.yaml: Repeat: Call catches an error only to fail with it again")


@pytest.mark.parametrize("field", ["TimeoutSeconds", "Retry"])
def test_a_task_without_its_time_out_or_its_retry_is_refused(field: str):
    definition = machine()
    del definition["States"]["Call"][field]
    assert check(definition) == [f"one.asl.yaml: Call has no {field}"]


@pytest.mark.parametrize("field", ["MaxAttempts", "MaxDelaySeconds", "JitterStrategy"])
def test_a_retry_without_a_bound_or_jitter_is_refused(field: str):
    (fault,) = check(machine(Retry=[{name: value for name, value in RETRY.items() if name != field}]))
    assert fault == "one.asl.yaml: Call retries without jitter, a longest delay or a bound"
