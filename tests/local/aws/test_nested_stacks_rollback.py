"""Nested stacks that fail: everything is as it was before, and the message names the child and what failed in it."""

import pytest

from tests.local.aws.nested import QUEUE, Stacks, get_att, machine, nested, parameter

#: A custom resource that does not go back to 1 as long as it is stubborn.
STUBBORN = """
import json, os, urllib.request

def handler(event, context):
    refuses = os.environ["STUBBORN"] == "yes" and event["RequestType"] == "Update" and event["ResourceProperties"]["Value"] == "1"
    answer = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    answer |= {"Status": "FAILED" if refuses else "SUCCESS", "Reason": "stubborn", "PhysicalResourceId": "stubborn"}
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], json.dumps(answer).encode(), method="PUT"))
"""
#: An expression that Step Functions refuses.
WRONG = "{% $merge([ %}"


@pytest.fixture(scope="module")
def stacks(client):
    return Stacks(client)


def after(resource, *names):
    """A resource that is made after others."""
    return resource | {"DependsOn": list(names)}


def test_a_child_that_fails_to_be_created_is_deleted_with_all_that_came_before(client, stacks, role, name):
    first = stacks.put({"Queue": {**QUEUE, "Properties": {"QueueName": f"{name}-first"}}})
    second = stacks.put({"Queue": {**QUEUE, "Properties": {"QueueName": f"{name}-second"}}, "Machine": after(machine(role, WRONG), "Queue")})
    root = stacks.create(name, {"First": nested(first), "Second": after(nested(second), "First")})
    assert root["StackStatus"] == "ROLLBACK_COMPLETE"
    assert not client("sqs").list_queues(QueueNamePrefix=name).get("QueueUrls")
    assert stacks.resources(name) == {}
    assert {stacks.describe(stack)["StackStatus"] for stack in stacks.ids(f"{name}-")} == {"DELETE_COMPLETE"}


def test_the_message_names_the_child_and_the_resource_and_the_child_says_why(stacks, role, name):
    stacks.create(name, {"Child": nested(stacks.put({"Machine": machine(role, WRONG)}))})
    (child,) = stacks.ids(f"{name}-Child-")
    assert f"Embedded stack {child} was not successfully created: The following resource(s) failed to create: [Machine]. " in stacks.reasons(name)
    assert "INVALID_JSONATA_EXPRESSION" in stacks.reasons(child)


def test_a_child_that_fails_to_be_updated_is_as_it_was(stacks, role, name):
    before = {"Queue": QUEUE, "Value": parameter("1"), "Other": QUEUE, "Machine": after(machine(role), "Value")}
    outputs = {"Value": get_att("Value", "Value"), "Machine": get_att("Machine", "Arn")}
    stacks.create(name, {"Child": nested(stacks.put(before, outputs))}, {"Value": get_att("Child", "Outputs.Value")})
    child = stacks.resources(name)["Child"]
    resources, shown = stacks.resources(child), stacks.outputs(child)
    changed = {"Queue": QUEUE, "Value": parameter("2"), "New": QUEUE, "Machine": after(machine(role, WRONG), "Value", "New")}
    root = stacks.update(name, {"Child": nested(stacks.put(changed, outputs))}, {"Value": get_att("Child", "Outputs.Value")})
    assert root["StackStatus"] == stacks.describe(child)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    reason = f"Embedded stack {child} was not successfully updated. Currently in UPDATE_ROLLBACK_IN_PROGRESS with reason: "
    assert f"{reason}The following resource(s) failed to update: [Machine]. " in stacks.reasons(name)
    assert stacks.resources(child) == resources
    assert stacks.outputs(child) == shown
    assert stacks.value(resources["Value"]) == "1"
    assert stacks.exists(resources["Other"])
    assert stacks.outputs(name) == {"Value": "1"}


