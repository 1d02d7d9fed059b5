"""Change sets: what they list is what their execution does."""

import pytest

from tests.local.aws.nested import QUEUE, Stacks, nested, ref


@pytest.fixture(scope="module")
def stacks(client):
    return Stacks(client)


@pytest.fixture
def template(stacks):
    """A root with a child behind a condition, off at first."""
    return {
        "resources": {"Queue": QUEUE, "Optional": nested(stacks.put({"Queue": QUEUE})) | {"Condition": "Chosen"}},
        "Parameters": {"Optional": {"Type": "String", "Default": "false", "AllowedValues": ["true", "false"]}},
        "Conditions": {"Chosen": {"Fn::Equals": [ref("Optional"), "true"]}},
    }


def actions(change_set):
    return {(change["ResourceChange"]["Action"], change["ResourceChange"]["LogicalResourceId"]) for change in change_set["Changes"]}


def test_a_parameter_that_turns_a_child_on_adds_it_and_off_removes_it(stacks, template, name):
    stacks.create(name, **template)
    on = stacks.change(name, **template, parameters={"Optional": "true"})
    assert actions(on) == {("Add", "Optional")}
    assert stacks.execute(name, on)["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks.resources(name).keys() == {"Queue", "Optional"}
    off = stacks.change(name, **template, parameters={"Optional": "false"})
    assert actions(off) == {("Remove", "Optional")}


def test_outputs_alone_are_an_update(stacks, name):
    stacks.create(name, {"Queue": QUEUE})
    change_set = stacks.change(name, {"Queue": QUEUE}, {"Queue": ref("Queue")})
    assert (change_set["Status"], change_set["ExecutionStatus"], change_set["Changes"]) == ("CREATE_COMPLETE", "AVAILABLE", [])
    assert stacks.execute(name, change_set)["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks.outputs(name).keys() == {"Queue"}


def test_an_export_of_a_root_goes_with_its_output(stacks, name):
    stacks.create(name, {"Queue": QUEUE}, {"Queue": {"Value": ref("Queue"), "Export": {"Name": name}}})
    assert name in stacks.exports()
    stacks.execute(name, stacks.change(name, {"Queue": QUEUE}))
    assert name not in stacks.exports()


def test_a_template_that_changes_nothing_makes_no_change_set(stacks, template, name):
    stacks.create(name, **template)
    change_set = stacks.change(name, **template)
    assert (change_set["Status"], change_set["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert "didn't contain changes" in change_set["StatusReason"]
