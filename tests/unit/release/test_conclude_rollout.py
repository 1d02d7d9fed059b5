"""How a rollout ends, and what the ledger keeps of it."""

from noria.release.conclude_rollout import conclude_rollout
from tests.samples import sample


def deployed(**differences):
    """A release that ended otherwise than in the sample."""
    event = sample("functions/release/conclude_rollout.json")
    event["report"]["deployment"] |= differences
    return conclude_rollout(event)


def test_a_refused_update_is_told_unless_what_was_asked_serves_all_the_same():
    refused = {"Error": "SageMaker.SageMakerException", "Cause": "Cannot update in-progress endpoint"}
    assert deployed(Refusal=refused)["outcome"] == "completed"
    report = deployed(Refusal=refused, EndpointConfigName="another")
    assert (report["outcome"], report["verdict"]["reasons"][0]["text"]) == ("failed", "Cannot update in-progress endpoint")


def puts(concluded):
    return [item["Put"]["Item"]["sk"]["S"].split("#")[0] for item in concluded["record"]["TransactItems"] if "Put" in item]


def test_only_what_serves_becomes_the_champion_and_the_model_is_given_free_either_way():
    done, back = deployed(), deployed(EndpointConfigName="another", PreviousConfig="another")
    assert (done["outcome"], puts(done)) == ("completed", ["RELEASE", "CHAMPION"])
    assert (back["outcome"], puts(back), back["entries"][0]["DetailType"]) == ("rolled_back", ["RELEASE"], "RolloutUndone")
    for concluded in (done, back):
        assert concluded["record"]["TransactItems"][-1]["Delete"]["Key"]["sk"]["S"] == "LOCK"


def test_a_failed_endpoint_is_a_failed_release_with_its_reason():
    answer = deployed(EndpointStatus="Failed", FailureReason="no ping")
    assert (answer["outcome"], answer["verdict"]["reasons"][0]["text"]) == ("failed", "no ping")
