"""What a release asks of SageMaker."""

from noria.release.plan_rollout import plan_rollout
from tests.samples import sample


def test_every_approval_is_a_release_of_its_own():
    event = sample("functions/release/plan_rollout.json")
    assert plan_rollout(event)["release"] != plan_rollout({**event, "approved_at": "1864060000000"})["release"]
