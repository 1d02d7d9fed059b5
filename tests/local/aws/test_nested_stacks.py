"""Nested stacks: a child is created, updated and deleted with its root, as on AWS."""

import re

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.nested import QUEUE, Stacks, get_att, nested, parameter, ref

NAME = {"Name": {"Type": "String"}}
SAM = "AWS::Serverless-2016-10-31"
FUNCTION = {
    "Type": "AWS::Serverless::Function",
    "Properties": {"Runtime": "python3.13", "Handler": "index.handler", "InlineCode": "def handler(event, context):\n    return 1\n"},
}


@pytest.fixture(scope="module")
def stacks(client):
    return Stacks(client)


def test_a_child_takes_parameters_and_hands_outputs_to_its_siblings(stacks, name):
    first = stacks.put({"Queue": QUEUE}, {"Arn": get_att("Queue", "Arn")})
    second = stacks.put({"Echo": parameter(ref("Name"))}, {"Name": ref("Name")}, Parameters=NAME)
    root = {"First": nested(first), "Second": nested(second, Name=get_att("First", "Outputs.Arn"))}
    assert stacks.create(name, root, {"Name": get_att("Second", "Outputs.Name")})["StackStatus"] == "CREATE_COMPLETE"
    assert stacks.outputs(name)["Name"].startswith("arn:aws:sqs:")
    assert stacks.outputs(name)["Name"] == stacks.outputs(stacks.resources(name)["First"])["Arn"]


def test_a_child_is_a_stack_that_knows_its_parent_and_its_root(stacks, name):
    leaf = stacks.put({"Queue": QUEUE}, {"Stack": ref("AWS::StackName")})
    branch = stacks.put({"Leaf": nested(leaf)})
    root = stacks.create(name, {"Branch": nested(branch)})
    branch_id = stacks.resources(name)["Branch"]
    branch = stacks.describe(branch_id)
    leaf = stacks.describe(stacks.resources(branch["StackId"])["Leaf"])
    assert branch["StackId"] == branch_id
    assert re.fullmatch(rf"{name}-Branch-[0-9A-Z]{{12}}", branch["StackName"])
    assert stacks.outputs(leaf["StackName"]) == {"Stack": leaf["StackName"]}
    assert (branch["ParentId"], branch["RootId"]) == (root["StackId"], root["StackId"])
    assert (leaf["ParentId"], leaf["RootId"]) == (branch["StackId"], root["StackId"])
    assert "ParentId" not in root


