"""Objects in S3: which failures are worth another try, and many objects side by side."""

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from noria.adapters import objects
from noria.kernel.errors import TransientError

REGION = "us-east-1"


@pytest.mark.parametrize(
    ("code", "status", "raised"), [("SlowDown", 503, TransientError), ("InternalError", 500, TransientError), ("AccessDenied", 403, ClientError)]
)
def test_only_what_passes_at_s3_is_worth_another_try(monkeypatch, code, status, raised):
    client = boto3.client("s3", region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x", config=Config(retries={"max_attempts": 1}))
    monkeypatch.setattr(objects, "_client", lambda: client)
    with Stubber(client) as stubbed:
        for operation in ("get_object", "put_object"):
            stubbed.add_client_error(operation, code, http_status_code=status)
        with pytest.raises(raised):
            objects.read("bucket", "key")
        with pytest.raises(raised):
            objects.write("bucket", "key", b"", "text/csv")


def test_objects_that_are_fetched_side_by_side_come_in_their_order(s3):
    s3.create_bucket(Bucket="many")
    names = [f"{number}" for number in range(25)]
    for name in names:
        s3.put_object(Bucket="many", Key=name, Body=name.encode())
    assert [body.decode() for body in objects.read_all("many", names)] == names
    assert list(objects.read_all("many", [])) == []
    assert next(objects.read_all("many", names)) == b"0"
    with pytest.raises(ClientError):
        list(objects.read_all("many", [*names, "missing"]))
