"""How a rollback ends, and what the ledger keeps of it."""

from noria.release.conclude_rollback import conclude_rollback
from tests.samples import sample

VERSION = "arn:aws:sagemaker:eu-central-1:123456789012:model-package/noria-bikeshare/"


def test_what_was_restored_is_the_champion_again_and_what_was_left_is_marked():
    done = conclude_rollback(sample("functions/release/conclude_rollback.json"))
    assert (done["outcome"], done["entry"]["DetailType"]) == ("rolled_back", "ReleaseRestored")
    items = done["record"]["TransactItems"]
    statuses = {item["Update"]["Key"]["sk"]["S"]: item["Update"]["ExpressionAttributeValues"][":status"]["S"] for item in items if "Update" in item}
    assert statuses == {"RELEASE#000000000002": "rolled_back", "RELEASE#000000000001": "restored"}
    champion = next(item["Put"]["Item"] for item in items if "Put" in item and item["Put"]["Item"]["sk"]["S"] == "CHAMPION")
    assert champion["config"]["S"] == "noria-bikeshare-000000000001"
    data = done["entry"]["Detail"]["data"]
    assert (data["model_package_arn"], data["restored"], data["seconds"]) == (f"{VERSION}2", f"{VERSION}1", 30.0)


def test_a_rollback_that_fails_half_way_says_what_serves_and_changes_no_champion():
    event = sample("functions/release/conclude_rollback.json")
    event["deployment"]["EndpointConfigName"] = "noria-bikeshare-000000000002"
    failed = conclude_rollback(event)
    assert (failed["outcome"], failed["verdict"]["reasons"][0]["code"]) == ("rollback_failed", "NotRestored")
    assert not [item for item in failed["record"]["TransactItems"] if "Put" in item and item["Put"]["Item"]["sk"]["S"] == "CHAMPION"]
