"""How releases end."""

from noria.release.approval import decide_approval
from noria.release.rollout import conclude_rollout, plan_rollout
from tests.samples import sample


def test_approval_is_automatic_or_left_to_a_person():
    event = sample("functions/release/decide_approval.json")
    assert decide_approval(event)["request"]["ModelApprovalStatus"] == "Approved"
    event["spec"]["approve"]["mode"] = "manual"
    assert decide_approval(event)["request"] is None


def deployed(**differences):
    """A release that ended otherwise than in the sample."""
    event = sample("functions/release/conclude_rollout.json")
    event["released"]["deployed"] |= differences
    return conclude_rollout(event)


def test_a_refused_update_is_told_unless_what_was_asked_serves_all_the_same():
    refused = {"Error": "SageMaker.SageMakerException", "Cause": "Cannot update in-progress endpoint"}
    assert deployed(Refused=refused)["outcome"] == "completed"
    report = deployed(Refused=refused, EndpointConfigName="another")
    assert (report["outcome"], report["verdict"]["reasons"][0]["text"]) == ("failed", "Cannot update in-progress endpoint")


def test_every_approval_is_a_release_of_its_own():
    event = sample("functions/release/plan_rollout.json")
    assert plan_rollout(event)["release"] != plan_rollout({**event, "approved_at": "1864060000000"})["release"]


def puts(concluded):
    return [item["Put"]["Item"]["sk"]["S"].split("#")[0] for item in concluded["record"]["TransactItems"] if "Put" in item]


def test_only_what_serves_becomes_the_champion_and_the_model_is_given_free_either_way():
    done, back = deployed(), deployed(EndpointConfigName="another", Before="another")
    assert (done["outcome"], puts(done)) == ("completed", ["RELEASE", "CHAMPION"])
    assert (back["outcome"], puts(back), back["entries"][0]["DetailType"]) == ("rolled_back", ["RELEASE"], "RolledBack")
    for concluded in (done, back):
        assert concluded["record"]["TransactItems"][-1]["Delete"]["Key"]["sk"]["S"] == "LOCK"


def test_a_failed_endpoint_is_a_failed_release_with_its_reason():
    answer = deployed(EndpointStatus="Failed", FailureReason="no ping")
    assert (answer["outcome"], answer["verdict"]["reasons"][0]["text"]) == ("failed", "no ping")
