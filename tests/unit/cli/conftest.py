"""A stack in memory."""

import boto3
import pytest

from cli.base.session import Session


@pytest.fixture
def stack(s3) -> Session:
    """A stack that has its buckets, its ledger and its event log, and nothing that runs."""
    boto3.client("dynamodb").create_table(
        TableName="ledger",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    )
    session = Session()
    session.__dict__["outputs"] = {"LakeBucket": "lake", "ArtifactBucket": "artifacts", "LedgerTable": "ledger", "EventLogGroup": "/aws/events/noria"}
    return session