def test_a_child_that_was_updated_goes_back_when_its_sibling_fails(client, stacks, role, name):
    def queue(suffix):
        return {**QUEUE, "Properties": {"QueueName": f"{name}-{suffix}"}}

    good = nested(stacks.put({"Value": parameter("1"), "Removed": QUEUE, "Replaced": queue("a")}, {"Value": get_att("Value", "Value")}))
    stacks.create(name, {"Good": good, "Bad": after(nested(stacks.put({"Machine": machine(role)})), "Good")})
    child = stacks.resources(name)["Good"]
    resources = stacks.resources(child)
    changed = nested(stacks.put({"Value": parameter("2"), "New": queue("new"), "Replaced": queue("b")}, {"Value": get_att("Value", "Value")}))
    stacks.update(name, {"Good": changed, "Bad": after(nested(stacks.put({"Machine": machine(role, WRONG)})), "Good")})
    assert stacks.describe(name)["StackStatus"] == stacks.describe(child)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.resources(child) == resources
    assert stacks.outputs(child) == {"Value": "1"}
    assert stacks.value(resources["Value"]) == "1"
    assert stacks.exists(resources["Removed"])
    assert [url.rpartition("/")[2] for url in client("sqs").list_queues(QueueNamePrefix=f"{name}-").get("QueueUrls", []) if "-Good-" not in url] == [
        f"{name}-a"
    ]


def test_the_way_back_needs_no_template_that_is_gone(stacks, role, name):
    first, second = stacks.put({"Value": parameter("1")}), stacks.put({"Queue": QUEUE}, Parameters={"Name": {"Type": "String", "Default": "a"}})
    stacks.create(name, {"First": nested(first), "Second": after(nested(second), "First")})
    child = stacks.resources(name)["First"]
    for url in (first, second):
        stacks.s3.delete_object(Bucket=stacks.bucket, Key=url.rpartition("/")[2])
    refused = nested(stacks.put({"Queue": QUEUE}), Name="b")
    stacks.update(name, {"First": nested(stacks.put({"Value": parameter("2")})), "Second": after(refused, "First")})
    assert stacks.describe(name)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.value(stacks.resources(child)["Value"]) == "1"


def test_exports_are_what_they_were(stacks, role, name):
    def child(value):
        return nested(stacks.put({"Queue": QUEUE}, {"Value": {"Value": value, "Export": {"Name": f"{name}-{value}"}}}))

    def machine_child(expression):
        return after(nested(stacks.put({"Machine": machine(role, expression)})), "Child")

    stacks.create(name, {"Child": child("a"), "Other": machine_child("1")})
    stacks.update(name, {"Child": child("b"), "Other": machine_child(WRONG)})
    assert {export: value for export, value in stacks.exports().items() if export.startswith(name)} == {f"{name}-a": "a"}


def test_what_was_rolled_back_can_be_updated_and_deleted(stacks, role, name):
    def child(value, expression):
        return nested(
            stacks.put({"Value": parameter(value), "Queue": QUEUE, "Machine": after(machine(role, expression), "Value")}, {"Value": get_att("Value", "Value")})
        )

    stacks.create(name, {"Child": child("1", "1")})
    stacks.update(name, {"Child": child("2", WRONG)})
    assert stacks.update(name, {"Child": child("3", "3")})["StackStatus"] == "UPDATE_COMPLETE"
    stack = stacks.resources(name)["Child"]
    queue = stacks.resources(stack)["Queue"]
    assert stacks.outputs(stack) == {"Value": "3"}
    assert stacks.delete(name)["StackStatus"] == "DELETE_COMPLETE"
    assert not stacks.exists(queue)


