"""A large file on the deployed stack: it goes in parts, goes on after a break, and is ingested as one object version."""

from hashlib import sha256

import pytest
from botocore.exceptions import ClientError

from cli.base import ledger
from cli.data.parts import Sending
from cli.data.upload import upload
from cli.project.publish import publish
from tests.local.aws.waiting import until
from tests.local.small_model import project

MIB = 1024**2


def test_a_large_file_that_broke_off_after_two_parts_goes_on_and_is_ingested_whole(stack, name, tmp_path):
    publish(stack, project(tmp_path / "p", name))
    body = b"\x89PNG" + b"".join(bytes([number]) * MIB for number in range(70))
    file = tmp_path / "large.csv"
    file.write_bytes(body)

    def interrupt(step: Sending) -> None:
        if step.parts == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upload(stack, name, file, watch=interrupt)
    steps: list[Sending] = []
    result = upload(stack, name, file, watch=steps.append)
    assert steps[0].before >= 2
    assert (steps[0].of, steps[-1].parts, steps[-1].sent) == (5, 5, len(body))
    assert len(steps) == 1 + 5 - steps[0].before, "the parts that were there are not sent again"
    stored = stack.s3.get_object(Bucket=result.bucket, Key=result.key, VersionId=result.version)["Body"].read()
    assert sha256(stored).hexdigest() == result.digest == sha256(body).hexdigest()
    (dataset,) = until(lambda: ledger.read(stack, name).datasets, 120)
    assert (dataset["source"]["version"], dataset["digest"], dataset["status"]) == (result.version, result.digest, "quarantined")
    assert upload(stack, name, file).sent is False


def test_s3_refuses_a_damaged_part_and_lists_the_digests_of_the_others(stack, name):
    place = {"Bucket": stack.outputs["LakeBucket"], "Key": f"incoming/{name}/parts.csv"}
    place["UploadId"] = stack.s3.create_multipart_upload(**place, ChecksumAlgorithm="SHA256")["UploadId"]
    checksum = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
    stack.s3.upload_part(**place, PartNumber=1, Body=b"abc", ChecksumSHA256=checksum)
    with pytest.raises(ClientError, match=r"BadDigest|did not match|checksum"):
        stack.s3.upload_part(**place, PartNumber=2, Body=b"abd", ChecksumSHA256=checksum)
    (part,) = stack.s3.list_parts(**place)["Parts"]
    assert (part["ETag"], part["Size"], part["ChecksumSHA256"]) == ('"900150983cd24fb0d6963f7d28e17f72"', 3, checksum)
    stack.s3.abort_multipart_upload(**place)


def test_an_upload_that_nobody_goes_on_with_ends_after_a_week(stack):
    rules = stack.s3.get_bucket_lifecycle_configuration(Bucket=stack.outputs["LakeBucket"])["Rules"]
    ends = {
        rule["Filter"]["Prefix"] if "Filter" in rule else rule["Prefix"]: rule["AbortIncompleteMultipartUpload"]
        for rule in rules
        if "AbortIncompleteMultipartUpload" in rule
    }
    assert ends["incoming/"] == {"DaysAfterInitiation": 7}
