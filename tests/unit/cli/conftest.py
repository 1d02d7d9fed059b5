"""A stack in memory, items of its ledger, and the command on it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import app
from cli.base.session import Session


@pytest.fixture
def stack(s3, aws, monkeypatch) -> Session:
    """A stack that has its buckets, its ledger and its event log, and nothing that runs."""
    aws.client("dynamodb").create_table(
        TableName="ledger",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    )
    monkeypatch.setattr("cli.base.session.AWS_POLL_SECONDS", 0.01)
    session = Session()
    session.__dict__["_boto"] = aws
    outputs = {"LakeBucket": "lake", "ArtifactBucket": "artifacts", "LedgerTable": "ledger", "EventLogGroup": "/aws/events/noria", "Prefix": "noria"}
    session.__dict__["outputs"] = outputs
    return session


@pytest.fixture
def put(stack) -> Callable[..., None]:
    """Puts an item of the model `m` into the ledger: `put("RUN#r", {"run": "r"}, status="registered", ended="…")`."""

    def put_item(kind: str, document: Any = None, model: str = "m", **facts: str) -> None:
        item = {"pk": {"S": f"MODEL#{model}"}, "sk": {"S": kind}, **{name: {"S": value} for name, value in facts.items()}}
        stack.dynamodb.put_item(TableName="ledger", Item=item if document is None else {**item, "document": {"S": json.dumps(document)}})

    return put_item


@pytest.fixture
def noria(stack) -> Callable[..., Any]:
    """Runs the command on the stack; an error that the user can mend is the result's exception."""
    return lambda *arguments: CliRunner().invoke(app.app, [str(argument) for argument in arguments], obj=stack)
