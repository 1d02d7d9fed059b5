"""Makers of roles, functions, state machines and queues on the local AWS."""

import io
import json
import textwrap
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
import yaml

from tests.local.aws.waiting import until

EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
SERVICES = ["events.amazonaws.com", "lambda.amazonaws.com", "states.amazonaws.com"]

RoleMaker = Callable[..., str]
FunctionMaker = Callable[..., str]
Json = dict[str, Any]


def fresh() -> str:
    return f"t{uuid.uuid4().hex[:10]}"


@pytest.fixture(scope="session")
def make_role(client) -> RoleMaker:
    """Makes a role: `make_role(statement, …, trusts=[…])`; one that may do everything when no statement is given."""
    return partial(create_role, client("iam"))


def create_role(iam: Any, *statements: Json, trusts: list[str] | None = None) -> str:
    role = fresh()
    trust = {"Effect": "Allow", "Principal": {"Service": trusts or SERVICES}, "Action": "sts:AssumeRole"}
    arn: str = iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))["Role"]["Arn"]
    policy = {"Version": "2012-10-17", "Statement": list(statements) or [EVERYTHING]}
    iam.put_role_policy(RoleName=role, PolicyName="does", PolicyDocument=json.dumps(policy))
    return arn


@pytest.fixture(scope="session")
def role(make_role) -> str:
    """A role that may do everything, for whichever service."""
    return make_role()


@pytest.fixture(scope="session")
def make_function(client, role) -> FunctionMaker:
    """Makes a Lambda function of one Python file, `app.py`; its name."""
    return partial(create_function, client("lambda"), role)


def create_function(functions: Any, role: str, source: str, seconds: int = 10, variables: dict[str, str] | None = None) -> str:
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", textwrap.dedent(source))
    name = fresh()
    functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="app.handler",
        Role=role,
        Timeout=seconds,
        Code={"ZipFile": package.getvalue()},
        Environment={"Variables": variables or {}},
    )
    return name


@pytest.fixture(scope="session")
def tables(client) -> list[str]:
    """Two empty tables whose key is `pk`, a text."""
    dynamodb, names = client("dynamodb"), [fresh(), fresh()]
    for table in names:
        dynamodb.create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        )
    return names


@dataclass(frozen=True)
class Ended:
    """How an execution ended."""

    arn: str
    status: str
    output: Any
    error: str | None
    cause: str | None


class Machines:
    """State machines of a test: written as YAML, in JSONata."""

    def __init__(self, client: Any, role: str) -> None:
        self.client, self.role = client, role

    def create(self, definition: str, role: str | None = None) -> str:
        document = {"QueryLanguage": "JSONata", **yaml.safe_load(textwrap.dedent(definition))}
        response = self.client.create_state_machine(name=fresh(), definition=json.dumps(document), roleArn=role or self.role)
        return str(response["stateMachineArn"])

    def start(self, machine: str, data: Any = None) -> str:
        return str(self.client.start_execution(stateMachineArn=machine, input=json.dumps({} if data is None else data))["executionArn"])

    def end(self, execution: str, seconds: float = 20.0) -> Ended:
        def describe() -> Json | None:
            execution_record: Json = self.client.describe_execution(executionArn=execution)
            return None if execution_record["status"] == "RUNNING" else execution_record

        record = until(describe, seconds)
        output = json.loads(record["output"]) if "output" in record else None
        return Ended(execution, record["status"], output, record.get("error"), record.get("cause"))

    def run(self, definition: str, data: Any = None, role: str | None = None) -> Ended:
        return self.end(self.start(self.create(definition, role), data))

    def history(self, execution: str, kind: str = "") -> list[Json]:
        events: list[Json] = self.client.get_execution_history(executionArn=execution, maxResults=1000)["events"]
        return [event for event in events if event["type"].startswith(kind)]


@pytest.fixture(scope="session")
def machines(client, role) -> Machines:
    return Machines(client("stepfunctions"), role)


@dataclass(frozen=True)
class Queue:
    """An SQS queue and what has come into it."""

    client: Any
    url: str
    arn: str

    def next(self, seconds: int = 10) -> Json:
        """The next message, off the queue."""
        messages = self.client.receive_message(QueueUrl=self.url, WaitTimeSeconds=seconds, MaxNumberOfMessages=1, MessageAttributeNames=["All"]).get(
            "Messages", []
        )
        assert messages, "no message came"
        self.client.delete_message(QueueUrl=self.url, ReceiptHandle=messages[0]["ReceiptHandle"])
        message: Json = messages[0]
        return message

    def is_empty(self) -> bool:
        attributes = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])["Attributes"]
        return int(attributes["ApproximateNumberOfMessages"]) + int(attributes["ApproximateNumberOfMessagesNotVisible"]) == 0


@pytest.fixture
def queue(client, name) -> Queue:
    sqs = client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    return Queue(sqs, url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])
