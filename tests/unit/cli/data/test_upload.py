"""An upload: content that is known is not sent again, and what cannot be an upload is refused."""

import json

import pytest

from cli.base.errors import CliError
from cli.data.progress import follow
from cli.data.upload import upload
from cli.project.publish import publish
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
    put("DATASET#d", {"digest": answer["digest"], "spec": "s"}, status="accepted", time="t")
    assert "is not sent again (--force sends it); what came of it: noria status m" in noria("upload", "m", file).stdout
