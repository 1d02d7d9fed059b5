"""When a release may begin."""

from noria.release.admission import plan_admission
from tests.samples import sample


def test_a_frozen_release_says_until_when_and_is_only_noted():
    event = sample("functions/release/plan_admission.json")
    event["spec"]["approve"]["freeze"] = [{"days": [], "hours": "08:00-09:00", "since": None, "until": None}]
    plan = plan_admission(event)
    assert (plan["outcome"], plan["seconds"], plan["record"]["Item"]["status"]) == ("frozen", 2995, {"S": "waiting"})
    assert "approve.freeze" in plan["record"]["Item"]["document"]["S"]
    assert plan["entry"]["DetailType"] == "RolloutDeferred"
    assert plan["entry"]["Detail"]["data"]["until"] == "2026-11-24T09:00:00+00:00"
