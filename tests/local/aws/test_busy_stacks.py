"""A stack that is changing: what would change it a second time is refused, as CloudFormation words it."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.conftest import fresh
from tests.local.aws.nested import CAPABILITIES, QUEUE, Stacks, machine

BODY = json.dumps({"Resources": {"Queue": QUEUE}})
#: Answers CloudFormation as soon as its object is there.
SLOW = """
import json, time, urllib.request
import boto3

def handler(event, context):
    properties = event["ResourceProperties"]
    while event["RequestType"] == "Update" and not boto3.client("s3").list_objects_v2(Bucket=properties["Bucket"], Prefix=properties["Key"])["KeyCount"]:
        time.sleep(0.1)
    answer = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")} | {"Status": "SUCCESS", "PhysicalResourceId": "slow"}
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], data=json.dumps(answer).encode(), method="PUT"))
"""


@pytest.fixture(scope="module")
def stacks(client):
    return Stacks(client)


@pytest.fixture(scope="module")
def slow(client, make_function) -> str:
    return client("lambda").get_function_configuration(FunctionName=make_function(SLOW, seconds=60))["FunctionArn"]


class Changing:
    """A stack whose update goes on until it is let go."""

    def __init__(self, stacks: Stacks, slow: str, name: str) -> None:
        self.stacks, self.slow, self.name = stacks, slow, name
        stacks.create(name, self.resources("first"))
        self.obsolete = stacks.change(name, self.resources("another"))
        self.executed = stacks.change(name, self.resources("second"))
        stacks.client.execute_change_set(ChangeSetName=self.executed["ChangeSetId"])
        self.id = stacks.describe(name)["StackId"]

    def resources(self, key: str) -> dict:
        properties = {"ServiceToken": self.slow, "Bucket": self.stacks.bucket, "Key": f"{self.name}-{key}"}
        return {"Slow": {"Type": "Custom::Slow", "Properties": properties}}

    def let_go(self) -> str:
        self.stacks.s3.put_object(Bucket=self.stacks.bucket, Key=f"{self.name}-second")
        return self.stacks.settle(self.name)["StackStatus"]


@pytest.fixture
def changing(stacks, slow, name):
    """A stack under an update, which ends after the test."""
    result = Changing(stacks, slow, name)
    yield result
    result.let_go()


def refusal(call, **request) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(**request)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def test_no_second_update_begins_while_one_is_in_progress(stacks, changing):
    busy = ("ValidationError", f"Stack:{changing.id} is in UPDATE_IN_PROGRESS state and can not be updated.")
    request = {"StackName": changing.name, "TemplateBody": BODY, "Capabilities": CAPABILITIES}
    assert refusal(stacks.client.create_change_set, ChangeSetName=fresh(), **request) == busy
    assert refusal(stacks.client.create_change_set, ChangeSetName=fresh(), **{**request, "StackName": changing.id}) == busy
    assert refusal(stacks.client.update_stack, **request) == busy
    assert changing.let_go() == "UPDATE_COMPLETE"
    assert stacks.resources(changing.name).keys() == {"Slow"}


def test_a_change_set_of_before_is_there_and_obsolete(stacks, changing):
    """GIVEN two change sets of one stack WHEN one is executed THEN the other is still described, and can never be executed."""
    identifier = changing.obsolete["ChangeSetId"]
    assert stacks.client.describe_change_set(ChangeSetName=identifier)["ExecutionStatus"] == "OBSOLETE"
    obsolete = ("InvalidChangeSetStatus", f"ChangeSet [{identifier}] cannot be executed in its current execution status of [OBSOLETE]")
    assert refusal(stacks.client.execute_change_set, ChangeSetName=identifier, StackName=changing.name) == obsolete
    assert changing.let_go() == "UPDATE_COMPLETE"
    assert refusal(stacks.client.execute_change_set, ChangeSetName=identifier) == obsolete


def test_a_change_set_is_executed_once(stacks, changing):
    identifier = changing.executed["ChangeSetId"]
    code, message = refusal(stacks.client.execute_change_set, ChangeSetName=identifier)
    assert (code, message.rsplit(" ", 1)[1]) == ("InvalidChangeSetStatus", "[EXECUTE_IN_PROGRESS]")


def test_a_stack_under_an_update_is_not_deleted(stacks, changing):
    code, message = refusal(stacks.client.delete_stack, StackName=changing.name)
    assert (code, message) == ("ValidationError", f"Stack [{changing.id}] cannot be deleted while in status UPDATE_IN_PROGRESS")
    assert changing.let_go() == "UPDATE_COMPLETE"


def test_two_change_sets_that_would_create_a_stack_are_of_one_stack(stacks, name):
    """GIVEN two first deployments at once THEN one creates the stack, the other is refused, and a third is told that it exists."""
    request = {"StackName": name, "ChangeSetType": "CREATE", "TemplateBody": BODY}
    first, second = (stacks.client.create_change_set(ChangeSetName=fresh(), **request) for _ in range(2))
    assert first["StackId"] == second["StackId"] == stacks.describe(name)["StackId"]
    stacks.client.execute_change_set(ChangeSetName=first["Id"])
    code, message = refusal(stacks.client.execute_change_set, ChangeSetName=second["Id"])
    assert (code, message.rsplit(" ", 1)[1]) == ("InvalidChangeSetStatus", "[OBSOLETE]")
    exists = ("ValidationError", f"Stack [{name}] already exists and cannot be created again with the changeSet [third].")
    assert refusal(stacks.client.create_change_set, ChangeSetName="third", **request) == exists
    assert stacks.settle(name)["StackStatus"] == "CREATE_COMPLETE"


def test_a_refused_second_change_set_leaves_the_first_ones_stack(stacks, name):
    request = {"StackName": name, "ChangeSetType": "CREATE"}
    first = stacks.client.create_change_set(ChangeSetName=fresh(), TemplateBody=BODY, **request)
    assert refusal(stacks.client.create_change_set, ChangeSetName=fresh(), TemplateBody=BODY.replace("SQS", "Nothing"), **request)
    stacks.client.execute_change_set(ChangeSetName=first["Id"])
    assert stacks.settle(name)["StackStatus"] == "CREATE_COMPLETE"


def test_a_stack_that_could_not_be_created_is_not_updated(stacks, role, name):
    stack = stacks.create(name, {"Queue": QUEUE, "Broken": machine(role, "{% ( %}")})
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    stuck = ("ValidationError", f"Stack:{stack['StackId']} is in ROLLBACK_COMPLETE state and can not be updated.")
    assert refusal(stacks.client.create_change_set, StackName=name, ChangeSetName=fresh(), TemplateBody=BODY) == stuck
    assert refusal(stacks.client.update_stack, StackName=name, TemplateBody=BODY) == stuck
