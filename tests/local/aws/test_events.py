"""EventBridge: which events a rule takes, and how they reach its targets."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.local.aws.waiting import until

SUCCEED = "StartAt: Say\nStates:\n  Say: {Type: Succeed}\n"
EVENT = {
    "id": "1",
    "source": "noria.tests",
    "detail-type": "DatasetAccepted",
    "account": "000000000000",
    "region": "us-east-1",
    "time": "2026-01-01T00:00:00Z",
    "resources": [],
    "detail": {"key": "incoming/bike/2026-01.csv", "size": 100, "status": "Approved", "object": {"version-id": "v1"}},
}

#: Makes a rule with one target: `rule(pattern, target, bus)`; its ARN.
RuleMaker = Callable[..., str]


@pytest.fixture
def rule(client, name) -> Iterator[RuleMaker]:
    events, buses = client("events"), []

    def make(pattern: dict[str, Any], target: dict[str, Any], bus: str = "default") -> str:
        arn: str = events.put_rule(Name=name, EventPattern=json.dumps(pattern), EventBusName=bus)["RuleArn"]
        put = events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "target", **target}])
        assert put["FailedEntryCount"] == 0
        buses.append(bus)
        return arn

    yield make
    for bus in buses:
        events.remove_targets(Rule=name, EventBusName=bus, Ids=["target"])
        events.delete_rule(Name=name, EventBusName=bus)


@pytest.fixture
def put(client, name) -> Callable[..., str]:
    """Sends an event whose source is this test's own; its id."""
    events = client("events")

    def sent(detail: Any, bus: str = "default", kind: str = "Tested") -> str:
        answer = events.put_events(Entries=[{"Source": name, "DetailType": kind, "Detail": json.dumps(detail), "EventBusName": bus}])
        assert answer["FailedEntryCount"] == 0
        return str(answer["Entries"][0]["EventId"])

    return sent


@pytest.mark.parametrize(
    ("detail", "matches"),
    [
        ({"key": [{"prefix": "incoming/"}]}, True),
        ({"key": [{"prefix": "outgoing/"}]}, False),
        ({"key": [{"suffix": ".csv"}]}, True),
        ({"key": [{"wildcard": "incoming/*/*.csv"}]}, True),
        ({"key": [{"wildcard": "incoming/*.parquet"}]}, False),
        ({"status": [{"exists": True}]}, True),
        ({"status": [{"exists": False}]}, False),
        ({"nothing": [{"exists": False}]}, True),
        ({"status": [{"anything-but": "Approved"}]}, False),
        ({"status": [{"anything-but": ["Rejected", "PendingManualApproval"]}]}, True),
        ({"key": [{"anything-but": {"prefix": "incoming/"}}]}, False),
        ({"size": [{"numeric": [">", 0, "<=", 100]}]}, True),
        ({"size": [{"numeric": ["<", 100]}]}, False),
        ({"size": [100]}, True),
        ({"size": ["100"]}, False),
        ({"object": {"version-id": ["v1", "v2"]}}, True),
        ({"status": ["Approved"], "size": [1]}, False),
        ({"$or": [{"size": [1]}, {"status": ["Approved"]}]}, True),
    ],
)
def test_a_pattern_takes_exactly_the_events_that_it_describes(client, detail, matches):
    answer = client("events").test_event_pattern(EventPattern=json.dumps({"source": ["noria.tests"], "detail": detail}), Event=json.dumps(EVENT))
    assert answer["Result"] is matches


def test_a_pattern_that_is_no_pattern_is_refused(client, name):
    events = client("events")
    with pytest.raises(events.exceptions.InvalidEventPatternException):
        events.put_rule(Name=name, EventPattern=json.dumps({"source": "not a list"}))


def test_an_event_starts_a_state_machine_with_itself_as_the_input(machines, make_role, rule, put, name):
    machine = machines.create(SUCCEED)
    role = make_role({"Effect": "Allow", "Action": "states:StartExecution", "Resource": machine}, trusts=["events.amazonaws.com"])
    rule({"source": [name], "detail": {"go": [True]}}, {"Arn": machine, "RoleArn": role})
    put({"go": False})
    event = put({"go": True, "text": 'it\'s "ü"'})
    started = until(lambda: machines.client.list_executions(stateMachineArn=machine)["executions"])
    ended = machines.end(started[0]["executionArn"])
    assert ended.output["id"] == event
    assert (ended.output["source"], ended.output["detail-type"]) == (name, "Tested")
    assert ended.output["detail"] == {"go": True, "text": 'it\'s "ü"'}
    assert len(machines.client.list_executions(stateMachineArn=machine)["executions"]) == 1


@pytest.mark.parametrize(("lacks", "code"), [("permission", "NO_PERMISSIONS"), ("trust", "FAILED_TO_ASSUME_ROLE")])
def test_an_event_that_a_role_may_not_deliver_goes_to_the_dead_letter_queue(machines, make_role, rule, put, queue, name, lacks, code):
    machine = machines.create(SUCCEED)
    if lacks == "trust":
        role = make_role(trusts=["lambda.amazonaws.com"])
    else:
        role = make_role({"Effect": "Allow", "Action": "states:StartExecution", "Resource": f"{machine}-another"}, trusts=["events.amazonaws.com"])
    arn = rule({"source": [name]}, {"Arn": machine, "RoleArn": role, "DeadLetterConfig": {"Arn": queue.arn}})
    event = put({"run": 7})
    message = queue.next()
    attributes = {key: value["StringValue"] for key, value in message["MessageAttributes"].items()}
    assert json.loads(message["Body"])["id"] == event
    assert json.loads(message["Body"])["detail"] == {"run": 7}
    assert (attributes["RULE_ARN"], attributes["TARGET_ARN"]) == (arn, machine)
    assert (attributes["ERROR_CODE"], attributes["RETRY_ATTEMPTS"]) == (code, "0")
    assert "EXHAUSTED_RETRY_CONDITION" not in attributes
    assert attributes["ERROR_MESSAGE"]
    assert machines.client.list_executions(stateMachineArn=machine)["executions"] == []


