"""An upload: content that is known is not sent again, and what cannot be an upload is refused."""

import json

import pytest

from cli.base.errors import CliError
from cli.data.progress import follow
from cli.data.upload import upload
from cli.project.publish import publish
from noria.data import policy
from tests.samples import ROOT, sample


def test_content_that_is_known_for_the_spec_is_not_sent_again(stack, tmp_path):
    published = publish(stack, ROOT / "models" / "bikeshare")
    file = tmp_path / "d.csv"
    file.write_text("a\n")
    result = upload(stack, "bikeshare", file)
    assert result.sent
    document = {**sample("data/DatasetAccepted.v1.json")["detail"]["data"], "digest": result.digest, "spec": published.spec}
    item = {
        "pk": {"S": "MODEL#bikeshare"},
        "sk": {"S": "DATASET#x"},
        "status": {"S": "accepted"},
        "time": {"S": "2026-01-01T00:00:00+00:00"},
        "claims": {"SS": ["event"]},
        "document": {"S": json.dumps(document)},
    }
    stack.dynamodb.put_item(TableName="ledger", Item=item)
    assert upload(stack, "bikeshare", file).sent is False
    assert upload(stack, "bikeshare", file, force=True).sent is True
    # What labelled traffic was put together for a healing came of no upload.
    healed = {**document, "digest": "another", "source": {"healing": "h"}}
    stack.dynamodb.put_item(
        TableName="ledger", Item={**item, "sk": {"S": "DATASET#y"}, "time": {"S": "2026-02-01T00:00:00+00:00"}, "document": {"S": json.dumps(healed)}}
    )
    assert next(follow(stack, upload(stack, "bikeshare", file), 1)).ids["dataset"] == document["dataset"]


def test_an_upload_is_refused_before_anything_is_sent(stack, tmp_path):
    file = tmp_path / "d.csv"
    for model, message in (("Not A Name", "expected the name of a model"), ("m", "there is no file")):
        with pytest.raises(CliError, match=message):
            upload(stack, model, file)
    file.write_text("a\n")
    with pytest.raises(CliError, match="is published here"):
        upload(stack, "m", file)
    assert "Contents" not in stack.s3.list_objects_v2(Bucket="lake")


def test_the_command_says_where_the_content_is_or_that_it_was_known(stack, put, noria, tmp_path):
    put("SPEC", {"id": "s"}, time="t")
    file = tmp_path / "d.csv"
    file.write_text("a\n")
    assert noria("upload", "m", file).stdout == "uploaded s3://lake/incoming/m/d.csv\n"
    answer = json.loads(noria("upload", "m", file, "--json").stdout)
    assert (answer["sent"], answer["key"], answer["stages"]) == (True, "incoming/m/d.csv", [])
    dataset = {"dataset": "d", "digest": answer["digest"], "spec": "s", "train": True}
    put("DATASET#d", dataset, status="accepted", time="2026-01-01T00:00:00+00:00")
    assert noria("upload", "m", file).stdout == "uploaded s3://lake/incoming/m/d.csv\n", "no run has taken it: its announcement may be lost"
    put("DATASET#d", dataset, status="accepted", time="2026-01-01T00:00:00+00:00")
    claim = {"UpdateExpression": "ADD claims :events", "ExpressionAttributeValues": {":events": {"SS": ["event"]}}}
    stack.dynamodb.update_item(TableName="ledger", Key={"pk": {"S": "MODEL#m"}, "sk": {"S": "DATASET#d"}}, **claim)
    known = "this content is known for the published spec since 2026-01-01T00:00:00"
    assert noria("upload", "m", file).stdout.startswith(f"{known} and is not sent again; train on it again: noria retrain m\nwhat came of it: noria status m")
    assert f"{known} and is no new dataset" in noria("upload", "m", file, "--force").stdout


def test_a_file_that_ingestion_would_not_read_is_not_sent(stack, put, tmp_path):
    put("SPEC", {"id": "s"}, time="t")
    with (tmp_path / "large.csv").open("wb") as large:
        large.truncate(policy.MOST_BYTES + 1)
    with pytest.raises(CliError, match=r"was not sent: the file has 5.0 GiB, more than 5; a model is trained on one file, so parts of it would not do"):
        upload(stack, "m", tmp_path / "large.csv")
    assert "Contents" not in stack.s3.list_objects_v2(Bucket="lake")
