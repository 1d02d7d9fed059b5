"""Ground truth: a file is read before it is sent, and sent once."""

import json

import pytest

from cli.base.errors import CliError
from cli.monitoring.truth import upload_truth
from cli.project.publish import publish
from noria.kernel.errors import UnreadableDatasetError
from tests.samples import ROOT


def serves(stack, spec):
    """The ledger's word that a version of a spec serves."""
    item = {"pk": {"S": "MODEL#bikeshare"}, "sk": {"S": "CHAMPION"}, "time": {"S": "t"}, "sagemaker_model": {"S": "m"}}
    item["document"] = {"S": json.dumps({"endpoint": "e", "spec": spec})}
    stack.dynamodb.put_item(TableName="ledger", Item=item)


def test_a_file_of_truth_is_looked_at_before_it_is_sent_and_sent_once(stack, tmp_path):
    serves(stack, publish(stack, ROOT / "models" / "bikeshare").spec)
    file = tmp_path / "truth.csv"

    def tell(text):
        file.write_text(text)
        return upload_truth(stack, "bikeshare", file, wait=False)

    with pytest.raises(UnreadableDatasetError, match=r"has the columns prediction_id \(or ts\) and busy; found: id, busy"):
        tell("id,busy\na,1\n")
    with pytest.raises(CliError, match=r"tells no truth: 1 with no busy, 1 with a busy that is none, such as 'maybe'"):
        tell("prediction_id,busy\na,\nb,maybe\n")
    with pytest.raises(CliError, match="it has no rows"):
        tell("prediction_id,busy\n")
    assert "Contents" not in stack.s3.list_objects_v2(Bucket="lake", Prefix="truth/")
    result = tell("prediction_id,busy\na,1\nb,\n")
    assert (result.rows, result.faults, result.before) == (1, {"no busy": 1}, None)
    assert tell("prediction_id,busy\na,1\nb,\n").before
    assert len(stack.s3.list_object_versions(Bucket="lake", Prefix="truth/")["Versions"]) == 1