def test_an_update_reaches_the_child_whose_template_changed_and_no_other(stacks, name):
    before, other = stacks.put({"Value": parameter("1"), "Queue": QUEUE}), stacks.put({"Value": parameter("1")})
    stacks.create(name, {"Child": nested(before), "Other": nested(other)})
    child, events = stacks.resources(name)["Child"], len(stacks.events(stacks.resources(name)["Other"]))
    resources = stacks.resources(child)
    after = stacks.put({"Value": parameter("2"), "Queue": QUEUE}, {"Arn": get_att("Queue", "Arn"), "Value": get_att("Value", "Value")})
    updated = stacks.update(name, {"Child": nested(after), "Other": nested(other)}, {"Arn": get_att("Child", "Outputs.Arn")})
    assert updated["StackStatus"] == stacks.describe(child)["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks.resources(name)["Child"] == child
    assert stacks.resources(child) == resources
    assert stacks.outputs(child) == {"Arn": stacks.outputs(name)["Arn"], "Value": "2"}
    assert len(stacks.events(stacks.resources(name)["Other"])) == events
    assert stacks.describe(stacks.resources(name)["Other"])["StackStatus"] == "CREATE_COMPLETE"


def test_an_output_of_one_child_that_changes_updates_the_child_that_takes_it(stacks, name):
    def source(value):
        return stacks.put({"Value": parameter(value)}, {"Value": get_att("Value", "Value")})

    sink = stacks.put({"Echo": parameter(ref("Name"))}, {"Name": get_att("Echo", "Value")}, Parameters=NAME)
    stacks.create(name, {"Source": nested(source("1")), "Sink": nested(sink, Name=get_att("Source", "Outputs.Value"))})
    stacks.update(name, {"Source": nested(source("2")), "Sink": nested(sink, Name=get_att("Source", "Outputs.Value"))})
    assert stacks.outputs(stacks.resources(name)["Sink"]) == {"Name": "2"}


def test_resources_come_to_a_child_and_leave_it(stacks, name):
    stacks.create(name, {"Child": nested(stacks.put({"First": QUEUE, "Second": QUEUE}))})
    child = stacks.resources(name)["Child"]
    before = stacks.resources(child)
    updated = stacks.update(name, {"Child": nested(stacks.put({"First": QUEUE, "Third": QUEUE}))})
    assert updated["StackStatus"] == "UPDATE_COMPLETE"
    after = stacks.resources(child)
    assert after.keys() == {"First", "Third"}
    assert after["First"] == before["First"]
    assert all(map(stacks.exists, after.values()))
    assert not stacks.exists(before["Second"])


def test_a_resource_that_is_replaced_in_a_child_leaves_no_old_one(stacks, name):
    def queue(suffix):
        return {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": f"{name}-{suffix}"}}

    stacks.create(name, {"Child": nested(stacks.put({"Queue": queue("a")}))})
    old = stacks.resources(stacks.resources(name)["Child"])["Queue"]
    stacks.update(name, {"Child": nested(stacks.put({"Queue": queue("b")}))})
    new = stacks.resources(stacks.resources(name)["Child"])["Queue"]
    assert new.endswith("-b")
    assert stacks.exists(new)
    assert not stacks.exists(old)


def test_nothing_is_updated_when_nothing_changed(stacks, name):
    root = {"Child": nested(stacks.put({"Queue": QUEUE}))}
    stacks.create(name, root)
    with pytest.raises(ClientError, match="No updates are to be performed"):
        stacks.update(name, root)


def test_a_child_whose_template_moved_but_not_changed_stays_as_it_is(stacks, name):
    stacks.create(name, {"Child": nested(stacks.put({"Queue": QUEUE}))})
    child = stacks.resources(name)["Child"]
    assert stacks.update(name, {"Child": nested(stacks.put({"Queue": QUEUE}))})["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks.describe(child)["StackStatus"] == "CREATE_COMPLETE"


def test_a_child_that_leaves_its_root_is_deleted(stacks, name):
    url = stacks.put({"Queue": QUEUE})
    stacks.create(name, {"First": nested(url), "Second": nested(url)})
    second = stacks.resources(name)["Second"]
    queue = stacks.resources(second)["Queue"]
    stacks.update(name, {"First": nested(url)})
    assert stacks.describe(second)["StackStatus"] == "DELETE_COMPLETE"
    assert not stacks.exists(queue)
    assert stacks.resources(name).keys() == {"First"}


def test_a_child_of_a_child_comes_and_goes_with_an_update(stacks, name):
    leaf = nested(stacks.put({"Queue": QUEUE}))
    stacks.create(name, {"Branch": nested(stacks.put({"Queue": QUEUE}))})
    branch = stacks.resources(name)["Branch"]
    stacks.update(name, {"Branch": nested(stacks.put({"Queue": QUEUE, "Leaf": leaf}))})
    stack = stacks.resources(branch)["Leaf"]
    queue = stacks.resources(stack)["Queue"]
    assert stacks.exists(queue)
    assert stacks.update(name, {"Branch": nested(stacks.put({"Queue": QUEUE}))})["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks.describe(branch)["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks.describe(stack)["StackStatus"] == "DELETE_COMPLETE"
    assert not stacks.exists(queue)


def test_the_tags_of_a_root_reach_what_its_children_make(client, stacks, name):
    stacks.create(name, {"Child": nested(stacks.put({"Queue": QUEUE}))}, StackTags=[{"Key": "noria:stage", "Value": name}])
    child = stacks.resources(name)["Child"]
    assert {"Key": "noria:stage", "Value": name} in stacks.describe(child)["Tags"]
    tags = client("sqs").list_queue_tags(QueueUrl=stacks.resources(child)["Queue"])["Tags"]
    assert tags["noria:stage"] == name
    assert tags["aws:cloudformation:stack-id"] == child


def test_a_deletion_takes_the_children_with_it_but_for_what_they_retain(stacks, name):
    leaf = stacks.put({"Queue": QUEUE, "Retained": {**QUEUE, "DeletionPolicy": "Retain"}})
    stacks.create(name, {"Branch": nested(stacks.put({"Leaf": nested(leaf)}))})
    branch = stacks.resources(name)["Branch"]
    leaf = stacks.resources(branch)["Leaf"]
    resources = stacks.resources(leaf)
    assert stacks.delete(name)["StackStatus"] == "DELETE_COMPLETE"
    assert stacks.describe(branch)["StackStatus"] == stacks.describe(leaf)["StackStatus"] == "DELETE_COMPLETE"
    assert not stacks.exists(resources["Queue"])
    assert stacks.exists(resources["Retained"])


def test_an_optional_child_comes_and_goes_with_its_condition(stacks, name):
    template = {
        "resources": {"Optional": nested(stacks.put({"Queue": QUEUE})) | {"Condition": "Wanted"}, "Queue": QUEUE},
        "Parameters": {"Optional": {"Type": "String", "Default": False, "AllowedValues": [True, False]}},
        "Conditions": {"Wanted": {"Fn::Equals": [ref("Optional"), "true"]}},
    }
    stacks.create(name, **template)
    assert stacks.resources(name).keys() == {"Queue"}
    assert not stacks.ids(f"{name}-")
    stacks.update(name, **template, parameters={"Optional": "true"})
    queue = stacks.resources(stacks.resources(name)["Optional"])["Queue"]
    assert stacks.exists(queue)
    stacks.update(name, **template, parameters={"Optional": "false"})
    assert stacks.resources(name).keys() == {"Queue"}
    assert not stacks.exists(queue)


def test_a_child_has_the_exports_that_its_outputs_name_and_no_others(stacks, name):
    def child(*names):
        return nested(stacks.put({"Queue": QUEUE}, {each: {"Value": get_att("Queue", "Arn"), "Export": {"Name": f"{name}-{each}"}} for each in names}))

    def exported():
        return {each for each in stacks.exports() if each.startswith(name)}

    stacks.create(name, {"Child": child("First", "Second"), "Queue": QUEUE})
    assert exported() == {f"{name}-First", f"{name}-Second"}
    assert stacks.exports()[f"{name}-First"] == stacks.outputs(stacks.resources(name)["Child"])["First"]
    stacks.update(name, {"Child": child("Second", "Third"), "Queue": QUEUE})
    assert exported() == {f"{name}-Second", f"{name}-Third"}
    stacks.update(name, {"Queue": QUEUE})
    assert exported() == set()


def test_a_child_may_be_a_sam_template(client, stacks, name):
    def put(**properties):
        return stacks.put(
            {"Function": {**FUNCTION, "Properties": FUNCTION["Properties"] | properties}},
            {"Name": ref("Function"), "Role": get_att("FunctionRole", "Arn")},
            Transform=SAM,
        )

    def application(url):
        return {"Type": "AWS::Serverless::Application", "Properties": {"Location": url}}

    stacks.create(name, {"Child": application(put(MemorySize=128))}, Transform=SAM)
    before = stacks.outputs(stacks.resources(name)["Child"])
    stacks.update(name, {"Child": application(put(MemorySize=256))}, Transform=SAM)
    assert stacks.outputs(stacks.resources(name)["Child"]) == before
    assert client("lambda").get_function_configuration(FunctionName=before["Name"])["MemorySize"] == 256