def test_a_target_that_is_gone_goes_to_the_dead_letter_queue(machines, role, rule, put, queue, name):
    machine = machines.create(SUCCEED)
    rule({"source": [name]}, {"Arn": machine, "RoleArn": role, "DeadLetterConfig": {"Arn": queue.arn}})
    machines.client.delete_state_machine(stateMachineArn=machine)
    until(lambda: machine not in str(machines.client.list_state_machines()))
    put({})
    assert queue.next()["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_RESOURCE"


def test_an_event_is_written_into_a_log_group(client, rule, put, name):
    logs, group = client("logs"), f"/aws/events/{name}"
    logs.create_log_group(logGroupName=group)
    rule({"source": [name]}, {"Arn": f"arn:aws:logs:us-east-1:000000000000:log-group:{group}"})
    event = put({"a": [1, None]})
    written = until(lambda: logs.filter_log_events(logGroupName=group)["events"])
    assert len(written) == 1
    assert json.loads(written[0]["message"])["id"] == event
    assert json.loads(written[0]["message"])["detail"] == {"a": [1, None]}


def test_an_event_reaches_a_function(client, make_function, role, rule, put, queue, name):
    function = make_function(
        "import boto3, json, os\ndef handler(event, context):\n"
        "    boto3.client('sqs').send_message(QueueUrl=os.environ['QUEUE'], MessageBody=json.dumps(event))\n",
        variables={"QUEUE": queue.url},
    )
    arn = client("lambda").get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    client("lambda").add_permission(FunctionName=function, StatementId="events", Action="lambda:InvokeFunction", Principal="events.amazonaws.com")
    rule({"source": [name]}, {"Arn": arn})
    event = put({"x": 1})
    assert json.loads(queue.next()["Body"])["id"] == event


def test_a_function_is_called_only_for_the_rule_that_its_policy_names(client, make_function, rule, put, queue, name):
    function = make_function("def handler(event, context):\n    return {}\n")
    arn = client("lambda").get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    other = "arn:aws:events:us-east-1:000000000000:rule/another"
    client("lambda").add_permission(
        FunctionName=function, StatementId="events", Action="lambda:InvokeFunction", Principal="events.amazonaws.com", SourceArn=other
    )
    rule({"source": [name]}, {"Arn": arn, "DeadLetterConfig": {"Arn": queue.arn}})
    put({"x": 1})
    letter = queue.next()
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"


def test_a_custom_bus_keeps_its_events_to_itself(client, rule, put, queue, name):
    client("events").create_event_bus(Name=name)
    rule({"source": [name]}, {"Arn": queue.arn}, bus=name)
    put({"on": "default"})
    event = put({"on": "custom"}, bus=name)
    assert json.loads(queue.next()["Body"])["id"] == event
    assert queue.is_empty()


def test_an_input_transformer_shapes_what_a_target_gets(rule, put, queue, name):
    transformer = {"InputPathsMap": {"run": "$.detail.run", "kind": "$.detail-type"}, "InputTemplate": '{"text": "<kind> of <run>"}'}
    rule({"source": [name]}, {"Arn": queue.arn, "InputTransformer": transformer})
    put({"run": "r1"}, kind="RunEnded")
    assert json.loads(queue.next()["Body"]) == {"text": "RunEnded of r1"}


def test_a_source_of_aws_is_refused_from_users(client):
    answer = client("events").put_events(Entries=[{"Source": "aws.s3", "DetailType": "Object Created", "Detail": "{}"}])
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"


@pytest.mark.parametrize("versioned", [True, False])
def test_an_upload_tells_key_size_and_version(client, rule, queue, name, versioned):
    s3, key = client("s3"), "incoming/a model/it's ü+1.csv"
    s3.create_bucket(Bucket=name)
    if versioned:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}})
    rule({"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"bucket": {"name": [name]}}}, {"Arn": queue.arn})
    put = s3.put_object(Bucket=name, Key=key, Body=b"rows")
    detail = json.loads(queue.next()["Body"])["detail"]
    assert (detail["bucket"]["name"], detail["object"]["key"], detail["object"]["size"]) == (name, key, 4)
    assert detail["reason"] == "PutObject"
    assert detail["object"].get("version-id") == put.get("VersionId")
    assert bool(put.get("VersionId")) is versioned


def test_a_version_written_by_multipart_upload_is_detail_too(client, rule, queue, name):
    s3 = client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}})
    rule({"source": ["aws.s3"], "detail": {"bucket": {"name": [name]}}}, {"Arn": queue.arn})
    upload = s3.create_multipart_upload(Bucket=name, Key="big")["UploadId"]
    part = s3.upload_part(Bucket=name, Key="big", UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
    done = s3.complete_multipart_upload(Bucket=name, Key="big", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part}]})
    detail = json.loads(queue.next()["Body"])["detail"]
    assert detail["reason"] == "CompleteMultipartUpload"
    assert detail["object"]["version-id"] == done["VersionId"]