def test_a_new_child_that_fails_leaves_the_root_as_it_was(stacks, role, name):
    first = nested(stacks.put({"Queue": QUEUE}))
    stacks.create(name, {"First": first})
    resources = stacks.resources(name)
    root = stacks.update(name, {"First": first, "Second": nested(stacks.put({"Queue": QUEUE, "Machine": after(machine(role, WRONG), "Queue")}))})
    assert root["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.resources(name) == resources
    assert [stacks.describe(stack)["StackStatus"] for stack in stacks.ids(f"{name}-Second-")] == ["DELETE_COMPLETE"]


def test_a_child_of_a_child_that_fails_takes_everything_back(stacks, role, name):
    def branch(value, expression):
        return nested(
            stacks.put(
                {
                    "Value": parameter(value),
                    "Leaf": after(nested(stacks.put({"Value": parameter(value), "Machine": after(machine(role, expression), "Value")})), "Value"),
                }
            )
        )

    stacks.create(name, {"Branch": branch("1", "1"), "Queue": QUEUE})
    stack = stacks.resources(name)["Branch"]
    leaf = stacks.resources(stack)["Leaf"]
    stacks.update(name, {"Branch": branch("2", WRONG), "Queue": QUEUE})
    assert {stacks.describe(each)["StackStatus"] for each in (name, stack, leaf)} == {"UPDATE_ROLLBACK_COMPLETE"}
    assert stacks.value(stacks.resources(stack)["Value"]) == stacks.value(stacks.resources(leaf)["Value"]) == "1"
    stacks.update(name, {"Branch": branch("3", "3"), "Queue": QUEUE})
    assert stacks.value(stacks.resources(leaf)["Value"]) == "3"


def test_a_root_that_fails_after_its_children_takes_their_updates_back(stacks, name):
    def child(value):
        return nested(stacks.put({"Value": parameter(value), "Queue": QUEUE} if value == "1" else {"Value": parameter(value)}))

    stacks.create(name, {"Child": child("1")})
    stack = stacks.resources(name)["Child"]
    resources = stacks.resources(stack)
    root = stacks.update(name, {"Child": child("2")}, {"None": get_att("Child", "Outputs.None")})
    assert root["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.resources(stack) == resources
    assert stacks.value(resources["Value"]) == "1"


def test_without_rollback_a_failed_child_stays_until_its_root_is_deleted(stacks, role, name):
    child = stacks.put({"Queue": QUEUE, "Machine": after(machine(role, WRONG), "Queue")})
    root = stacks.create(name, {"Child": nested(child)}, DisableRollback=True)
    assert root["StackStatus"] == "CREATE_FAILED"
    stack = stacks.resources(name)["Child"]
    queue = stacks.resources(stack)["Queue"]
    assert stacks.describe(stack)["StackStatus"] == "CREATE_FAILED"
    assert stacks.exists(queue)
    assert stacks.delete(name)["StackStatus"] == "DELETE_COMPLETE"
    assert not stacks.exists(queue)


def test_without_rollback_a_failed_update_goes_back_when_it_is_asked_to(stacks, role, name):
    def child(value, expression):
        return nested(stacks.put({"Value": parameter(value), "Machine": after(machine(role, expression), "Value")}))

    stacks.create(name, {"First": child("1", "1"), "Second": after(child("1", "1"), "First")})
    before = {logical_id: stacks.resources(stack) for logical_id, stack in stacks.resources(name).items()}
    root = stacks.update(name, {"First": child("2", "2"), "Second": after(child("2", WRONG), "First")}, DisableRollback=True)
    assert root["StackStatus"] == "UPDATE_FAILED"
    assert {stacks.value(resources["Value"]) for resources in before.values()} == {"2"}
    stacks.client.rollback_stack(StackName=name)
    assert stacks.settle(name)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert {logical_id: stacks.resources(stack) for logical_id, stack in stacks.resources(name).items()} == before
    assert {stacks.value(resources["Value"]) for resources in before.values()} == {"1"}


def test_a_child_that_cannot_go_back_does_so_when_it_can(client, stacks, make_function, role, name):
    function = make_function(STUBBORN, variables={"STUBBORN": "yes"})
    arn = client("lambda").get_function(FunctionName=function)["Configuration"]["FunctionArn"]

    def stubborn(value):
        return {"Type": "Custom::Stubborn", "Properties": {"ServiceToken": arn, "Value": value}}

    def child(value, expression):
        return nested(stacks.put({"Stubborn": stubborn(value), "Machine": after(machine(role, expression), "Stubborn")}))

    stacks.create(name, {"Child": child("1", "1")})
    stack = stacks.resources(name)["Child"]
    assert stacks.update(name, {"Child": child("2", WRONG)})["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    assert stacks.describe(stack)["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    client("lambda").update_function_configuration(FunctionName=function, Environment={"Variables": {"STUBBORN": "no"}})
    stacks.client.continue_update_rollback(StackName=name)
    assert stacks.settle(name)["StackStatus"] == stacks.describe(stack)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.update(name, {"Child": child("3", "3")})["StackStatus"] == "UPDATE_COMPLETE"


def test_a_child_that_cannot_be_deleted_keeps_its_root_until_it_can(client, stacks, name):
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": f"{name}-full"}}
    stacks.create(name, {"Child": nested(stacks.put({"Bucket": bucket})), "Queue": QUEUE})
    client("s3").put_object(Bucket=f"{name}-full", Key="a", Body=b"1")
    child = stacks.resources(name)["Child"]
    root = stacks.delete(name)
    assert root["StackStatus"] == stacks.describe(child)["StackStatus"] == "DELETE_FAILED"
    assert f"Embedded stack {child} was not successfully deleted: The following resource(s) failed to delete: [Bucket]." in stacks.reasons(name)
    client("s3").delete_object(Bucket=f"{name}-full", Key="a")
    assert stacks.delete(name)["StackStatus"] == "DELETE_COMPLETE"
