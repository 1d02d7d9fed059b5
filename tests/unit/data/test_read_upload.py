"""Inspection of an upload in S3."""

from noria.data import read_upload
from tests.samples import sample


def test_a_reading_function_reads_the_exact_version(s3):
    event = sample("functions/data/inspect_upload.json")
    first = s3.put_object(Bucket="lake", Key="k", Body=b"")["VersionId"]
    s3.put_object(Bucket="lake", Key="k", Body=b"later")
    assert read_upload.inspect_upload({**event, "bucket": "lake", "key": "k", "version": first})["bytes"] == 0
