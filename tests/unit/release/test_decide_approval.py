"""Who approves a version."""

from noria.release.decide_approval import decide_approval
from tests.samples import sample


def test_approval_is_automatic_or_left_to_a_person():
    event = sample("functions/release/decide_approval.json")
    assert decide_approval(event)["request"]["ModelApprovalStatus"] == "Approved"
    event["spec"]["approve"]["mode"] = "manual"
    assert decide_approval(event)["request"] is None
