"""Nested stacks: a child is created, updated and deleted with its root, as on AWS."""

import re

import pytest

from tests.local.aws.nested import QUEUE, Stacks, get_att, machine, nested

NAME = {"Name": {"Type": "String"}}


@pytest.fixture(scope="module")
def stacks(client):
    return Stacks(client("cloudformation"), client("s3"))


@pytest.fixture
def queues(client):
    """Whether a queue exists."""
    sqs = client("sqs")
    return lambda url: url in sqs.list_queues().get("QueueUrls", [])


def queue(name):
    return {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}}


def test_a_child_takes_parameters_and_hands_outputs_to_its_siblings(stacks, name):
    first = stacks.put({"Queue": QUEUE}, {"Arn": get_att("Queue", "Arn")})
    second = stacks.put(
        {"Echo": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Ref": "Name"}}}}, {"Name": {"Ref": "Name"}}, Parameters=NAME
    )
    root = {"First": nested(first), "Second": nested(second, Name=get_att("First", "Outputs.Arn"))}
    assert stacks.create(name, root, {"Name": get_att("Second", "Outputs.Name")})["StackStatus"] == "CREATE_COMPLETE"
    assert stacks.outputs(name)["Name"].startswith("arn:aws:sqs:")
    assert stacks.outputs(name)["Name"] == stacks.outputs(stacks.resources(name)["First"])["Arn"]


def test_a_child_is_a_stack_that_knows_its_parent_and_its_root(stacks, name):
    leaf = stacks.put({"Queue": QUEUE}, {"Stack": {"Ref": "AWS::StackName"}})
    branch = stacks.put({"Leaf": nested(leaf)})
    root = stacks.create(name, {"Branch": nested(branch)})
    branch = stacks.describe(stacks.resources(name)["Branch"])
    leaf = stacks.describe(stacks.resources(branch["StackId"])["Leaf"])
    assert re.fullmatch(rf"{name}-Branch-[0-9A-Z]{{12}}", branch["StackName"])
    assert stacks.outputs(leaf["StackName"]) == {"Stack": leaf["StackName"]}
    assert (branch["ParentId"], branch["RootId"]) == (root["StackId"], root["StackId"])
    assert (leaf["ParentId"], leaf["RootId"]) == (branch["StackId"], root["StackId"])
    assert "ParentId" not in root
