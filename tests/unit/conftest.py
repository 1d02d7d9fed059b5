"""A contract, as the policies get it, and the buckets that reading functions read."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from noria.adapters import objects
from noria.data.contract import DataContract
from noria.spec.data import DataSpec


@pytest.fixture
def contract() -> DataContract:
    return DataContract.of(
        DataSpec.model_validate(
            {
                "time": "at",
                "key": ["id"],
                "columns": {
                    "size": {"type": "number", "between": [0, 10]},
                    "kind": {"type": "string", "values": ["a", "b"], "nullable": True},
                    "count": {"type": "integer"},
                },
                "min_rows": 3,
                "bad_rows": {"at_most": 0.25},
            }
        ).model_dump()
    )


@pytest.fixture(scope="session")
def aws() -> boto3.session.Session:
    """Makes clients of an AWS in memory; shared, since it reads each service's model once."""
    return boto3.session.Session("testing", "testing", region_name="us-east-1")


@pytest.fixture
def s3(monkeypatch, aws) -> Iterator[Any]:
    """A client of an S3 in memory that has the buckets `lake` and `artifacts`, with versions."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        objects._client.cache_clear()
        client = aws.client("s3")
        for bucket in ("lake", "artifacts"):
            client.create_bucket(Bucket=bucket)
            client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        yield client
    objects._client.cache_clear()
